"""Whatever the policy: text, card, REST, terminal, schedule and the beginning of a run decide alike."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.access.policies import Policies
from bot.access.policy import Policy
from bot.commands.context import asked
from bot.commands.execute import execute
from bot.commands.gate import NOT_KNOWN, may_begin
from bot.commands.model import Entry, Place, Request
from bot.commands.parse import Parsed, parse, words_of
from bot.config_file import ConfigFile
from bot.runs.kinds import RunView, Undecided
from bot.runs.states import State
from bot.store.database import Database
from tests.commands.bakery import Bakery
from tests.talking import Conversation, Stated, conversation

PEOPLE = ("you@example.com", "ada@example.com", "eve@other.example", "robot@webex.bot")
LINES = {
    "bread list": "bread list --kind rye",
    "bread bake": "bread bake rye Sunday round long",
    "bread order": "bread order mill FLOUR=rye --to home",
    "bread throw": "bread throw stale",
    "run list": "run list",
    "ping": "ping",
}
_numbers = count()

who = st.lists(
    st.sampled_from(
        [
            "everyone",
            "owners",
            "moderators",
            "team:Core",
            "ops",
            "ada@example.com",
            "*@other.example",
            "*@webex.bot",
        ]
    ),
    min_size=1,
    max_size=2,
)
scope = {
    "rooms": st.lists(
        st.sampled_from(["*", "Ops *", "group", "direct", "none", "room-1"]), min_size=1, max_size=2
    ),
    "commands": st.lists(
        st.sampled_from(["*", "bread *", "bread throw", "ping", "run *"]), min_size=1, max_size=2
    ),
    "effects": st.lists(st.sampled_from(["read", "change", "destroy"]), min_size=1, unique=True),
    "arguments": st.sampled_from([{}, {}, {"kind": "rye"}, {"loaves": "fresh"}, {"extras": "FLOUR=*"}]),
}
rules = st.lists(
    st.one_of(st.fixed_dictionaries({"allow": who} | scope), st.fixed_dictionaries({"deny": who} | scope)),
    max_size=5,
)
places = st.sampled_from(
    [
        Place(("room-1",), "Ops Berlin", "group"),
        Place(("room-2", "room-1"), "Lab", "group"),
        Place(("room-3",), "", "direct"),
        Place(),
    ]
)


@pytest.fixture
def talk(database: Database, tmp_path: Any) -> Conversation:
    """A bot with the bakery's commands."""
    config = {"modules": ["tests.commands.bakery"]}
    return conversation(database, config=config, folder=tmp_path, clients={"bakery": Bakery()})


@given(
    rules=rules,
    person=st.sampled_from(PEOPLE),
    line=st.sampled_from(sorted(LINES.values())),
    place=places,
    moderates=st.booleans(),
    in_team=st.booleans(),
    inside=st.booleans(),
    away=st.booleans(),
)
@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_all_entries_decide_alike(
    talk: Conversation,
    rules: list[dict[str, Any]],
    person: str,
    line: str,
    place: Place,
    moderates: bool,
    in_team: bool,
    inside: bool,
    away: bool,
) -> None:
    file = ConfigFile.model_validate({"groups": {"ops": ["*@example.com"]}, "access": rules})
    relations = Stated(
        outside=set() if inside else {(person, place.room_id or "")},
        moderators={(person, place.room_id or "")} if moderates else set(),
        teams={"Core": {person} if in_team else set()},
        away=away,
    )
    services = replace(
        talk.services,
        policies=Policies(Policy.of_file(file, owners=("you@example.com",))),
        relations=relations,
    )
    words = words_of(line)
    assert isinstance(words, tuple)

    decided = set()
    for entry in Entry:
        by_words = entry is Entry.CARD
        request = Request(
            f"agree:{next(_numbers)}",
            entry,
            person,
            place,
            "" if by_words else line,
            words if by_words else (),
        )
        outcome = execute(request, services)
        is_in = outcome.decision in ("allowed", "confirmation asked")
        decided.add((is_in, outcome.rule))

    parsed = parse(words, services.registry)
    assert isinstance(parsed, Parsed)
    view = RunView(
        1, "kind", "a run", State.REQUESTED, {}, {}, person, place.room_id, "", None,
        asked=asked(parsed.command, Request("agree", Entry.TEXT, person, place), parsed.arguments),
    )  # fmt: skip
    assert len(decided) == 1, decided
    is_in, rule = decided.pop()
    if rule == NOT_KNOWN:
        with pytest.raises(Undecided):
            may_begin(view, services)
    else:
        assert (may_begin(view, services) is None) is is_in
