"""Whatever a line hides in a show is refused before any packet: the farm counts the requests it gets."""

from __future__ import annotations

import pytest

from bot.commands.model import Entry
from tests.integrations.switches.farm import Farm, FleetTalk

HIDDEN = {
    "a second command": "show version ;reload",
    "a second command, without a blank": "show version;configure terminal",
    "a second show": "show version ; show running-config",
    "a line end": "show version\nreload",
    "a carriage return": "show version\rreload",
    "a NUL": "show version\x00reload",
    "a vertical tab": "show version\x0breload",
    "a form feed": "show version\x0creload",
    "U+0085": "show version\u0085reload",
    "U+2028": "show version\u2028reload",
    "U+2029": "show version\u2029reload",
    "U+200B": "show version\u200breload",
    "a full-width semicolon": "show version\uff1breload",
    "a Greek question mark": "show version\u037ereload",
    "a full-width bar": "show version\uff5creload",
    "a full-width >": "show version\uff1ebootflash:x",
    "an overriding mark": "show version\u202ereload",
    "a pipe to a program": "show version | vsh -c reload",
    "a pipe to bash": "show version | bash",
    "a pipe to a file": "show version | redirect bootflash:x",
    "a pipe to a mail": "show version | email a@b.example",
    "a second pipe": "show version | include a | tee bootflash:x",
    "a file": "show version > bootflash:x",
    "a file, appended": "show version >> bootflash:x",
    "a file, without a blank": "show version>bootflash:x",
    "a key of the request": 'show version "type":"cli_conf"',
    "a key of the request, escaped": 'show version \\"type\\": \\"bash\\"',
    "a type": "show version type=cli_conf",
    "a kind of request": "show version cli_conf",
    "an envelope": "show ins_api",
    "a variable": "show $(reload)",
    "a backtick": "show `reload`",
    "and-and": "show version && reload",
    "a background": "show version & reload",
    "no show": "reload",
    "a configuration": "configure terminal",
    "an abbreviated configuration": "sh run",
    "a show of files": "show file bootflash:x",
    "64 KB": "show " + "a" * 65_536,
    "64 KB of pipes": "show version" + " | include a" * 6_000,
    "64 KB of blanks": "show version" + " " * 65_536,
    "nothing": " ",
}
COMMANDS = ("switch show leaf01 {}", "switch compare leaf01,leaf02 {}", "switch snapshot leaf01 before {}")


def quoted(show: str) -> str:
    """The show as one word of a line."""
    return '"' + show.replace("\\", "\\\\").replace('"', '\\"') + '"'


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("show", HIDDEN.values(), ids=HIDDEN)
def test_a_typed_line(talk: FleetTalk, farm: Farm, command: str, show: str) -> None:
    outcome = talk.outcome(command.format(quoted(show)))
    assert outcome.result in ("refused", "usage", "error", "incomplete", "too long"), outcome.replies[
        0
    ].markdown
    assert sum(farm.requests().values()) == 0


@pytest.mark.parametrize("show", HIDDEN.values(), ids=HIDDEN)
def test_a_submitted_form_whose_words_are_taken_as_they_are(talk: FleetTalk, farm: Farm, show: str) -> None:
    outcome = talk.conversation.words(("switch", "show", "leaf01", show))
    assert outcome.result != "ok", outcome.replies[0].markdown
    assert sum(farm.requests().values()) == 0


@pytest.mark.parametrize(
    "words",
    [
        ("show version", ";", "reload"),
        ("show", "version", ";reload"),
        ("show", "version\nreload"),
        ("show version", "reload"),
        ("show", "version", "|", "bash"),
        ("show", "version", ">", "bootflash:x"),
        ("show", "clock", "show", "running-config"),
    ],
)
def test_words_that_are_put_together_are_looked_at_as_one(
    talk: FleetTalk, farm: Farm, words: tuple[str, ...]
) -> None:
    assert talk.conversation.words(("switch", "show", "leaf01", *words)).result != "ok"
    assert sum(farm.requests().values()) == 0


@pytest.mark.parametrize("entry", [Entry.TERMINAL, Entry.REST, Entry.SCHEDULE])
def test_by_every_door(talk: FleetTalk, farm: Farm, entry: Entry) -> None:
    outcome = talk.outcome('switch show leaf01 "show version ;reload"', entry=entry)
    assert outcome.result == "refused"
    assert sum(farm.requests().values()) == 0


@pytest.mark.parametrize(
    "line",
    [
        'switch show "leaf01;reload" show version',
        'switch find mac "0050.5600.ae3a ;reload"',
        'switch find ip "10.1.20.10 ;reload"',
        'switch snapshot leaf01 "before;reload"',
        'switch diff leaf01 "before;reload"',
    ],
)
def test_beside_the_shows(talk: FleetTalk, farm: Farm, line: str) -> None:
    assert talk.outcome(line).result != "ok"
    assert sum(farm.requests().values()) == 0


def test_what_is_sought_by_name_is_never_sent(talk: FleetTalk, farm: Farm) -> None:
    assert "knows" in talk.say('switch find host "x ;reload" leaf01')
    assert farm.requests()["leaf01"] == 1
    assert farm.control("switches/leaf01", "GET")["powered"]


def test_what_is_allowed_is_sent(talk: FleetTalk, farm: Farm) -> None:
    """So that the counters above are known to count."""
    assert talk.outcome('switch show leaf01 "show version | include uptime"').result == "ok"
    assert sum(farm.requests().values()) >= 1
