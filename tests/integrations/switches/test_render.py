"""What switches say is shown as what it is: it can mention nobody, format nothing, and shows no secret."""

from __future__ import annotations

from integrations.switches.answers import Answers
from integrations.switches.errors import CommandError, Refused, TimedOut, Unauthorized
from integrations.switches.find import Found, Place, Sighting
from integrations.switches.health import Finding, Health
from integrations.switches.render import comparing, finding, showing
from integrations.switches.render import health as health_shown
from integrations.switches.render.failures import again, failures, reason
from integrations.switches.render.words import clipped, counted, duration, file_stem, names, plain_names

HOSTILE = "<@all> **bold** `code`\n# head"
INERT = "\u200b"


def test_failures_are_a_line_for_each_cause_the_most_frequent_first() -> None:
    errors = [TimedOut(f"leaf{number:02}", "x") for number in range(1, 8)] + [
        Unauthorized("old01", "HTTP 401")
    ]
    assert failures(errors, 1000) == (
        "⚠️ 8 of 1,000 switches gave no answer:\n"
        "- no answer in time (7): `leaf01`, `leaf02`, `leaf03`, `leaf04`, `leaf05` and 2 more. Ask for less, or give "
        "it more time (SWITCHES_TIMEOUT).\n"
        "- user or password not taken \\(401\\) (1): `old01`. Check the user and the password in the inventory, and "
        "that AAA answers."
    )
    assert failures([], 3) == ""


def test_many_causes_are_counted() -> None:
    errors = [CommandError("leaf01", "x", cause=f"cause {number}") for number in range(20)]
    assert failures(errors, 1).splitlines()[-1] == "- and 8 causes more"


def test_how_to_ask_again() -> None:
    after = ("show version", "--fields", "a b")
    errors = [Refused("leaf02", "x"), Refused("leaf01", "x"), CommandError("leaf03", "x")]
    assert again(errors, 7, ("switch", "show"), after) == (
        '`retry 7` asks the 2 again, as does `switch show leaf02,leaf01 "show version" --fields "a b"`.'
    )
    assert again(errors * 1 + [Refused(f"x{each}", "") for each in range(9)], 7, (), ()) == (
        "`retry 7` asks the 11 again, and nobody else."
    )
    assert again([CommandError("leaf03", "x")], 7, (), ()) == ""
    assert again(errors, None, (), ()) == ""


def test_the_words_of_a_switch_in_a_cause_are_quoted_and_masked() -> None:
    error = CommandError("leaf01", HOSTILE, cause=f"command not taken: {HOSTILE} password 5 secret-word")
    said = failures([error], 1)
    assert "<@all>" not in said.replace(f"<{INERT}@all>", "")
    assert "secret-word" not in said and "«hidden»" in said
    assert "**bold**" not in said
    assert "secret-word" not in reason(error) and "\n" not in reason(error)


def test_a_neighbour_may_call_itself_anything() -> None:
    place = Place(("leaf01",), "Ethernet1/1", "edge", neighbour=HOSTILE, vlan=HOSTILE)
    seen = Place(("spine01",), HOSTILE, "uplink")
    sighting = Sighting("leaf01", HOSTILE, HOSTILE, HOSTILE, HOSTILE)
    said = finding.found("host", HOSTILE, Found((place,), (seen,), (sighting,)), 3)
    assert "<@all>" not in said
    assert "\n# head" not in said


def test_a_finding_may_say_anything() -> None:
    found = Health(("leaf01",), (Finding("leaf01", "power", HOSTILE, HOSTILE),), {HOSTILE: ("leaf01",)})
    said = health_shown.health(found)
    assert "<@all>" not in said
    assert "\n# head" not in said


def test_a_text_may_hold_fences_and_mentions() -> None:
    answers = Answers("show x", texts=((f"```\n{HOSTILE}\n```", ("leaf01",)),))
    said = showing.answer(answers, (), 1, whole=True)
    assert "<@all>" not in said
    assert said.count("````") == 2
    assert "<@all>" not in comparing.texts("show x", {"leaf01": "a", "leaf02": f"```\n{HOSTILE}"})


def test_words() -> None:
    assert [counted(1, "switch"), counted(1000, "switch"), counted(2, "row")] == [
        "1 switch",
        "1,000 switches",
        "2 rows",
    ]
    assert names(["a"]) == "`a`"
    assert names(["a", "b", "c"]) == "`a`, `b` and `c`"
    assert names(list("abcdefg")) == "`a`, `b`, `c`, `d`, `e` and 2 more"
    assert plain_names(list("abcde"), 3) == "a, b, c, +2"
    assert [duration(0.2), duration(61), duration(90_000)] == ["under 1 s", "1 min 1 s", "1 d 1 h"]
    assert [file_stem("show ip route | include 10.0"), file_stem("|")] == [
        "show-ip-route-include-10-0",
        "switches",
    ]
    assert clipped(["a", "b" * 200, "c", "d"], 2) == "a\n" + "b" * 160 + "…\n… 2 more lines"
