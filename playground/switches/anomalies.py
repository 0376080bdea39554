"""What is wrong in the fabric, on purpose, so that a health check has something to find.

One of each, chosen by the seed, and told by the control API under `/playground/anomalies`:

- `old_release`: a leaf on 7.0(3)I4(6) amid a pod of newer ones
- `failed_power_supply`: power supply 2 says `Fail/Shut`
- `absent_fan`: fan 3 says `Absent`
- `hot_sensor`: the sensor CPU is above its minor threshold and says `Minor`
- `err_disabled`: a host port is down with `BPDUGuard errDisable`
- `bgp_idle`: a leaf and a spine that are each other's neighbour in state `Idle`, told alike on both sides
- `vpc_inconsistent`: a vPC that both leafs of a pair call inconsistent
- `crc`: two host ports whose CRC errors grow
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from playground.switches.fabric import CHANNEL_OFFSET, DUAL, OLDEST, SINGLE, End, Fabric, ethernet


@dataclass(frozen=True)
class Anomalies:
    """Where each anomaly is; names of switches, ends are a switch with an interface."""

    old_release: str
    failed_power_supply: str
    absent_fan: str
    hot_sensor: str
    err_disabled: End
    bgp_idle: tuple[str, str]
    vpc_inconsistent: tuple[str, str]
    inconsistent_vpc: int
    crc: tuple[End, End]


def choose(fabric: Fabric) -> Anomalies:
    """The anomalies of a fabric; on leafs of their own as far as there are enough paired ones."""
    random = Random(f"anomalies {fabric.seed}")
    leafs = [leaf for leaf in fabric.leafs if leaf.peer is not None]
    random.shuffle(leafs)
    turn = [leafs[index % len(leafs)] for index in range(9)]
    newer = [leaf for leaf in leafs if leaf.release != OLDEST]
    spine = random.choice(fabric.pod(turn[5].pod, "spine"))
    twin = turn[6].peer
    assert twin is not None
    first, second = sorted((turn[6].name, twin))
    single = [ethernet(DUAL + number) for number in range(1, SINGLE + 1)]
    return Anomalies(
        old_release=newer[0].name,
        failed_power_supply=turn[1].name,
        absent_fan=turn[2].name,
        hot_sensor=turn[3].name,
        err_disabled=End(turn[4].name, single[0]),
        bgp_idle=(turn[5].name, spine.name),
        vpc_inconsistent=(first, second),
        inconsistent_vpc=CHANNEL_OFFSET + random.randint(1, DUAL),
        crc=(End(turn[7].name, single[1]), End(turn[8].name, single[2])),
    )
