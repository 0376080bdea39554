"""Rates from two looks at counters: a counter that came to its end is made good, one that was set to 0 is told."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.switches.ports import matcher
from integrations.switches.rates import COMMANDS, Count, Look, Rate, bits_in_words, look, rates
from tests.integrations.switches.fleet import rows

GIGABIT = 1_000_000_000
START = Count(
    in_octets=1_000_000,
    out_octets=2_000_000,
    in_packets=1_000,
    out_packets=2_000,
    errors=7,
    discards=3,
    speed=GIGABIT,
)


def between(before: Count, after: Count, seconds: float = 10.0) -> Rate:
    """The rate of one interface."""
    [rate] = rates(Look(100.0, {"Ethernet1/1": before}), Look(100.0 + seconds, {"Ethernet1/1": after}))
    return rate


def test_octets_become_bits_a_second_and_a_part_of_the_speed() -> None:
    rate = between(
        START,
        replace(START, in_octets=626_000_000, out_octets=3_250_000, in_packets=501_000, errors=9, discards=3),
    )
    assert rate == Rate(
        interface="Ethernet1/1",
        seconds=10.0,
        in_bits=500_000_000.0,
        out_bits=1_000_000.0,
        in_packets=50_000.0,
        out_packets=0.0,
        errors=2,
        discards=0,
        speed=GIGABIT,
    )
    assert (rate.in_percent, rate.out_percent) == (50.0, pytest.approx(0.1))


def test_a_counter_that_came_to_its_end_is_made_good_and_told() -> None:
    before = replace(START, in_octets=2**32 - 1_000)
    rate = between(before, replace(before, in_octets=9_000, out_octets=2_010_000))
    assert rate.note == "wrapped"
    assert rate.in_bits == 8_000.0
    wide = replace(START, out_octets=2**64 - 500)
    assert between(wide, replace(wide, out_octets=500)).out_bits == 800.0


def test_counters_that_were_set_to_0_have_no_rate_and_it_is_told() -> None:
    rate = between(START, Count(100, 100, 1, 1, 0, 0, GIGABIT))
    assert rate.note == "reset"
    assert (rate.in_bits, rate.out_bits, rate.in_packets, rate.errors) == (None, None, None, None)


def test_a_fall_that_no_port_of_that_speed_can_explain_is_no_wrap() -> None:
    slow = replace(START, in_octets=2_000_000_000, speed=1_000_000)
    assert between(slow, replace(slow, in_octets=5)).note == "reset"


def test_errors_that_fell_are_no_wrap() -> None:
    assert between(replace(START, errors=2**32 - 1), replace(START, errors=0)).note == "reset"


def test_without_a_speed_there_is_a_rate_and_no_part_of_it() -> None:
    before = replace(START, speed=None)
    rate = between(before, replace(before, in_octets=2_000_000))
    assert (rate.in_bits, rate.in_percent) == (800_000.0, None)


def test_what_the_switch_does_not_count_is_not_known() -> None:
    bare = Count(10, 20, None, None, None, None, None)
    rate = between(bare, replace(bare, in_octets=20))
    assert (rate.in_bits, rate.in_packets, rate.errors) == (8.0, None, None)


def test_two_looks_at_once_and_a_clock_that_was_set_back_give_nothing() -> None:
    here = Look(100.0, {"Ethernet1/1": START})
    assert rates(here, Look(100.2, {"Ethernet1/1": START})) == ()
    assert rates(here, Look(90.0, {"Ethernet1/1": START})) == ()


def test_an_interface_that_is_new_has_no_rate_yet() -> None:
    assert rates(Look(1.0, {}), Look(9.0, {"Ethernet1/1": START})) == ()


_COUNTER = st.integers(0, 2**64 - 1)
_COUNTS = st.builds(
    Count, _COUNTER, _COUNTER, _COUNTER, _COUNTER, _COUNTER, _COUNTER, st.sampled_from([None, GIGABIT])
)


@given(_COUNTS, _COUNTS, st.floats(0.5, 86_400))
def test_no_fall_ever_becomes_a_spike(before: Count, after: Count, seconds: float) -> None:
    after = replace(after, speed=before.speed)
    rate = between(before, after, seconds)
    fell = [a for a, b in zip(before.numbers[:6], after.numbers[:6], strict=True) if b < a]  # type: ignore[operator]
    for bits in (rate.in_bits, rate.out_bits):
        assert bits is None or bits >= 0
    if fell and rate.note == "wrapped":
        for bits, was, now in (
            (rate.in_bits, before.in_octets, after.in_octets),
            (rate.out_bits, before.out_octets, after.out_octets),
        ):
            assert was is not None and now is not None and bits is not None
            assert now >= was or bits <= (before.speed or 400e9) * 1.1001
    assert (rate.note == "") is (not fell)


def test_the_halves_of_rows_in_three_answers_are_one_count() -> None:
    bodies = {
        COMMANDS[0]: {
            **rows(
                "rx_counters",
                {"interface_rx": "Ethernet1/1", "eth_inbytes": "5000", "eth_inucast": "40"},
                {"interface_rx": "Ethernet1/1", "eth_inmcast": 5, "eth_inbcast": 5},
            ),
            **rows("tx_counters", {"interface_tx": "Ethernet1/1", "eth_outbytes": 900, "eth_outucast": 9}),
        },
        COMMANDS[1]: rows(
            "interface",
            {"interface": "Ethernet1/1", "eth_fcs_err": "2", "eth_outdisc": "4"},
            {"interface": "Ethernet1/1", "eth_runts": 1, "eth_indisc": 6},
        ),
        COMMANDS[2]: rows("interface", {"interface": "Eth1/1", "state": "up", "speed": "10G(D)"}),
    }
    found = look(bodies, 12.5, matcher("Eth1/1"))
    assert found == Look(12.5, {"Ethernet1/1": Count(5000, 900, 50, 9, 3, 10, 10_000_000_000)})
    assert look(bodies, 12.5, matcher("Eth1/2")).interfaces == {}
    assert look({}, 12.5, matcher("*")).interfaces == {}


@pytest.mark.parametrize(
    ("bits", "said"),
    [
        (None, "?"),
        (0.0, "0 b/s"),
        (999.0, "999 b/s"),
        (8_420_000_000.0, "8.42 Gb/s"),
        (1_500.0, "1.50 kb/s"),
        (2.5e12, "2.50 Tb/s"),
    ],
)
def test_bits_are_said_in_the_unit_that_fits(bits: float | None, said: str) -> None:
    assert bits_in_words(bits) == said
