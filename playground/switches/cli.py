"""`python -m playground switches`: a farm of stand-in Nexus switches, and its control API."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click
import uvloop
from aiohttp import web

from playground.switches.certificates import TLS_MODES
from playground.switches.control import make_app
from playground.switches.fabric import LEAST, MOST, RELEASES
from playground.switches.farm import PASSWORD, PORT, USER, FarmOptions, bound_farm
from playground.webex.serving import listen, root_url

HOST = "127.0.0.1"


class Duration(click.ParamType[float]):
    """Seconds, given as `50ms`, `1.5s` or a bare number of seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return seconds."""
        match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s)?", str(value))
        if match is None:
            self.fail(f"{value!r} is no duration: write 50ms or 1.5s", param, ctx)
        return float(match[1]) / (1000 if match[2] == "ms" else 1)


class Share(click.ParamType[float]):
    """A part of one, given as `30%` or `0.3`."""

    name = "share"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return a number from 0 to 1."""
        match = re.fullmatch(r"(\d+(?:\.\d+)?)(%)?", str(value))
        share = -1.0 if match is None else float(match[1]) / (100 if match[2] else 1)
        if not 0 <= share <= 1:
            self.fail(f"{value!r} is no share: write 30% or 0.3", param, ctx)
        return share


class By(click.ParamType[tuple[str, str]]):
    """`GLOB=VALUE`, where the value is one of some."""

    name = "glob=value"

    def __init__(self, values: tuple[str, ...]) -> None:
        self._values = values

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Return the glob and the value."""
        if isinstance(value, tuple):
            return value
        glob, _, chosen = str(value).partition("=")
        if chosen not in self._values:
            self.fail(f"{value!r} is not GLOB=VALUE with one of {', '.join(self._values)}", param, ctx)
        return glob, chosen


@click.command("switches")
@click.option("--count", type=click.IntRange(LEAST, MOST), default=8, show_default=True, help="Switches.")
@click.option("--seed", default=1, show_default=True, help="Another seed makes another fabric.")
@click.option("--port", default=PORT, show_default=True, help="Port of all switches; 0 takes a free one.")
@click.option(
    "--control-port", default=8084, show_default=True, help="Port of the control API; 0 takes a free one."
)
@click.option("--latency", type=Duration(), default="0s", help="Time until an answer, such as 50ms.")
@click.option("--jitter", type=Share(), default="0%", help="How far latency varies, such as 30%.")
@click.option("--tls/--no-tls", default=True, help="Speak HTTPS, or plain HTTP.")
@click.option(
    "--one-address", is_flag=True, help="All on 127.0.0.1, on ports from --port on (as on macOS anyway)."
)
@click.option(
    "--mode", "modes", type=By(TLS_MODES), multiple=True, help="TLS of some, such as leaf03=rsa_kex."
)
@click.option(
    "--release", "releases", type=By(RELEASES), multiple=True, help="NX-OS of some: 'leaf0*=9.2(2)'."
)
@click.option(
    "--inventory", type=click.Path(path_type=Path, dir_okay=False), help="File to write the inventory to."
)
@click.option("--user", default=USER, show_default=True, help="The account on every switch.")
@click.option(
    "--password", envvar="SWITCHES_PASSWORD", default=PASSWORD, show_default=True, help="Its password."
)
@click.option(
    "--prepare", multiple=True, metavar="COMMAND", help="Render its answers before the first request."
)
def cli(
    prepare: tuple[str, ...],
    inventory: Path | None,
    control_port: int,
    modes: Any,
    releases: Any,
    **options: Any,
) -> None:
    """A farm of stand-in Cisco Nexus switches that speak NX-API, each on an address of its own."""
    farm = bound_farm(FarmOptions(**options, modes=dict(modes), releases=dict(releases)), inventory)
    farm.prepare(prepare)
    control = listen(HOST, control_port)
    line = f"{farm.line}; control on {root_url(control)}/playground/"
    web.run_app(
        make_app(farm),
        sock=control,
        access_log=None,
        print=lambda _: click.echo(line),
        shutdown_timeout=1.0,
        loop=uvloop.new_event_loop(),
    )


if __name__ == "__main__":
    cli()
