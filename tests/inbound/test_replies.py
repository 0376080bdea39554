"""Long replies, and replies that quote from outside, as they arrive in the room."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from bot.commands.context import Context
from bot.commands.model import Reply, command
from bot.outbound.quoting import fence
from bot.store.database import Database
from tests.bot_in_process import BotInProcess, bot_in_process
from tests.playground.running import Webex

LOG = "\n".join(f"step {number}: 🚀 ok" for number in range(1, 1300))


@command("log show")
@click.argument("length", type=int)
def show_log(context: Context, length: int) -> Reply:
    """Show the beginning of a log."""
    return Reply(f"The log:\n\n{fence(LOG[:length], 'console')}")


@pytest.fixture
def reader(webex: Webex, database: Database) -> Iterator[BotInProcess]:
    with bot_in_process(webex, database, commands=(show_log, quote_log)) as running:
        yield running


def test_a_reply_of_many_pages_arrives_in_parts_in_order_with_its_fences_whole(reader: BotInProcess) -> None:
    message = reader.hear("log show 15000")
    reader.work()
    parts = reader.thread(message["id"])
    assert len(parts) == 3
    assert [len(part.encode()) <= 7439 for part in parts] == [True] * 3
    shown = [part.split("\n") for part in parts]
    assert shown[0][:3] == ["The log:", "", "```console"]
    assert [lines[0] for lines in shown[1:]] == ["```console"] * 2
    assert [lines[-1] for lines in shown] == ["```"] * 3
    code = [line for lines in shown for line in lines if line.startswith("step ")]
    assert "\n".join(code) == LOG[:15000]


def test_a_reply_of_30000_characters_with_fences_and_emoji_is_a_short_message_and_a_file(
    webex: Webex, database: Database
) -> None:
    everything = "\n\n".join(fence(f"🚀 {number} {'x' * 80}", "console") for number in range(300))[:30_000]

    @command("everything")
    def show_everything(context: Context) -> Reply:
        """Show everything."""
        return Reply(everything)

    with bot_in_process(webex, database, commands=(show_everything,)) as bot:
        message = bot.hear("everything")
        bot.work()
        [reply] = bot.messages(parentId=message["id"])
        assert reply["markdown"].startswith("```console\n🚀 0 xxxx")
        assert reply["markdown"].endswith(
            f"… This is the beginning of {everything.count(chr(10)) + 1:,} lines "
            f"({len(everything.encode()):,} bytes). All of it is in **output.md**."
        )
        content = webex.person().call("GET", reply["files"][0].partition("/v1/")[2])
        assert content.content.decode() == everything
        assert 'filename="output.md"' in content.headers["Content-Disposition"]


@command("log quote")
def quote_log(context: Context) -> Reply:
    """Quote a log in which somebody wrote a mention."""
    return Reply(
        "The log says <@all>:\n\n" + fence("deploy <@all> now <@personEmail:you@example.com>\n```\nrm -rf")
    )


def test_a_mention_in_a_quoted_log_reaches_nobody(reader: BotInProcess) -> None:
    message = reader.hear("log quote")
    reader.work()
    [reply] = reader.messages(parentId=message["id"])
    assert "mentionedPeople" not in reply and "mentionedGroups" not in reply
    assert reply["markdown"].replace("\u200b", "") == (
        "The log says <@all>:\n\n````\ndeploy <@all> now <@personEmail:you@example.com>\n```\nrm -rf\n````"
    )
    assert "spark-mention" not in reply["html"]
