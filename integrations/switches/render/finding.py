"""Where something is plugged in, in words. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bot.outbound.quoting import code, quote
from integrations.switches.find import Found, Part, Place, Sighting
from integrations.switches.render.words import counted, names

_MOST = 12


def found(what: str, sought: str, at: Found, asked: int) -> str:
    """The port to go to first; then who resolved its address, and where traffic to it passes."""
    if not at:
        return _nothing(what, sought, asked)
    parts = [_line(sought, each) for each in at.places[:_MOST]]
    parts += [_part(sought, each) for each in at.parts[:_MOST]]
    if not parts:
        parts = [f"{code(sought)} is known, but no port of the {counted(asked, 'switch')} leads to it."]
    lines = [_sightings(at.sightings), _on_the_way(at.seen_on)]
    return "\n\n".join(("\n".join(parts), *filter(None, lines)))


def _line(sought: str, place: Place) -> str:
    where = f"{names(place.switches)} **{quote(place.port)}**"
    more = []
    if place.vpc is not None:
        more.append(f"vPC {place.vpc}")
    if place.members:
        more.append(f"of {quote(', '.join(place.members[:8]), 400)}")
    if place.vlan and place.vlan != "-":
        more.append(f"VLAN {quote(place.vlan)}")
    if place.neighbour:
        more.append(f"there says it is {quote(place.neighbour)}")
    if place.mac and place.mac != sought:
        more.append(f"as {code(place.mac)}")
    return f"📍 {code(sought)} is at {where}{f' ({_joined(more)})' if more else ''}."


def _joined(parts: Sequence[str]) -> str:
    return "; ".join(parts)


def _part(sought: str, part: Part) -> str:
    what = f"**{quote(part.name)}**{f' ({quote(part.product)})' if part.product else ''}"
    return f"📍 {code(sought)} is {what} of {code(part.switch)}."


def _sightings(sightings: Sequence[Sighting]) -> str:
    if not sightings:
        return ""
    groups: dict[tuple[str, str | None, str, str], list[str]] = {}
    for each in sightings:
        groups.setdefault((each.address, each.mac, each.interface, each.vrf), []).append(each.switch)
    lines = [
        f"- ARP: {code(address)} is {code(mac or 'incomplete')} on {quote(interface)}"
        f"{f' (VRF {quote(vrf)})' if vrf else ''}, say {names(switches)}."
        for (address, mac, interface, vrf), switches in groups.items()
    ]
    more = [f"- and {len(lines) - _MOST:,} more"] if len(lines) > _MOST else []
    return "\n".join([*lines[:_MOST], *more])


def _on_the_way(places: Sequence[Place]) -> str:
    if not places:
        return ""
    said = [quote(f"{'/'.join(each.switches)} {each.port}") for each in places[:_MOST]]
    more = f" and {len(places) - _MOST:,} more" if len(places) > _MOST else ""
    return f"On the way there: {', '.join(said)}{more}."


def _nothing(what: str, sought: str, asked: int) -> str:
    hints = {
        "mac": "An address that is silent is forgotten after some minutes: have it send something, and ask again.",
        "ip": "Only what was resolved lately is known: ping it from its network, and ask again.",
        "host": "Only who tells a name by LLDP or CDP is found by it; try `switch find ip`.",
        "serial": "Looked at were chassis, modules, power supplies, fans and what else `show inventory` tells.",
    }
    return f"None of {counted(asked, 'switch')} knows {code(sought)}. {hints[what]}"
