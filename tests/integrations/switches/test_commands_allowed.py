"""Which commands are sent to a switch, and which are refused before anything is; each with its reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.switches.commands_allowed import (
    DANGEROUS,
    EVERYDAY,
    LONGEST,
    CommandRefused,
    check,
    check_all,
    rules_of,
)
from integrations.switches.settings import ShowRules


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("show version", "show version"),
        ("  show   version ", "show version"),
        ("sh ver", "show ver"),
        ("SHOW Version", "show Version"),
        ("show interface Ethernet1/1 brief", "show interface Ethernet1/1 brief"),
        ("show int brief", "show int brief"),
        ("show vlan", "show vlan"),
        ("show vpc brief", "show vpc brief"),
        (
            "show ip route 10.0.0.0/8 longer-prefixes vrf all",
            "show ip route 10.0.0.0/8 longer-prefixes vrf all",
        ),
        ("show mac address-table address 0050.56ab.cdef", "show mac address-table address 0050.56ab.cdef"),
        ("show logging last 50", "show logging last 50"),
        ("show interface | include Eth1/1", "show interface | include Eth1/1"),
        ("show interface|inc  rate", "show interface | include rate"),
        ("show interface | i up", None),
        ('show interface | include "Eth1/1|Eth1/2"', 'show interface | include "Eth1/1|Eth1/2"'),
        ("show ip route | exclude ^10 | count", "show ip route | exclude ^10 | count"),
        ("show version | json", "show version | json"),
        ("show version | json native", "show version | json native"),
        ("show interface | begin mgmt0", "show interface | begin mgmt0"),
        ("show ip bgp | section neighbor", "show ip bgp | section neighbor"),
    ],
)
def test_harmless_shows_are_sent(written: str, sent: str | None) -> None:
    if sent is None:
        with pytest.raises(CommandRefused):
            check(written)
    else:
        assert str(check(written)) == sent


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("", "There is no command. Write one such as `show version`."),
        ("show", "`show` alone shows nothing. Write what, such as `show version`."),
        ("reload", "Only shows are asked: `reload` is not sent. Write `show …`."),
        ("configure terminal", "Only shows are asked: `configure` is not sent. Write `show …`."),
        ("no show version", "Only shows are asked: `no` is not sent. Write `show …`."),
        ("showversion", "Only shows are asked: `showversion` is not sent. Write `show …`."),
        ("| show version", "There is no command. Write one such as `show version`."),
        ("show version ; reload", "The character ';' at place 14 parts commands: the command is not sent."),
        ("show version ;reload", "The character ';' at place 14 parts commands: the command is not sent."),
        (
            "show version\nreload",
            r"The character U+000A at place 13 begins a new line, and so another command: the command is not sent.",
        ),
        (
            "show version\rreload",
            r"The character U+000D at place 13 begins a new line, and so another command: the command is not sent.",
        ),
        (
            "show version\tall",
            "The character U+0009 at place 13 is a tab; write a blank: the command is not sent.",
        ),
        (
            "show version\x00",
            "The character U+0000 at place 13 is a control character: the command is not sent.",
        ),
        (
            "show version\x1b[A",
            "The character U+001B at place 13 is a control character: the command is not sent.",
        ),
        (
            "show version > bootflash:x",
            "The character '>' at place 14 writes a file: the command is not sent.",
        ),
        ("show version && reload", "The character '&' at place 14 joins commands: the command is not sent."),
        ("show version `reload`", "The character '`' at place 14 runs a command: the command is not sent."),
        (
            "show interface ?",
            "The character '?' at place 16 asks the switch for help: the command is not sent.",
        ),
        (
            "show version\u2028reload",
            "The character U+2028 at place 13 parts lines: the command is not sent.",
        ),
        (
            "show version\u2029reload",
            "The character U+2029 at place 13 parts lines: the command is not sent.",
        ),
        (
            "show version\x85reload",
            "The character U+0085 at place 13 is a control character: the command is not sent.",
        ),
        (
            "show\xa0version",
            "The character U+00A0 at place 5 is a blank of another kind: the command is not sent.",
        ),
        (
            "show version \uff1b reload",
            "The character U+FF1B at place 14 only looks like ';': the command is not sent.",
        ),
        (
            "show version \u037e reload",
            "The character U+037E at place 14 only looks like ';': the command is not sent.",
        ),
        (
            "show version \uff5c redirect x",
            "The character U+FF5C at place 14 only looks like '|': the command is not sent.",
        ),
        (
            "sh\u043ew version",
            "The character U+043E at place 3 is in no command of a switch: the command is not sent.",
        ),
        (
            "show ver\u200bsion",
            "The character U+200B at place 9 is a control character: the command is not sent.",
        ),
        (
            "show version \ud83d",
            "The character U+D83D at place 14 is a control character: the command is not sent.",
        ),
        ("show version " + "x" * 65536, "A command has at most 500 characters, and this has 65,549."),
        (
            'show version", "type": "cli_conf',
            "'\"type' could be taken for a part of NX-API's own request: the command is not sent.",
        ),
        (
            'show interface | include "type"',
            "'\"type' could be taken for a part of NX-API's own request: the command is not sent.",
        ),
        (
            "show interface | include type:cli_conf",
            "'type:' could be taken for a part of NX-API's own request: the command is not sent.",
        ),
        (
            "show interface | include cli_conf",
            "'cli_conf' could be taken for a part of NX-API's own request: the command is not sent.",
        ),
        (
            "show version $(hostname)",
            "'$(' could be taken for a part of NX-API's own request: the command is not sent.",
        ),
        ("show version |", "After `|` a filter is missing."),
        (
            "show version | redirect bootflash:x",
            "`| redirect` is not sent: after a pipe there may be include, exclude, begin, count, section, json.",
        ),
        (
            "show version | vsh",
            "`| vsh` is not sent: after a pipe there may be include, exclude, begin, count, section, json.",
        ),
        (
            "show version | include x | email a@b",
            "`| email` is not sent: after a pipe there may be include, exclude, begin, count, section, json.",
        ),
        ("show version | include", "`| include` needs a word to look for."),
        ("show version | count x", "`| count` takes nothing after it."),
        ("show version | json pretty", "`| json` takes nothing after it but `native`."),
        ('show version | include "a | redirect b"', "A quoted pattern with `|` may hold no blank."),
        ('show version | include "a', "A quote is never closed."),
        (
            "show running-config",
            "`show running-config` is not asked from chat: it holds secrets. An owner can grant it (`shows:`).",
        ),
        (
            "show run interface eth1/1",
            "`show running-config interface eth1/1` is not asked from chat: it holds secrets. An owner can grant it "
            "(`shows:`).",
        ),
        ("show ru", "`show ru` is not asked from chat: it holds secrets. An owner can grant it (`shows:`)."),
        (
            "show tech-support",
            "`show tech-support` is not asked from chat: it runs for minutes, fills the disk, and holds secrets. An "
            "owner can grant it (`shows:`).",
        ),
        (
            "show file bootflash:x",
            "`show file bootflash:x` is not asked from chat: it shows any file. An owner can grant it (`shows:`).",
        ),
        (
            "show logging logfile",
            "`show logging logfile` is not asked from chat: it may be many megabytes, and holds what people typed. An "
            "owner can grant it (`shows:`).",
        ),
        (
            "show hardware internal buffer",
            "`show hardware internal buffer` is not asked from chat: `internal` is for Cisco's support, and may load "
            "the switch. An owner can grant it (`shows:`).",
        ),
        (
            "show verison",
            "`show verison` is not among the shows you may ask for. Did you mean `show version`? An owner can allow it "
            "(`shows:`).",
        ),
        (
            "show zone status",
            "`show zone status` is not among the shows you may ask for. ",
        ),
    ],
)
def test_everything_else_is_refused_with_its_reason(written: str, told: str) -> None:
    with pytest.raises(CommandRefused) as caught:
        check(written)
    assert _without_hint(str(caught.value)) == _without_hint(told)


def _without_hint(told: str) -> str:
    """Which show is nearest to `show zone status` is no part of the promise."""
    return told if "zone" not in told else told.partition("Did you mean")[0]


def test_what_is_granted_is_sent_and_only_to_those_it_is_granted_to() -> None:
    shows = {
        "netops": ShowRules(grant=("show running-config*",), allow=("show zone *",)),
        "noc": ShowRules(allow=("show processes *",)),
    }
    netops, noc = rules_of(["netops"], shows), rules_of(["noc"], shows)
    assert str(check("show run interface Eth1/1", netops)) == "show run interface Eth1/1"
    assert str(check("show zone status", netops)) == "show zone status"
    for refused in ("show run", "show zone status"):
        with pytest.raises(CommandRefused):
            check(refused, noc)
    with pytest.raises(CommandRefused):
        check("show startup-config", netops)
    assert str(check("show processes vdc", noc)) == "show processes vdc"


def test_a_rule_for_everyone_is_everybodys() -> None:
    rules = rules_of([], {"everyone": ShowRules(allow=("show zone *",))})
    assert str(check("show zone status", rules)) == "show zone status"


def test_dangerous_shows_stay_refused_where_everything_is_allowed() -> None:
    everything = ShowRules(allow=("show *",))
    for glob in DANGEROUS:
        with pytest.raises(CommandRefused, match="is not asked from chat"):
            check(glob.replace("*", "x") if glob.endswith(" *") else glob.rstrip("*"), everything)


def test_several_are_refused_for_one() -> None:
    assert [str(each) for each in check_all(["show version", "show clock"])] == ["show version", "show clock"]
    with pytest.raises(CommandRefused, match="reload"):
        check_all(["show version", "reload"])


_ANY = st.text(max_size=80)
_NEAR = st.text(alphabet="show ver|;\n>&`$(){}\"'\\\u2028\uff1btype:jsonincude", max_size=60)


@given(
    st.one_of(
        _ANY, _NEAR, _ANY.map(lambda rest: f"show version {rest}"), _NEAR.map(lambda r: f"show interface {r}")
    )
)
def test_whatever_is_sent_is_one_plain_line_that_shows(written: str) -> None:
    try:
        sent = str(check(written))
    except CommandRefused as refused:
        assert str(refused)
        return
    assert sent.startswith("show ")
    assert sent.isascii() and sent.isprintable() and len(sent) <= LONGEST + 50
    assert not set(sent) & set(";&<>`!#?\n\r\t")
    bare, *pipes = sent.split('"')[0].split(" | ")
    assert "|" not in bare
    assert all(
        pipe.split()[0] in ("include", "exclude", "begin", "count", "section", "json")
        for pipe in pipes
        if pipe
    )
    assert str(check(sent)) == sent, "what is sent would be sent again as it is"


@given(st.sampled_from(sorted(DANGEROUS)), st.data())
def test_no_abbreviation_gets_a_dangerous_show_through(glob: str, data: st.DataObject) -> None:
    words = glob.rstrip("* ").split()[1:]
    short = [word[: data.draw(st.integers(1, len(word)))] for word in words]
    rest = ["all"] if glob.endswith(" *") else []
    with pytest.raises(CommandRefused):
        check(" ".join(["show", *short, *rest]), ShowRules(allow=(*EVERYDAY.allow, "show *")))
