"""`python -m playground webex`: the stand-in Webex alone."""

import click

from playground.webex.many_rooms import ManyRooms
from playground.webex.server import make_app
from playground.webex.serving import listen, root_url, serve
from playground.webex.world import World


@click.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), required=True, help="Port to listen on; 0 takes a free one."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--rooms",
    type=click.IntRange(0),
    default=0,
    metavar="N",
    help="Begin with N rooms of all kinds and ages.",
)
@click.option("--bot-email", default="sparkops@webex.bot", show_default=True, help="The bot in those rooms.")
@click.option("--owner", default="you@example.com", show_default=True, help="The person who made them.")
def cli(port: int, host: str, rooms: int, bot_email: str, owner: str) -> None:
    """Webex: API under /v1, chat page at /, faults under /playground."""
    listener = listen(host, port)
    world = World(seed=ManyRooms(rooms, owner, bot_email) if rooms else None)
    serve(make_app(world), listener, f"playground webex on {root_url(listener)}")
