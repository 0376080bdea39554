"""Rates of interfaces as a table and a file, the busiest first. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bot.commands.rows import Rows
from bot.outbound.quoting import code
from integrations.switches.question import Result
from integrations.switches.rates import Rate, bits_in_words
from integrations.switches.render.words import counted, names

Rated = tuple[str, Rate]
"""A switch's name, and a rate of one of its interfaces."""
_PORTS = (("Ethernet", "Eth"), ("port-channel", "Po"))
_TOLD = 5


def busiest_first(found: Sequence[Rated]) -> list[Rated]:
    """By the larger of both directions; what is not known comes last."""
    return sorted(found, key=lambda pair: (-pair[1].busiest, pair[0], pair[1].interface))


def table(found: Sequence[Rated]) -> str:
    """The rates as a block, narrow enough for a telephone held sideways."""
    head = ("switch", "port", "in", "%", "out", "%", "errors", "discards")
    rows = [
        (
            *(switch, _short(rate.interface)),
            *(bits_in_words(rate.in_bits), _percent(rate.in_percent)),
            *(bits_in_words(rate.out_bits), _percent(rate.out_percent)),
            *(_count(rate.errors), _count(rate.discards)),
        )
        for switch, rate in found
    ]
    return Rows(head, rows).table()


def rows(found: Sequence[Rated]) -> Rows:
    """All there is to know of each."""
    head = (
        *("switch", "interface", "seconds", "in bits/s", "in %", "out bits/s", "out %", "in packets/s"),
        *("out packets/s", "errors", "discards", "speed bits/s", "note"),
    )
    return Rows(
        head,
        [
            (
                *(switch, rate.interface, f"{rate.seconds:.3f}"),
                *(_whole(rate.in_bits), _tenth(rate.in_percent)),
                *(_whole(rate.out_bits), _tenth(rate.out_percent)),
                *(_whole(rate.in_packets), _whole(rate.out_packets)),
                *(rate.errors, rate.discards, rate.speed, rate.note),
            )
            for switch, rate in found
        ],
    )


def summary(found: Sequence[Rated], top: int, *, is_shown: bool) -> str:
    """How much in all, and over how long."""
    if not found:
        return ""
    seconds = sum(rate.seconds for _, rate in found) / len(found)
    switches = len({switch for switch, _ in found})
    wrong = sum(bool(rate.errors) for _, rate in found)
    said = f"{counted(len(found), 'interface')} of {counted(switches, 'switch')}, over {seconds:.1f} s"
    errors = f"; {counted(wrong, 'interface')} counted errors meanwhile" if wrong else ""
    which = f". The {top} busiest; the file has all" if is_shown and len(found) > top else ""
    return f"{said}{errors}{which}:" if is_shown else f"{said}{errors}."


def notes(found: Sequence[Rated]) -> str:
    """Which counters were set to 0 meanwhile, or came to their end."""
    parts = []
    for note, says in (
        ("reset", "were set to 0 between the two looks (cleared, or the switch was restarted): no rate"),
        ("wrapped", "came to their end and began again at 0: reckoned with"),
    ):
        those = [f"{switch} {_short(rate.interface)}" for switch, rate in found if rate.note == note]
        if those:
            parts.append(f"ℹ️ The counters of {names(those, _TOLD)} {says}.")
    return "\n\n".join(parts)


def those(results: Sequence[Result]) -> str:
    """The switches that were asked."""
    return names([each.switch.name for each in results]) if results else code("none")


def _short(interface: str) -> str:
    for full, short in _PORTS:
        interface = interface.replace(full, short)
    return interface


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}" if value >= 10 else f"{value:.1f}"


def _count(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


def _tenth(value: float | None) -> str | None:
    return None if value is None else f"{value:.2f}"
