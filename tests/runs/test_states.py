"""The machine of a run's states."""

from __future__ import annotations

import pytest

from bot.runs.states import ENDED, MOVES, ImpossibleMove, State, check_move


def test_every_state_has_its_moves() -> None:
    assert set(MOVES) == set(State)


def test_from_an_end_nothing_leads_on() -> None:
    assert {state for state, moves in MOVES.items() if not moves} == ENDED


def test_every_state_can_be_reached_and_every_state_can_end() -> None:
    reached, ends = {State.REQUESTED}, set(ENDED)
    for _ in State:
        reached |= {new for old in reached for new in MOVES[old]}
        ends |= {old for old, moves in MOVES.items() if moves & ends}
    assert reached == set(State)
    assert ends == set(State)


def test_a_lost_run_is_not_over() -> None:
    assert State.LOST not in ENDED
    assert MOVES[State.LOST] >= {State.CANCELLED, State.DONE, State.FAILED}


def test_a_move_off_the_table_is_refused() -> None:
    with pytest.raises(ImpossibleMove, match=r"A run cannot go from done to running\."):
        check_move(State.DONE, State.RUNNING)
