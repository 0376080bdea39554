"""Who may agree to a request, and how far its rules are met. Pure, but for what the relations must ask of Webex."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.access.policy import Policy, Question
from bot.config_file import ROLES, TEAM, ApprovalRule


@dataclass(frozen=True, slots=True)
class Standing:
    """One rule, and the e-mails of those who agreed and count for it: one of each person."""

    rule: ApprovalRule
    agreed: tuple[str, ...]

    @property
    def lacks(self) -> int:
        """How many more must agree."""
        return max(0, self.rule.count - len(self.agreed))


def standings(
    policy: Policy, question: Question, voters: Iterable[str], *, unknown: bool = False
) -> tuple[Standing, ...]:
    """How far each rule that holds for the question now is met by those who said yes.

    Nobody counts for their own request, nor under another address of theirs; and nobody counts twice. Whether
    somebody counts of whom only Webex could tell, and cannot be asked, is `unknown`.
    """
    said_yes = tuple(voters)
    return tuple(
        Standing(rule, _counting(policy, rule, question, said_yes, unknown))
        for rule in policy.approvals_for(question)
    )


def _counting(
    policy: Policy, rule: ApprovalRule, question: Question, voters: tuple[str, ...], unknown: bool
) -> tuple[str, ...]:
    asker = policy.identity(question.person)
    counted: dict[str, str] = {}
    for voter in voters:
        identity = policy.identity(voter)
        if identity != asker and policy.is_one_of(rule.of, voter, question, unknown=unknown):
            counted.setdefault(identity, voter)
    return tuple(counted.values())


def agreed_by(met: Iterable[Standing]) -> tuple[str, ...]:
    """Everybody who counts for one rule or another, once."""
    return tuple(dict.fromkeys(email for standing in met for email in standing.agreed))


def may_agree(policy: Policy, question: Question, person: str, *, unknown: bool = False) -> bool:
    """Whether the yes of this person would count for the question."""
    return any(standing.agreed for standing in standings(policy, question, (person,), unknown=unknown))


def addresses(policy: Policy, of: Iterable[str], asker: str) -> tuple[str, ...]:
    """Every approver that can be named: groups in full, owners by address, one address of each person.

    Globs, roles and teams name nobody, and nobody is asked about their own request.
    """
    named: dict[str, str] = {}
    for email in (email for name in of for email in _written(policy, name)):
        named.setdefault(policy.identity(email), email)
    named.pop(policy.identity(asker), None)
    return tuple(named.values())


def is_closed(policy: Policy, of: Iterable[str]) -> bool:
    """Whether `addresses` names all who may agree: then there are no more of them."""
    return all(
        name == "owners"
        or (name in policy.groups and all(_is_address(member) for member in policy.groups[name]))
        or (name not in ROLES and not name.startswith(TEAM) and _is_address(name))
        for name in of
    )


def _written(policy: Policy, name: str) -> tuple[str, ...]:
    if name == "owners":
        return tuple(sorted(policy.owners))
    if name in ROLES or name.startswith(TEAM):
        return ()
    members = policy.groups.get(name, (name,))
    return tuple(member.casefold() for member in members if _is_address(member))


def _is_address(member: str) -> bool:
    return "@" in member and not {"*", "?"} & set(member)
