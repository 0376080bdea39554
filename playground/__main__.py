"""The command line of the playground: `python -m playground webex`, `… jenkins`, …, and `… all`.

Each stand-in brings its own command: `playground/<name>/cli.py` with a Click command `cli`.
"""

from importlib import import_module
from os import environ
from pathlib import Path

import click
from aiohttp import web


class StandIns(click.Group):
    """A group whose commands are the folders beside this file that have a `cli.py`."""

    def list_commands(self, context: click.Context) -> list[str]:
        """Return the names of all commands."""
        found = [path.parent.name for path in Path(__file__).parent.glob("*/cli.py")]
        return sorted({*found, *super().list_commands(context)})

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Return a command by name; a stand-in is imported only now, so that none pays for the others."""
        own = super().get_command(context, name)
        if own is not None or name not in self.list_commands(context):
            return own
        command = import_module(f"playground.{name}.cli").cli
        assert isinstance(command, click.Command)
        return command


@click.group(cls=StandIns)
def main() -> None:
    """Local stand-ins for the systems Sparkops talks to."""


@main.command("all")
@click.option(
    "--port", type=click.IntRange(0, 65535), required=True, help="Port to listen on; 0 takes a free one."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--bot-email", default="sparkops@webex.bot", show_default=True, help="The bot in the demo room."
)
@click.option(
    "--owner", default="you@example.com", show_default=True, help="The person who made the demo room."
)
@click.option("--room", default="Sparkops demo", show_default=True, help="Title of the demo room.")
@click.option(
    "--jenkins-hook", multiple=True, metavar="URL", help="Where Jenkins posts its events; may be repeated."
)
@click.option(
    "--switches",
    type=int,
    default=0,
    show_default=True,
    help="Stand-in Nexus switches beside them; 8 are two spines and six leafs.",
)
@click.option(
    "--switches-inventory",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write the switches' inventory to.",
)
def serve_all(
    port: int,
    host: str,
    bot_email: str,
    owner: str,
    room: str,
    jenkins_hook: tuple[str, ...],
    switches: int,
    switches_inventory: Path | None,
) -> None:
    """Webex at /, Jenkins at /jenkins/ and the switches' control at /switches/ on one port, with a demo room."""
    from playground.jenkins.server import make_app as make_jenkins
    from playground.webex.seeds import DemoRoom
    from playground.webex.server import make_app as make_webex
    from playground.webex.serving import listen, root_url, serve
    from playground.webex.world import World

    listener = listen(host, port)
    root = root_url(listener)
    app = make_webex(World(seed=DemoRoom(room, owner, bot_email)))
    app.add_subapp("/jenkins/", make_jenkins(root_url=f"{root}/jenkins/", hooks=jenkins_hook))
    if switches:
        app.add_subapp("/switches/", _switches(switches, switches_inventory))
    serve(app, listener, f"playground all on {root}")


def _switches(count: int, inventory: Path | None) -> web.Application:
    """The control application of a farm of switches on free ports, which starts and stops with it."""
    from playground.switches.control import make_app
    from playground.switches.farm import PASSWORD, FarmOptions, bound_farm

    password = environ.get("SWITCHES_PASSWORD", PASSWORD)
    return make_app(bound_farm(FarmOptions(count, port=0, password=password), inventory))


if __name__ == "__main__":
    main(prog_name="python -m playground")
