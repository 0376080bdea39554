"""Globs over interfaces, and the speeds that switches write."""

from __future__ import annotations

import pytest

from integrations.switches.ports import PortsError, bits_per_second, matcher


@pytest.mark.parametrize(
    ("glob", "name", "meant"),
    [
        ("*", "mgmt0", True),
        ("Eth1/1", "Ethernet1/1", True),
        ("eth 1/1", "Ethernet1/1", True),
        ("Eth1/1", "Ethernet1/10", False),
        ("Eth1/1*", "Ethernet1/10", True),
        ("Ethernet1/[1-48]", "Ethernet1/48", True),
        ("Eth1/[1-48]", "Ethernet1/49", False),
        ("Eth1/[1,3-5]", "Ethernet1/3", True),
        ("Eth1/[1,3-5]", "Ethernet1/2", False),
        ("Eth[1-2]/1", "Ethernet2/1", True),
        ("Po*", "port-channel101", True),
        ("po?", "port-channel7", True),
        ("po?", "port-channel77", False),
        ("Eth1/49,Eth1/50,mgmt0", "mgmt0", True),
        ("Eth1/49, Eth1/50", "Ethernet1/50", True),
        ("Vlan*", "Vlan10", True),
        ("Eth1/1.100", "Ethernet1/1.100", True),
        ("Eth1/1.100", "Ethernet1/1x100", False),
    ],
)
def test_a_glob_means_interfaces_by_any_of_their_names(glob: str, name: str, meant: bool) -> None:
    assert bool(matcher(glob)(name)) is meant


@pytest.mark.parametrize(
    ("glob", "says"),
    [
        ("", "names no interfaces"),
        ("Eth1/1; reload", "names no interfaces"),
        ("Eth1/(1|2)", "names no interfaces"),
        ("E" * 201, "names no interfaces"),
        ("Eth1/1,,Eth1/2", "has a comma with nothing beside it"),
        ("Eth1/[a-b]", "'a-b' is no number and no range such as 01-48"),
        ("Eth1/[9-1]", "9-1 runs backwards"),
    ],
)
def test_what_is_no_glob_is_an_error(glob: str, says: str) -> None:
    with pytest.raises(PortsError, match=says.replace("(", r"\(")):
        matcher(glob)


@pytest.mark.parametrize(
    ("written", "bits"),
    [
        ("1000", 1_000_000_000),
        ("a-1000", 1_000_000_000),
        ("10G", 10_000_000_000),
        ("10G(D)", 10_000_000_000),
        ("a-10G(D)", 10_000_000_000),
        ("40G(D)", 40_000_000_000),
        ("10 Gb/s", 10_000_000_000),
        ("1000 Mb/s", 1_000_000_000),
        ("2.5G", 2_500_000_000),
        ("auto(D)", None),
        ("auto-speed", None),
        ("", None),
        ("--", None),
        ("0", None),
    ],
)
def test_a_speed_is_read_in_every_form_of_the_recordings(written: str, bits: int | None) -> None:
    assert bits_per_second(written) == bits
