"""Serving an application on a port that is known before the application is made."""

import os
import socket

import click
from aiohttp import web


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 takes a free one. Raises ClickException when the port is taken."""
    try:
        return socket.create_server((host, port), backlog=1024)
    except OSError as error:
        # create_server() writes the address into `strerror` once more; the bare reason reads better.
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise click.ClickException(f"Listening on {host}:{port}: {reason}. Choose another --port.") from error


def root_url(listener: socket.socket) -> str:
    """Return the URL under which a listening socket is reached, without a slash at its end."""
    host, port = listener.getsockname()[:2]
    return f"http://{host}:{port}"


def serve(app: web.Application, listener: socket.socket, first_line: str) -> None:
    """Serve until SIGINT or SIGTERM. Prints `first_line`, flushed, once calls are answered."""
    web.run_app(
        app,
        sock=listener,
        access_log=None,
        print=lambda _: click.echo(first_line),
        shutdown_timeout=2.0,
    )
