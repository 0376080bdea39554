"""`python -m playground webex`: the stand-in Webex alone."""

import click

from playground.webex.server import make_app
from playground.webex.serving import listen, root_url, serve
from playground.webex.world import World


@click.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), required=True, help="Port to listen on; 0 takes a free one."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
def cli(port: int, host: str) -> None:
    """Webex: API under /v1, chat page at /, faults under /playground."""
    listener = listen(host, port)
    serve(make_app(World()), listener, f"playground webex on {root_url(listener)}")
