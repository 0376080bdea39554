"""`switch list` and `switch check`: which switches there are, and whether they can be asked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from bot.store.database import Database
from tests.integrations.switches.farm import Farm, FleetTalk, fleet_talk
from tests.talking import conversation


def steady(reply: str) -> str:
    """A reply without what is another each time: ports, milliseconds, and the width these take."""
    lines = [re.sub(r"(127\.1\.0\.\d+):\d+ *", r"\1 ", line) for line in reply.splitlines()]
    return "\n".join(re.sub(r"  \d+$", "  N", line) for line in lines)


def test_all_switches_are_listed(talk: FleetTalk) -> None:
    assert steady(talk.say("switch list")) == (
        "8 switches:\n\n"
        "```\n"
        "switch   host             tags         site  check               api\n"
        "spine01  127.1.0.1 pod1, spine  lab   certificate pinned  ins_api\n"
        "spine02  127.1.0.2 pod1, spine  lab   certificate pinned  ins_api\n"
        "leaf01   127.1.0.3 leaf, pod1   lab   certificate pinned  ins_api\n"
        "leaf02   127.1.0.4 leaf, pod1   lab   certificate pinned  ins_api\n"
        "leaf03   127.1.0.5 leaf, pod1   lab   certificate pinned  ins_api\n"
        "leaf04   127.1.0.6 leaf, pod1   lab   certificate pinned  ins_api\n"
        "leaf05   127.1.0.7 leaf, pod1   lab   certificate pinned  ins_api\n"
        "leaf06   127.1.0.8 leaf, pod1   lab   certificate pinned  ins_api\n"
        "```\n\n"
        '`switch check TARGET` tries them, `switch show TARGET "show version"` asks them.'
    )


def test_a_target_narrows_the_list_down_and_numbers_that_are_no_switch_are_told(talk: FleetTalk) -> None:
    listed = talk.say('switch list "leaf[05-08]"')
    assert listed.startswith("`leaf07` and `leaf08` are no switches. 2 switches:\n")


def test_a_target_that_means_nothing_is_asked_about_with_its_place(talk: FleetTalk) -> None:
    assert talk.say('switch list "@leaf and @lefa"') == (
        "⚠️ There is no tag, group or site 'lefa'; did you mean 'leaf'?\n"
        "```\n"
        "  @leaf and @lefa\n"
        "            ^\n"
        "```"
    )


def test_the_list_as_a_file(talk: FleetTalk) -> None:
    lines = talk.file("switch list @spine --as csv").content.decode().splitlines()
    assert lines[0] == "switch,host,tags,site,check,api"
    assert lines[1].startswith("spine01,127.1.0.1:") and lines[1].endswith(
        ',"pod1, spine",lab,certificate pinned,ins_api'
    )


def test_without_an_inventory_it_says_what_to_set(database: Database, tmp_path: Path) -> None:
    talk = conversation(database, environ={"SWITCHES_INVENTORY": str(tmp_path / "none.yaml")})
    assert talk.say("switch list") == (
        f"⚠️ There are no switches: there is no file {str(tmp_path).replace('_', chr(92) + '_')}/none.yaml "
        "\\(SWITCHES\\_INVENTORY\\), and SWITCH\\_URL is not set."
    )


# --- check


def test_all_can_be_asked(talk: FleetTalk) -> None:
    assert steady(talk.say("switch check @leaf")) == (
        "✅ 6 switches can be asked.\n\n"
        "```\n"
        "switch  reached  login  version      path  certificate         ms\n"
        "leaf01  yes      ok     9.3(5)       sure  certificate pinned  N\n"
        "leaf02  yes      ok     7.0(3)I4(6)  sure  certificate pinned  N\n"
        "leaf03  yes      ok     9.3(5)       sure  certificate pinned  N\n"
        "leaf04  yes      ok     9.3(5)       sure  certificate pinned  N\n"
        "leaf05  yes      ok     9.3(5)       sure  certificate pinned  N\n"
        "leaf06  yes      ok     9.3(5)       sure  certificate pinned  N\n"
        "```\n\n"
        "- sure path (6): its certificate is pinned, and only the sure path sees certificates. "
        "`leaf01`, `leaf02`, `leaf03` and 3 more"
    )


def test_who_cannot_be_asked_comes_first_with_how_far_it_came(talk: FleetTalk, farm: Farm) -> None:
    farm.fault("refused", "leaf02")
    farm.fault("unauthorized", "leaf04")
    assert steady(talk.say("switch check leaf0[1-4]")) == (
        "⚠️ 2 of 4 switches can be asked.\n\n"
        "```\n"
        "switch  reached  login    version                           path  certificate         ms\n"
        "leaf02  no                connection refused                sure  certificate pinned  N\n"
        "leaf04  yes      refused  user or password not taken (401)  sure  certificate pinned  N\n"
        "leaf01  yes      ok       9.3(5)                            sure  certificate pinned  N\n"
        "leaf03  yes      ok       9.3(5)                            sure  certificate pinned  N\n"
        "```\n\n"
        "- sure path (4): its certificate is pinned, and only the sure path sees certificates. "
        "`leaf02`, `leaf04`, `leaf01` and 1 more\n\n"
        "⚠️ 2 of 4 switches gave no answer:\n"
        "- connection refused (1): `leaf02`. Check that the switch is up, that `feature nxapi` is on, and its host "
        "and port in the inventory.\n"
        "- user or password not taken \\(401\\) (1): `leaf04`. Check the user and the password in the inventory, and "
        "that AAA answers.\n\n"
        "`retry 1` asks the 2 again, as does `switch check leaf02,leaf04`."
    )


@pytest.fixture
def mixed(database: Database, farm: Farm, tmp_path: Path) -> FleetTalk:
    """leaf01 pinned, leaf02 with another's certificate, leaf03 unchecked, leaf04 over plain HTTP."""
    farm.control("tls", switches="leaf04", mode="off")
    written = yaml.safe_load(farm.inventory.read_text())
    kept = {name: written["switches"][name] for name in ("leaf01", "leaf02", "leaf03", "leaf04")}
    kept["leaf02"]["tls"] = {"fingerprint": "sha256:" + "00" * 32}
    kept["leaf03"]["tls"] = {"verify": False}
    del kept["leaf04"]["tls"]
    kept["leaf04"]["protocol"] = "http"
    path = tmp_path / "switches.yaml"
    path.write_text(yaml.safe_dump({"defaults": written["defaults"], "switches": kept}))
    with fleet_talk(database, Farm(farm.url, path)) as talk:
        yield talk  # type: ignore[misc]


def test_it_says_who_is_believed_unchecked_and_who_is_asked_in_the_clear(mixed: FleetTalk) -> None:
    assert steady(mixed.say("switch check all")) == (
        "⚠️ 3 of 4 switches can be asked.\n\n"
        "```\n"
        "switch  reached  login     version                  path  certificate         ms\n"
        "leaf02  yes      not sent  certificate not trusted  sure  certificate pinned  N\n"
        "leaf01  yes      ok        9.3(5)                   sure  certificate pinned  N\n"
        "leaf03  yes      ok        9.3(5)                   fast  NOT CHECKED         N\n"
        "leaf04  yes      ok        9.3(5)                   fast  PLAIN HTTP          N\n"
        "```\n\n"
        "- sure path (2): its certificate is pinned, and only the sure path sees certificates. `leaf02` and `leaf01`\n"
        "- fast path (1): modern TLS. `leaf03`\n"
        "- fast path (1): plain HTTP. `leaf04`\n\n"
        "⚠️ Over plain HTTP, where the password can be read (1): `leaf04`.\n"
        "⚠️ Without a check of who answers and gets the password (1): `leaf03`.\n\n"
        "⚠️ 1 of 4 switches gave no answer:\n"
        "- certificate not trusted (1): `leaf02`. Nothing was sent to it. Pin its fingerprint or name its CA in the "
        "inventory (`tls:`); if it was pinned, find out who answers there.\n\n"
        "`retry 1` asks it again, as does `switch check leaf02`."
    )


def test_without_a_target_a_form_asks_for_it(talk: FleetTalk) -> None:
    outcome = talk.outcome("switch check")
    assert outcome.decision == "incomplete"
    assert outcome.replies[0].markdown == (
        "`switch check` needs TARGET. It is written `switch check TARGET [--as …]`, for example `switch check leaf01`."
    )
    assert outcome.replies[0].card is not None
