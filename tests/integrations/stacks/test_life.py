"""The life of an instance, walked as it goes; what may never follow; and that nothing is a dead end."""

from __future__ import annotations

import pytest

from integrations.stacks.life import (
    BUSY,
    CHANGING,
    MAY_STAND,
    MOVES,
    Happened,
    ImpossibleMove,
    Phase,
    after,
)

P, H = Phase, Happened
WALKS = {
    "made, used, and taken down by its lease": (
        [
            *(H.PLAN_BEGAN, H.PLANNED, H.AGREED, H.APPLY_BEGAN, H.DONE, H.HEALTHY),
            *(H.LEASE_ENDED, H.AGREED, H.DESTROY_BEGAN, H.DONE),
        ],
        [
            *(P.PLANNING, P.AWAITING_APPROVAL, P.QUEUED, P.APPLYING, P.HEALTH, P.UP),
            *(P.EXPIRING, P.QUEUED, P.DESTROYING, P.GONE),
        ],
    ),
    "nobody has to agree": ([H.PLAN_BEGAN, H.AGREED, H.APPLY_BEGAN], [P.PLANNING, P.QUEUED, P.APPLYING]),
    "nothing to do": ([H.PLAN_BEGAN, H.NOTHING_TO_DO], [P.PLANNING, P.UP]),
    "refused": ([H.PLAN_BEGAN, H.PLANNED, H.REFUSED], [P.PLANNING, P.AWAITING_APPROVAL, P.CANCELLED]),
    "the state changed under the approval": (
        [H.PLAN_BEGAN, H.PLANNED, H.STATE_CHANGED, H.PLAN_BEGAN],
        [P.PLANNING, P.AWAITING_APPROVAL, P.STALE, P.PLANNING],
    ),
    "the files changed while it waited for its turn": (
        [H.PLAN_BEGAN, H.PLANNED, H.AGREED, H.REVISION_CHANGED],
        [P.PLANNING, P.AWAITING_APPROVAL, P.QUEUED, P.STALE],
    ),
    "the engine found the plan stale": (
        [H.PLAN_BEGAN, H.AGREED, H.APPLY_BEGAN, H.STATE_CHANGED],
        [P.PLANNING, P.QUEUED, P.APPLYING, P.STALE],
    ),
    "partly made, and finished by the next plan": (
        [
            H.PLAN_BEGAN,
            H.AGREED,
            H.APPLY_BEGAN,
            H.ERRED_PARTLY,
            H.PLAN_BEGAN,
            H.AGREED,
            H.APPLY_BEGAN,
            H.DONE,
        ],
        [P.PLANNING, P.QUEUED, P.APPLYING, P.PARTIAL, P.PLANNING, P.QUEUED, P.APPLYING, P.HEALTH],
    ),
    "the worker died, somebody looked, and it is taken down": (
        [H.PLAN_BEGAN, H.AGREED, H.APPLY_BEGAN, H.WORKER_DIED, H.FOUND_PARTIAL, H.PLAN_BEGAN],
        [P.PLANNING, P.QUEUED, P.APPLYING, P.LOST, P.PARTIAL, P.PLANNING],
    ),
    "the worker died in a health check, which is done again": (
        [H.PLAN_BEGAN, H.AGREED, H.APPLY_BEGAN, H.DONE, H.WORKER_DIED, H.HEALTHY],
        [P.PLANNING, P.QUEUED, P.APPLYING, P.HEALTH, P.HEALTH, P.UP],
    ),
    "kept at the last moment": (
        [H.PLAN_BEGAN, H.NOTHING_TO_DO, H.LEASE_ENDED, H.EXTENDED],
        [P.PLANNING, P.UP, P.EXPIRING, P.UP],
    ),
    "cancelled in mid-apply, and its lease goes on": (
        [H.PLAN_BEGAN, H.AGREED, H.APPLY_BEGAN, H.STOPPED, H.LEASE_ENDED],
        [P.PLANNING, P.QUEUED, P.APPLYING, P.CANCELLED, P.EXPIRING],
    ),
}


@pytest.mark.parametrize(("happened", "phases"), WALKS.values(), ids=WALKS)
def test_it_goes_as_it_should(happened: list[Happened], phases: list[Phase]) -> None:
    phase, walked = Phase.REQUESTED, []
    for each in happened:
        phase = after(phase, each)
        walked.append(phase)
    assert walked == phases


@pytest.mark.parametrize(
    ("phase", "happened", "says"),
    [
        (P.AWAITING_APPROVAL, H.APPLY_BEGAN, "apply_began cannot happen to an instance that is awaiting_approval."),
        (P.STALE, H.AGREED, "agreed cannot happen to an instance that is stale."),
        (P.LOST, H.APPLY_BEGAN, "apply_began cannot happen to an instance that is lost."),
        (P.LOST, H.PLAN_BEGAN, "plan_began cannot happen to an instance that is lost."),
        (P.GONE, H.DESTROY_BEGAN, "destroy_began cannot happen to an instance that is gone."),
    ],
)  # fmt: skip
def test_what_may_never_follow_is_refused(phase: Phase, happened: Happened, says: str) -> None:
    with pytest.raises(ImpossibleMove) as told:
        after(phase, happened)
    assert str(told.value) == says


def test_the_table_is_of_every_phase_and_none_is_a_dead_end() -> None:
    assert set(MOVES) == set(Phase)
    assert not [phase for phase in Phase if not set(MOVES[phase].values()) - {phase}]
    used = {happened for moves in MOVES.values() for happened in moves}
    assert used == set(Happened)


def test_every_phase_can_be_reached_and_from_every_one_all_can_be_gone() -> None:
    assert reachable(P.REQUESTED) == set(Phase)
    for phase in set(Phase) - {P.REQUESTED}:
        assert P.GONE in reachable(phase), phase


def test_only_what_was_agreed_to_is_applied() -> None:
    before = {phase for phase in Phase if set(MOVES[phase].values()) & CHANGING}
    assert before == {P.QUEUED}
    leading = {happened for phase in Phase for happened, then in MOVES[phase].items() if then is P.QUEUED}
    assert leading == {H.AGREED}


def test_whoever_dies_while_something_changes_leaves_it_lost_and_never_repeated() -> None:
    assert {MOVES[phase][H.WORKER_DIED] for phase in CHANGING} == {P.LOST}
    assert set(MOVES[P.LOST]) == {H.FOUND_UP, H.FOUND_PARTIAL, H.FOUND_GONE, H.LEASE_ENDED}
    assert all(H.WORKER_DIED in MOVES[phase] for phase in BUSY)


def test_a_lease_ends_whatever_stands_sooner_or_later() -> None:
    for phase in MAY_STAND - {P.EXPIRING}:
        assert H.LEASE_ENDED in {
            happened for each in {phase, *reachable(phase)} for happened in MOVES[each]
        }, phase
    for phase in (P.UP, P.PARTIAL, P.CANCELLED, P.FAILED, P.STALE, P.AWAITING_APPROVAL):
        assert after(phase, H.LEASE_ENDED) is P.EXPIRING


def reachable(phase: Phase) -> set[Phase]:
    found, ahead = {phase}, [phase]
    while ahead:
        for then in MOVES[ahead.pop()].values():
            if then not in found:
                found.add(then)
                ahead.append(then)
    return found
