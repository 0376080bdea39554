"""What a person is answered about Jenkins, made the same in every run."""

from __future__ import annotations

import re

from bot.commands.model import Reply
from tests.integrations.jenkins.following import Following


def asked(talk: Following, line: str) -> str:
    """The answer, with the server's address and moments made the same in every run."""
    said = talk.say(line).replace(talk.server.url, "https://jenkins")
    said = re.sub(r"\d\d-\d\d \d\d:\d\d", "MM-DD hh:mm", said)
    return re.sub(r"\d+ (h|d|s|min) ago", r"N \1 ago", said)


def reply(talk: Following, line: str) -> Reply:
    """The answer with its file."""
    return talk.outcome(line).replies[0]


def content(talk: Following, line: str) -> str:
    """The file of an answer, as text."""
    file = reply(talk, line).file
    assert file is not None
    return file.content.decode()
