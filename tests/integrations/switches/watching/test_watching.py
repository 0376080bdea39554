"""`switch watch` in a room: what is typed, what the thread is told, what outlives what."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from sqlalchemy import text

from bot.commands.model import Entry, Place
from bot.inbound.rooms import follow_migration
from integrations.switches.watching import record
from integrations.switches.watching.polling import poll
from tests.integrations.switches.farm import FleetTalk, fleet_talk
from tests.integrations.switches.watching.watched import audited, due_poll, named, steady, watch_of
from tests.talking import DIRECT

OPS = Place(("room-ops",), "Ops", "group")
LAB = Place(("room-lab",), "Lab", "group")
PORTS = 'switch watch leaf01 "show interface brief" state --name ports'


def test_a_watch_says_what_it_will_do_and_how_it_is_ended(talk: FleetTalk) -> None:
    line = 'switch watch @leaf counters "Eth1/[49-50]" --when "in > 80%" --name uplinks'
    assert steady(talk.say(line)) == (
        "👁 Watch **uplinks**: I ask 6 switches (`@leaf`) for `counters Eth1/[49-50]` every 1m until DAY UTC, and tell "
        "here when `in > 80%` is met, still is, and is no more. `switch history uplinks` shows what was seen, "
        "`switch unwatch uplinks` ends it."
    )
    assert steady(talk.say("switch watch all health --every 5m")) == (
        "👁 Watch **1**: I ask 8 switches (`all`) for `health` every 5m until DAY UTC, and tell here what changes. "
        "`switch history 1` shows what was seen, `switch unwatch 1` ends it."
    )
    assert steady(talk.say("switch watch leaf01 counters --for 2h")) == (
        "👁 Watch **2**: I ask 1 switch (`leaf01`) for `counters *` every 1m until DAY UTC, and keep the history "
        "(`--when` would tell you of more). `switch history 2` shows what was seen, `switch unwatch 2` ends it."
    )
    assert steady(talk.say("switch watches")) == (
        "```\n"
        "name     target  what                   when            every  until (UTC)  whose            now\n"
        "uplinks  @leaf   counters Eth1/[49-50]  in > 80%        1 min  MOMENT  you@example.com  calm\n"
        "1        all     health                 changes         5 min  MOMENT  you@example.com  calm\n"
        "2        leaf01  counters *             (history only)  1 min  MOMENT  you@example.com  calm\n"
        "```"
    )
    assert talk.say("switch unwatch uplinks") == (
        "🙈 The watch **uplinks** of `@leaf` is over. `switch history uplinks` shows for 30 days what it saw."
    )
    assert "uplinks" not in talk.say("switch watches")
    assert (
        talk.say("switch watches", place=OPS) == "Nothing is watched here. `help switch watch` tells how to."
    )


def test_the_thread_is_told_when_it_begins_and_when_it_is_over(talk: FleetTalk) -> None:
    talk.say('switch watch leaf01 counters Eth1/49 --when "in > 100k" --name busy')
    with talk.database.transaction() as session:
        named(session, "busy").parent_id = "the-thread"
    assert due_poll(talk) == []
    [told] = due_poll(talk)
    assert steady(told) == (
        "👁 **busy** (`leaf01 counters Eth1/49`)\n\n"
        "🔴 1 interface now meets `in > 100k`:\n"
        "- `leaf01` Ethernet1/49: in RATE \\(0.0 %\\), out RATE \\(0.0 %\\)"
    )
    assert talk.messages()[-1].parent_id == "the-thread"
    assert "1 met" in talk.say("switch watches")
    talk.farm.control("traffic", rate=0)
    assert due_poll(talk) == []
    [told] = due_poll(talk)
    assert steady(told) == (
        "👁 **busy** (`leaf01 counters Eth1/49`)\n\n"
        "🟢 1 interface meets `in > 100k` no more:\n"
        "- `leaf01` Ethernet1/49: in RATE \\(0.0 %\\), out RATE \\(0.0 %\\), after SECONDS"
    )


def test_many_at_once_are_a_few_lines_and_a_file(talk: FleetTalk) -> None:
    talk.say('switch watch @leaf counters "Eth1/[49-50]" --when "in > 1k" --name busy')
    due_poll(talk)
    [told] = due_poll(talk)
    lines = told.splitlines()
    assert lines[2] == "🔴 12 interfaces now meet `in > 1k`:"
    assert (len(lines), lines[-1]) == (14, "- and 2 more, in the file")
    message = talk.messages()[-1]
    assert message.file_content is not None
    rows = bytes(message.file_content).decode().splitlines()
    assert rows[0] == "kind,switch,subject,says,since"
    assert len(rows) == 13
    assert {row.split(",")[1] for row in rows[1:]} == {f"leaf0{number}" for number in range(1, 7)}


def test_a_change_is_told_with_what_it_was(talk: FleetTalk) -> None:
    talk.say(PORTS)
    assert due_poll(talk) == []
    talk.farm.control("flap", switch="leaf01", interface="Ethernet1/1", state="down")
    assert due_poll(talk) == [
        '👁 **ports** (`leaf01 "show interface brief" state`)\n\n'
        "🔔 2 rows changed:\n"
        "- `leaf01` Ethernet1/1: up → down\n"
        "- `leaf01` port-channel101: up → down"
    ]
    assert due_poll(talk) == []


def test_a_finding_of_health_is_told_when_it_comes_and_when_it_goes(talk: FleetTalk) -> None:
    talk.say("switch watch leaf02 health --name well")
    assert due_poll(talk) == []
    talk.farm.control("flap", switch="leaf02", interface="Ethernet1/1", state="down")
    [told] = due_poll(talk)
    assert told == (
        "👁 **well** (`leaf02 health`)\n\n"
        "🔔 1 finding changed:\n"
        "- `leaf02` vPC 101 \\(port-channel101\\) \\(vpc\\): new: down"
    )
    talk.farm.control("flap", switch="leaf02", interface="Ethernet1/1", state="up")
    [told] = due_poll(talk)
    assert told.splitlines()[-1] == "- `leaf02` vPC 101 \\(port-channel101\\) \\(vpc\\): down → well again"


def test_a_switch_that_does_not_answer_is_told_once_and_so_is_its_return(talk: FleetTalk) -> None:
    # Nobody who is plugged to leaf02: their ports go down with it.
    talk.say('switch watch leaf02,leaf05 "show interface brief" state --name ports')
    due_poll(talk)
    talk.farm.control("power", switches="leaf02", power="off")
    assert due_poll(talk) == []
    [told] = due_poll(talk)
    assert told.startswith(
        '👁 **ports** (`leaf02,leaf05 "show interface brief" state`)\n\n'
        "📵 1 switch does not answer:\n- `leaf02`: connection refused: "
    )
    assert due_poll(talk) == []
    assert "1 silent" in talk.say("switch watches")
    talk.farm.control("power", switches="leaf02", power="on")
    [told] = due_poll(talk)
    assert steady(told).startswith(
        '👁 **ports** (`leaf02,leaf05 "show interface brief" state`)\n\n'
        "📶 1 switch answers again:\n- `leaf02`: answers again, after "
    )


@pytest.mark.parametrize("kind", ["html", "truncated", "empty", "unauthorized", "too_big"])
def test_an_answer_that_is_none_is_silence_and_changes_nothing(talk: FleetTalk, kind: str) -> None:
    talk.say(PORTS)
    due_poll(talk)
    talk.farm.fault(kind, "leaf01")
    assert due_poll(talk) == []
    [told] = due_poll(talk)
    assert "📵 1 switch does not answer:" in told
    assert "🔔" not in told
    talk.farm.control("faults", "DELETE")
    [told] = due_poll(talk)
    assert "🔔" not in told


def test_a_switch_is_asked_once_however_many_rooms_watch_it(talk: FleetTalk) -> None:
    for place in (OPS, LAB):
        talk.say('switch watch @leaf counters "Eth1/49"', place=place)
    talk.say("switch watch @leaf counters Eth1/50")
    before = talk.farm.requests()
    due_poll(talk)
    after = talk.farm.requests()
    asked = {name: after[name] - before[name] for name in after}
    assert asked == {**{f"leaf0{number}": 1 for number in range(1, 7)}, "spine01": 0, "spine02": 0}


def test_watches_of_other_things_share_the_request_too(talk: FleetTalk) -> None:
    talk.say("switch watch leaf01 counters Eth1/49")
    talk.say(PORTS)
    talk.say("switch watch leaf01 health")
    before = talk.farm.requests()["leaf01"]
    due_poll(talk)
    assert talk.farm.requests()["leaf01"] - before == 1


def test_two_workers_poll_once(talk: FleetTalk) -> None:
    talk.say("switch watch leaf01 counters Eth1/49")
    with talk.database.transaction() as session:
        session.execute(text("UPDATE switch_watches SET due_at = now() - interval '1 second'"))
    before = talk.farm.requests()["leaf01"]
    barrier = threading.Barrier(2)

    def work() -> None:
        barrier.wait()
        poll(talk.conversation.services)

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert talk.farm.requests()["leaf01"] - before == 1


def test_the_next_poll_is_at_a_multiple_of_its_pace(talk: FleetTalk) -> None:
    talk.say("switch watch leaf01 counters Eth1/49 --every 5m --name slow")
    poll(talk.conversation.services)
    watch = watch_of(talk, "slow")
    assert watch.due_at.timestamp() % 300 == 0
    before = talk.farm.requests()["leaf01"]
    poll(talk.conversation.services)
    assert talk.farm.requests()["leaf01"] == before


def test_a_watch_goes_on_in_another_process_where_it_stood(talk: FleetTalk) -> None:
    talk.say(PORTS)
    due_poll(talk)
    talk.farm.control("flap", switch="leaf01", interface="Ethernet1/1", state="down")
    with fleet_talk(talk.database, talk.farm) as restarted:
        assert "Ethernet1/1: up → down" in due_poll(restarted)[0]


def test_a_watch_follows_its_room(talk: FleetTalk) -> None:
    talk.say(PORTS)
    due_poll(talk)
    with talk.database.transaction() as session:
        follow_migration(session, "room-1", "room-9")
    talk.farm.control("flap", switch="leaf01", interface="Ethernet1/1", state="down")
    assert due_poll(talk) == []
    assert "Ethernet1/1: up → down" in talk.told("room-9")[0]


def test_a_watch_whose_time_is_over_says_so(talk: FleetTalk) -> None:
    talk.say(PORTS)
    with talk.database.transaction() as session:
        session.execute(text("UPDATE switch_watches SET until = now() - interval '1 second'"))
    assert due_poll(talk) == [
        "⌛ The watch **ports** of `leaf01` is over, as was said when it was begun. "
        "`switch history ports` shows for 30 days what it saw."
    ]
    assert due_poll(talk) == []
    assert audited(talk) == [("watch", "ports expired", "allowed", "expired")]


def test_past_a_digest_only_what_is_urgent_is_told(talk: FleetTalk) -> None:
    talk.say("notifications digest 1d")
    talk.say(PORTS)
    talk.say('switch watch leaf02 "show interface brief" state --urgent --name pressing')
    due_poll(talk)
    for name in ("leaf01", "leaf02"):
        talk.farm.control("flap", switch=name, interface="Ethernet1/1", state="down")
    due_poll(talk)
    with talk.database.transaction() as session:
        rows = session.execute(text("SELECT state, is_held, body->>'markdown' FROM outbox ORDER BY id")).all()
    at_once = [body for state, held, body in rows if state == "pending" and not held]
    assert [body.splitlines()[0] for body in at_once] == [
        '👁 **pressing** (`leaf02 "show interface brief" state`)'
    ]
    assert [state for state, _, body in rows if body and "**ports**" in body.splitlines()[0]] == ["left out"]


def test_a_name_may_be_used_again_once_its_watch_is_over(talk: FleetTalk) -> None:
    talk.say(PORTS)
    assert talk.say(PORTS) == "⚠️ There is a watch `ports` in this room already. Choose another name."
    talk.say("switch unwatch ports")
    assert talk.say(PORTS).startswith("👁 Watch **ports**")


def test_a_switch_that_is_away_when_a_watch_is_begun_is_told_there(talk: FleetTalk) -> None:
    talk.farm.control("power", switches="leaf01", power="off")
    assert " `leaf01` did not answer just now. `switch history 1`" in talk.say("switch watch leaf01 health")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (
            "switch watch leaf01 temperature",
            "⚠️ I watch `counters`, `health`, or a field of a show, and not `temperature`. "
            'A show is written in quotes: `"show interface brief" state`.',
        ),
        (
            'switch watch leaf01 "show version"',
            "⚠️ Say which field of `show version` I am to watch, such as `state`.",
        ),
        (
            'switch watch leaf01 "show running-config" x',
            "⚠️ \\`show running-config\\` is not asked from chat: it holds secrets. "
            "An owner can grant it \\(\\`shows:\\`\\).",
        ),
        (
            'switch watch leaf01 "show vlan brief" colour',
            "⚠️ There is nothing to watch: leaf01: 'show vlan brief' has no field 'colour'. It has "
            "vlanshowbr-vlanid, vlanshowbr-vlanid-utf, vlanshowbr-vlanname, vlanshowbr-vlanstate, "
            "vlanshowbr-shutstate, vlanshowplist-ifidx.",
        ),
        (
            "switch watch leaf01 counters Eth9/9",
            "⚠️ There is nothing to watch: leaf01 has no interface Eth9/9.",
        ),
        (
            'switch watch leaf01 counters "Eth1/1;"',
            "⚠️ 'Eth1/1;' names no interfaces: write \\`Eth1/1\\`, \\`Eth1/\\[1-48\\]\\`, \\`Po\\*\\`, "
            "or several with commas.",
        ),
        (
            'switch watch leaf01 counters --when "inn > 80%"',
            "⚠️ I cannot take `inn > 80%` as a condition: there is no 'inn' here; did you mean 'in'?",
        ),
        (
            "switch watch leaf01 counters --when changes",
            "⚠️ I cannot take `changes` as a condition: rates change at every poll: say a threshold, such as "
            "'in \\> 80%' or 'errors \\> 0'.",
        ),
        (
            "switch watch leaf01 health --every 5s",
            "⚠️ I poll every 10 s to every day, and not every 5s: say `--every 60s`.",
        ),
        (
            "switch watch leaf01 health --for 120d",
            "⚠️ A watch lasts a minute to 12w6d, and not 17w1d.",
        ),
        (
            "switch watch leaf01 health fans",
            "⚠️ `health` takes nothing behind it, and not `fans`: say `--when` for a threshold.",
        ),
        (
            'switch watch leaf01 health --name "my watch"',
            "⚠️ `my watch` is no name for a watch: it begins with a letter or digit and goes on with letters, digits, "
            "`.`, `_` and `-`, 40 at the most.",
        ),
        (
            "switch unwatch nothing",
            "⚠️ There is no watch `nothing` in this room. `switch watches` lists what there is.",
        ),
        (
            "switch history nothing",
            "⚠️ There is no watch `nothing` in this room. `switch watches` lists what there is.",
        ),
    ],
)
def test_what_cannot_be_watched_is_told_at_once(talk: FleetTalk, line: str, says: str) -> None:
    assert talk.say(line) == says
    assert talk.say("switch watches") == "Nothing is watched here. `help switch watch` tells how to."


def test_a_watch_belongs_to_a_room(talk: FleetTalk) -> None:
    line = "switch watch leaf01 health"
    assert talk.say(line, place=Place(), entry=Entry.TERMINAL) == (
        "⚠️ A watch belongs to a room: say it in the one that is to be told."
    )
    assert talk.say(line, entry=Entry.REST) == (
        "⚠️ I take no watches over REST: what a token left behind would go on when the token is revoked. "
        "Say it in the room that is to be told."
    )
    assert talk.say(line, place=DIRECT).startswith("👁 Watch **1**")


def test_a_room_has_so_many_watches_and_no_more(talk: FleetTalk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "MOST_IN_A_ROOM", 1)
    monkeypatch.setattr(record, "MOST", 2)
    line = "switch watch leaf01 health"
    talk.say(line)
    assert talk.say(line) == "⚠️ A room has 1 watches at most. `switch watches` lists them."
    talk.say(line, place=OPS)
    assert talk.say(line, place=LAB) == "⚠️ I hold 2 watches at most, and have as many. Somebody must end one."


def test_without_an_inventory_the_periodic_does_nothing(talk: FleetTalk) -> None:
    talk.say(PORTS)
    assert poll(replace(talk.conversation.services, clients={})) == ()
