"""`python -m playground jenkins`: the stand-in Jenkins on a port of its own."""

from __future__ import annotations

import asyncio
import signal
import socket

import click
from aiohttp import web

from playground.jenkins.control import CONTROLLER
from playground.jenkins.notifications import SENDERS, Hook
from playground.jenkins.server import MAX_LINE, make_app

HOST = "127.0.0.1"
HOOK_HELP = (
    "Who is told of every build, as the Notification plugin would or another sender: "
    f"{', '.join(SENDERS)}; may be repeated."
)


class Listener:
    """The listening socket; a restart of Jenkins closes and opens it."""

    def __init__(self, runner: web.AppRunner, port: int) -> None:
        self.port = port
        self._runner = runner
        self._site: web.TCPSite | None = None

    async def open(self) -> None:
        """Accept connections."""
        self._site = web.TCPSite(self._runner, HOST, self.port, reuse_address=True)
        await self._site.start()

    async def close(self) -> None:
        """Refuse connections."""
        if self._site is not None:
            await self._site.stop()
            self._site = None


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


async def run(port: int, hooks: tuple[str, ...], speed: float, demo: bool, anonymous_read: bool) -> None:
    """Serve until SIGINT or SIGTERM."""
    url = f"http://{HOST}:{port}"
    app = make_app(root_url=f"{url}/", hooks=hooks, demo=demo, speed=speed, anonymous_read=anonymous_read)
    runner = web.AppRunner(
        app, access_log=None, shutdown_timeout=1.0, max_line_size=MAX_LINE, max_field_size=MAX_LINE
    )
    await runner.setup()
    listener = Listener(runner, port)
    app[CONTROLLER].doors = listener
    await listener.open()
    print(f"playground jenkins on {url}", flush=True)
    await _stopped()
    await runner.cleanup()


async def _stopped() -> None:
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, asked.set)
    await asked.wait()


@click.command("jenkins")
@click.option("--port", default=8083, show_default=True, help="Port on 127.0.0.1; 0 takes a free one.")
@click.option("--hook", "hooks", multiple=True, metavar="[SENDER=]URL", help=HOOK_HELP)
@click.option("--speed", default=1.0, show_default=True, help="How much faster than life builds go.")
@click.option("--demo/--empty", default=True, help="Start with the demo's jobs, or with none.")
@click.option("--anonymous-read", is_flag=True, help="Let browsers look around without logging in.")
def cli(port: int, hooks: tuple[str, ...], speed: float, demo: bool, anonymous_read: bool) -> None:
    """A stand-in Jenkins: log in with any user and the API token `playground-token`."""
    for hook in hooks:
        _check(hook)
    port = port or free_port()
    try:
        asyncio.run(run(port, hooks, speed, demo, anonymous_read))
    except OSError as error:
        raise click.ClickException(f"listening on {HOST}:{port}: {error}. Choose another --port.") from error


def _check(hook: str) -> None:
    try:
        Hook.parse(hook)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--hook") from error


if __name__ == "__main__":
    cli()
