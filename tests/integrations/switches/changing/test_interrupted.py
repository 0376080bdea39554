"""A worker that dies: what it had begun is looked at and told, and nothing is sent again."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from integrations.switches.changing import one_switch
from tests.integrations.switches.changing.changing import NTP, Changing
from tests.playground.switches.running_farm import RunningFarm


class Killed(BaseException):
    """Stands for the end of the process: nothing catches it, nothing is written down after it."""


def dies(bot: Changing, monkeypatch: pytest.MonkeyPatch, line: str, *, sent: bool) -> None:
    """Let the worker die while it sends this line to leaf03: before the switch has it, or after."""
    send = one_switch.Site.send

    def cut(site: one_switch.Site, switch: object, lines: list[str]) -> object:
        if getattr(switch, "name", "") != "leaf03" or line not in lines[0]:
            return send(site, switch, lines)  # type: ignore[arg-type]
        if sent:
            send(site, switch, lines)  # type: ignore[arg-type]
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(one_switch.Site, "send", cut)
        with pytest.raises(Killed):
            bot.to_its_end()
    # As another worker finds it, later than a switch may take over what it was sent.
    with bot.database.transaction() as session:
        session.execute(text("UPDATE attempts SET started_at = started_at - interval '1 hour'"))
        bot.engine.recover(session, (bot.engine.owner,))


@pytest.fixture
def begun(bot: Changing) -> Changing:
    """A bot whose owner has said yes to a change."""
    bot.confirmed(f"switch config @leaf {NTP} --pause 0s --batch 1")
    return bot


def test_lines_that_were_being_sent_are_looked_for_and_not_sent_again(
    begun: Changing, farm: RunningFarm, monkeypatch: pytest.MonkeyPatch
) -> None:
    dies(begun, monkeypatch, NTP, sent=True)
    assert begun.to_its_end().state == "partial"
    assert begun.having(NTP) == ["leaf01", "leaf02", "leaf03"], "and nothing was begun after it"
    assert begun.told() == [
        "⚠️ **1 line on 6 switches** (run 1) ended in part: I was interrupted while changing switches.\n\n"
        "- 3 switches hold the new configuration: `leaf01`, `leaf02` and `leaf03`\n"
        "- 3 switches were not begun, and hold the old configuration: `leaf04`, `leaf05` and `leaf06`\n\n"
        "`leaf03`: I was interrupted while changing it: it holds all of it\n\n"
        "`switch rollback 1` takes it back.\n\n"
        "Every switch is in the file."
    ]
    begun.confirmed("switch rollback 1")
    assert begun.to_its_end(2).state == "done"
    assert begun.having(NTP) == []


def test_lines_that_never_arrived_are_not_sent_after_all(
    begun: Changing, monkeypatch: pytest.MonkeyPatch
) -> None:
    dies(begun, monkeypatch, NTP, sent=False)
    assert begun.to_its_end().state == "partial"
    assert begun.having(NTP) == ["leaf01", "leaf02"]
    assert "- 1 switch holds the old configuration: `leaf03`" in begun.told()[0]


def test_one_that_cannot_be_looked_at_leaves_the_run_lost_and_its_switches_taken(
    begun: Changing, farm: RunningFarm, monkeypatch: pytest.MonkeyPatch
) -> None:
    dies(begun, monkeypatch, NTP, sent=True)
    farm.control("power", switches="leaf03", power="off")
    assert begun.to_its_end().state == "lost"
    [told] = begun.told()
    assert "- 1 switch does not answer, and what it holds is not known: `leaf03`" in told
    assert "I repeat nothing by myself: look, then `run cancel 1` frees the switches for others." in told
    farm.control("power", switches="leaf03", power="on")
    begun.confirmed("switch config leaf01 ntp server 10.5.5.5 --pause 0s")
    begun.turn()
    assert begun.run(2).state == "requested", "it waits for the one that is lost"
    begun.confirmed("switch rollback 1")
    assert begun.to_its_end(3).state == "done", "what is taken back goes before what waits"
    assert begun.having(NTP) == []
    begun.confirmed("run cancel 1")
    assert begun.to_its_end(2).state == "failed"
    assert "leaf01: old (its configuration was changed since it was asked for: not touched)" in begun.log(2)


def test_a_checkpoint_that_was_being_made_is_no_matter(
    begun: Changing, monkeypatch: pytest.MonkeyPatch
) -> None:
    dies(begun, monkeypatch, "checkpoint sparkops", sent=True)
    assert begun.to_its_end().state == "done"
    assert len(begun.having(NTP)) == 6


def test_a_rollback_that_was_being_sent_is_looked_at(
    begun: Changing, farm: RunningFarm, monkeypatch: pytest.MonkeyPatch
) -> None:
    farm.control("faults", kind="backend", switches="leaf04", command=NTP)
    dies(begun, monkeypatch, "rollback running-config", sent=True)
    assert begun.to_its_end().state == "failed"
    assert begun.having(NTP) == []


def test_a_rollback_that_never_arrived_is_told_and_left_to_a_person(
    begun: Changing, farm: RunningFarm, monkeypatch: pytest.MonkeyPatch
) -> None:
    farm.control("faults", kind="backend", switches="leaf04", command=NTP)
    dies(begun, monkeypatch, "rollback running-config", sent=False)
    assert begun.to_its_end().state == "partial"
    assert begun.having(NTP) == ["leaf03"]
    assert "- 1 switch holds neither the old nor the new configuration: `leaf03`" in begun.told()[0]
    begun.confirmed("switch rollback 1")
    assert begun.to_its_end(2).state == "done"
    assert begun.having(NTP) == []


def test_what_was_being_saved_is_told(
    bot: Changing, farm: RunningFarm, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot.confirmed(f"switch config @leaf {NTP} --pause 0s --batch 5 --save")
    dies(bot, monkeypatch, "copy running-config", sent=False)
    assert bot.to_its_end().state == "partial"
    assert "`leaf03`: not saved: I was interrupted while saving" in bot.told()[0]
    assert "leaf03,new,no," in bot.files()[0]
    assert "leaf04,new,yes," in bot.files()[0]
