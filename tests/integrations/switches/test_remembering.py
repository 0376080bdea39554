"""`switch snapshot` and `switch diff`: before and after."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from bot.store.database import Database
from integrations.switches.store import snapshots
from integrations.switches.store.models import SwitchSnapshotAnswer
from integrations.switches.store.snapshots import forget_expired
from tests.integrations.switches.farm import Farm, FleetTalk, fleet_talk

UNTIL = f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%d}"


def timeless(said: str) -> str:
    """Without how long ago and on which day."""
    said = re.sub(r"\((?:under )?\d+ s ago\)", "(just now)", said)
    return re.sub(r"\d\d\d\d-\d\d-\d\d", "DAY", said)


def test_before_and_after(talk: FleetTalk, farm: Farm) -> None:
    assert timeless(talk.say("switch snapshot leaf01,leaf02 before")) == (
        "📸 **`before`** is kept until DAY: 2 switches, `show version`, `show module`, `show interface brief`, "
        "`show port-channel summary`, `show vpc`, `show lldp neighbors`, `show bgp all summary vrf all`.\n\n"
        "`switch diff leaf01,leaf02 before` tells what has changed since."
    )
    assert timeless(talk.say("switch diff leaf01,leaf02 before")) == (
        "✅ **`before`** (just now) against **now**: nothing has changed on 2 switches."
    )
    farm.control("flap", switch="leaf01", interface="Ethernet1/5", state="down")
    assert timeless(talk.say("switch diff leaf01,leaf02 before")) == (
        "**`before`** (just now) against **now**: 12 changes on 1 of 2 switches: `leaf01`.\n\n"
        "```\n"
        "switch  show                  row                           field           before                          "
        "after\n"
        "leaf01  interface brief       Ethernet1/5                   state           up                              "
        "down\n"
        "leaf01  interface brief       Ethernet1/5                   state_rsn_desc  none                            "
        "Link not connected\n"
        "leaf01  interface brief       Ethernet1/5                   speed           10G                             "
        "auto\n"
        "leaf01  interface brief       port-channel105               state           up                              "
        "down\n"
        "leaf01  interface brief       port-channel105               state_rsn_desc  none                            "
        "No operational members\n"
        "leaf01  interface brief       port-channel105               speed           a-10G                           "
        "auto\n"
        "leaf01  port-channel summary  port-channel105, Ethernet1/5  status          U                               "
        "D\n"
        "leaf01  port-channel summary  port-channel105, Ethernet1/5  port-status     P                               "
        "D\n"
        "leaf01  vpc                   105                           vpc-port-state  1                               "
        "0\n"
        "leaf01  vpc                   105                           up-vlan-bitset  20                              "
        "-\n"
        "leaf01  lldp neighbors        Eth1/5, app-00005, eth0                       "
        "gone: chassis_type Locally As…\n"
        "leaf01  lldp neighbors                                      neigh_count     18                              "
        "17\n"
        "```"
    )


def test_two_snapshots_against_each_other(talk: FleetTalk, farm: Farm) -> None:
    talk.say('switch snapshot leaf01 before "show interface brief"')
    farm.control("flap", switch="leaf01", interface="Ethernet1/12", state="down")
    talk.say('switch snapshot leaf01 after "show interface brief" "show hostname"')
    asked = farm.requests()
    assert timeless(talk.say("switch diff leaf01 before after")) == (
        "**`before`** (just now) against **`after`**: 3 changes on 1 of 1 switch: `leaf01`.\n\n"
        "```\n"
        "switch  show             row           field           before  after\n"
        "leaf01  interface brief  Ethernet1/12  state           up      down\n"
        "leaf01  interface brief  Ethernet1/12  state_rsn_desc  none    Link not connected\n"
        "leaf01  interface brief  Ethernet1/12  speed           10G     auto\n"
        "```\n\n"
        "Only in `after`: `show hostname`."
    )
    assert farm.requests() == asked, "nobody was asked"


def test_texts_are_told_as_a_diff(talk: FleetTalk, farm: Farm) -> None:
    line = '"show interface brief | include Eth1/12"'
    talk.say(f"switch snapshot leaf01 before {line}")
    farm.control("flap", switch="leaf01", interface="Ethernet1/12", state="down")
    said = talk.say("switch diff leaf01 before")
    assert "2 changes on 1 of 1 switch: `leaf01`." in said
    assert "`leaf01` `show interface brief | include Eth1/12`:\n```diff\n@@ -1 +1 @@\n-Eth1/12" in said


def test_a_switch_that_is_in_one_only_is_told(talk: FleetTalk) -> None:
    talk.say('switch snapshot leaf01 before "show hostname"')
    assert timeless(talk.say("switch diff leaf01,leaf02 before")) == (
        "✅ **`before`** (just now) against **now**: nothing has changed on 1 switch.\n\nNot in `before`: `leaf02`."
    )
    assert talk.say("switch diff leaf03 before") == "Nothing can be compared.\n\nNot in `before`: `leaf03`."


def test_a_name_is_taken_over_only_where_that_is_said(talk: FleetTalk) -> None:
    talk.say('switch snapshot leaf01 Before "show hostname"')
    assert timeless(talk.say('switch snapshot leaf02 before "show hostname"')).startswith(
        "⚠️ There is a snapshot before already, by you@example.com, DAY "
    )
    assert talk.outcome('switch snapshot leaf02 before "show hostname" --replace').result == "ok"
    assert "leaf02  1" in talk.say("switch snapshots")


def test_who_did_not_answer_is_told_and_the_rest_is_kept(talk: FleetTalk, farm: Farm) -> None:
    farm.fault("refused", "leaf02")
    said = talk.say('switch snapshot leaf01,leaf02 before "show hostname"')
    assert said.startswith(f"📸 **`before`** is kept until {UNTIL}: 1 of 2 switches, `show hostname`.")
    assert "⚠️ 1 of 2 switches gave no answer:\n- connection refused (1): `leaf02`." in said
    assert "retry" not in said


def test_nothing_is_kept_where_nobody_answers(talk: FleetTalk, farm: Farm) -> None:
    farm.fault("refused", "leaf02")
    assert talk.say('switch snapshot leaf02 before "show hostname"').startswith(
        "Nothing is kept.\n\n⚠️ 1 of 1 "
    )
    assert talk.say("switch snapshots") == "There are no snapshots. `switch snapshot TARGET NAME` takes one."


def test_they_are_listed_and_forgotten(talk: FleetTalk) -> None:
    talk.say('switch snapshot leaf01 before "show hostname"')
    lines = talk.say("switch snapshots").splitlines()
    assert lines[0] == "1 snapshot:"
    assert lines[4].startswith("before  leaf01  1         show hostname  you@example.com  ")
    assert talk.say("switch forget before") == "🗑️ The snapshot `before` is forgotten."
    assert talk.say("switch forget before") == (
        "⚠️ There is no snapshot `before`. `switch snapshots` lists them."
    )
    assert talk.say("switch diff leaf01 before") == (
        "⚠️ There is no snapshot `before`. `switch snapshots` lists them."
    )


def test_what_has_expired_is_forgotten(talk: FleetTalk) -> None:
    talk.say('switch snapshot leaf01 before "show hostname"')
    with talk.database.transaction() as session:
        session.execute(text("UPDATE switch_snapshots SET expires_at = now()"))
    assert talk.say("switch snapshots") == "There are no snapshots. `switch snapshot TARGET NAME` takes one."
    assert forget_expired(talk.conversation.services) == ()
    with talk.database.transaction() as session:
        assert session.scalars(select(SwitchSnapshotAnswer)).first() is None


# --- what is kept


@pytest.fixture
def granted(farm: Farm, database: Database) -> Iterator[FleetTalk]:
    """A bot that lets the group `netops` show configurations; you are in it, Ada is not."""
    from pathlib import Path
    from tempfile import TemporaryDirectory

    config = {
        "groups": {"netops": ["you@example.com"]},
        "access": [{"allow": "everyone", "commands": ["switch *"]}],
        "integrations": {"switches": {"shows": {"netops": {"grant": ["show running-config*"]}}}},
    }
    with (
        TemporaryDirectory() as folder,
        fleet_talk(database, farm, config=config, folder=Path(folder)) as talk,
    ):
        yield talk


def test_secrets_are_neither_shown_nor_kept(granted: FleetTalk) -> None:
    shown = granted.outcome("switch show leaf01 show running-config --as txt").replies[0]
    assert shown.file is not None
    assert b"snmp-server community \xc2\xabhidden\xc2\xbb group" in shown.file.content
    assert b"$5$" not in shown.file.content
    granted.say("switch snapshot leaf01 before show running-config")
    with granted.database.transaction() as session:
        kept = snapshots.find(session, "before")
        assert kept is not None
        (answers,) = snapshots.answers(session, kept).values()
    assert "community «hidden» group" in str(answers["show running-config"])
    assert "$5$" not in str(answers)


def test_who_may_not_ask_a_show_gets_no_diff_of_it_either(granted: FleetTalk) -> None:
    granted.say("switch snapshot leaf01 before show running-config")
    said = granted.say("switch diff leaf01 before", person="ada@example.com")
    assert "is not asked from chat: it holds secrets" in said


def test_too_much_of_a_switch_is_not_kept(talk: FleetTalk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "MOST_OF_A_SWITCH", 200)
    said = talk.say('switch snapshot leaf01 before "show version"')
    assert said.startswith(
        "Nothing is kept.\n\n⚠️ 1 of 1 switch gave no answer:\n- answer too large (1): `leaf01`."
    )


def test_too_much_in_all_is_not_kept_either(talk: FleetTalk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "MOST_BYTES", 100)
    said = talk.say('switch snapshot leaf01 before "show version"')
    assert said.startswith(
        "⚠️ These answers are 0 MB, and a snapshot has 0 at most: take it of fewer switches"
    )
    monkeypatch.setattr(snapshots, "MOST_BYTES", 100_000_000)
    monkeypatch.setattr(snapshots, "MOST_SNAPSHOTS", 0)
    assert talk.say("switch snapshot leaf01 before").startswith("⚠️ There are 0 snapshots already.")
