"""`switch config` from the question to its end."""

from tests.integrations.switches.changing.changing import NTP, Changing


def test_probe(bot: Changing) -> None:
    asked = bot.outcome(f"switch config @leaf {NTP} --pause 0s")
    print(asked.replies[0].markdown)
    print(asked.replies[0].file.content.decode())
    print(bot.confirmed(f"switch config @leaf {NTP} --pause 0s"))
    run = bot.to_its_end()
    print(run.state, run.result)
    print("\n".join(bot.lives))
    print("\n".join(bot.told()))
    print("\n".join(bot.files()))
    print("\n".join(bot.log()))
    print(bot.having(NTP))
    print(bot.say("switch changes"))
    print(bot.say("switch changes 1"))
    print(bot.outcome("switch rollback 1").replies[0].markdown)
    print(bot.outcome("switch rollback 1").replies[0].file.content.decode())
    print(bot.confirmed("switch rollback 1"))
    run = bot.to_its_end(2)
    print("\n".join(bot.told()))
    print(bot.having(NTP))
    print(bot.say("switch changes"))
    assert 0
