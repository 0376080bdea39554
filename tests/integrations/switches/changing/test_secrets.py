"""Secrets on switches and in variables are shown nowhere: no question, file, log, record, run or audit row."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
from sqlalchemy import text

from tests.integrations.switches.changing.changing import Changing
from tests.playground.switches.running_farm import RunningFarm

CANARY = "canary-of-tacacs-51f0"
LOCATION = "canary-of-a-location-77aa"


def everything(bot: Changing) -> str:
    """Every row of every table, as text."""
    with bot.database.transaction() as session:
        names = session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
        rows = [session.scalars(text(f'SELECT t::text FROM "{name}" AS t')).all() for name in names]
    return "\n".join(str(row) for each in rows for row in each) + "\n".join(bot.files())


def secretive(bot_with: Callable[..., Changing]) -> Changing:
    return bot_with(
        extra={"defaults": {"vars": {"place": "${SNMP_LOCATION}", "contact": "${SNMP_CONTACT}"}}},
        environ={"SNMP_LOCATION": LOCATION, "SNMP_CONTACT": CANARY},
    )


def test_the_value_of_a_secret_variable_is_sent_and_shown_nowhere(
    bot_with: Callable[..., Changing], farm: RunningFarm
) -> None:
    bot = secretive(bot_with)
    line = 'switch config @leaf "snmp-server location {place}" "snmp-server contact {contact}" --pause 0s --batch 5'
    asked = bot.outcome(line).replies[0]
    assert asked.file is not None
    seen = [asked.markdown, asked.file.content.decode(), str(asked.card), bot.confirmed(line)]
    assert bot.to_its_end().state == "done"
    assert len(bot.having(f"snmp-server location {LOCATION}")) == 6, "it was sent"
    assert len(bot.having(f"snmp-server contact {CANARY}")) == 6
    rollback = bot.outcome("switch rollback 1").replies[0]
    assert rollback.file is not None
    seen += [rollback.markdown, rollback.file.content.decode(), bot.say("switch changes 1"), everything(bot)]
    assert "snmp-server location «hidden»" in seen[1]
    assert "snmp-server location {place}" in seen[-2]
    assert "no snmp-server location «hidden»" in rollback.file.content.decode()
    assert [each for each in seen if CANARY in each or LOCATION in each] == []


def test_it_is_shown_nowhere_when_a_switch_refuses_it(
    bot_with: Callable[..., Changing], farm: RunningFarm
) -> None:
    bot = secretive(bot_with)
    line = 'switch config @leaf "no snmp-server chassis {contact}" "snmp-server location x" --pause 0s'
    seen = [bot.say(line), bot.confirmed(line)]
    assert bot.to_its_end().state == "failed"
    seen += [*bot.told(), *bot.lives, everything(bot)]
    assert [each for each in seen if CANARY in each] == []


def test_secrets_of_the_configuration_are_hidden_in_what_goes(bot: Changing, farm: RunningFarm) -> None:
    secret = next(line for line in bot.running("leaf01").splitlines() if "password 5 " in line).split()[4]
    bot = bot
    said = bot.outcome("switch config @leaf snmp-server location x --pause 0s").replies[0]
    assert said.file is not None
    bot.confirmed("switch config @leaf snmp-server location x --pause 0s")
    bot.to_its_end()
    assert secret not in said.markdown + said.file.content.decode() + everything(bot)


def test_a_secret_typed_into_the_lines_is_refused_and_kept_nowhere(bot: Changing) -> None:
    said = bot.say('switch config leaf01 "ntp authentication-key 1 md5 hunter22-of-ntp 7"')
    assert "holds a secret, and what is typed here is kept" in said
    assert "hunter22" not in said


def test_the_password_of_the_switches_is_nowhere(bot: Changing, postgres_url: str) -> None:
    bot.confirmed("switch config leaf01 ntp server 10.9.9.9 --pause 0s")
    bot.to_its_end()
    assert '"playground"' not in everything(bot)
    with psycopg.connect(postgres_url) as connection:
        assert connection.execute("SELECT count(*) FROM switch_change_states").fetchone() == (1,)
