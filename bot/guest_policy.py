"""`guests:` of `sparkops.yaml`: how the bot behaves in rooms it is invited to, and where it does not stay. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from bot.config_fields import Listed, Strict
from bot.stale_policy import Fault

GREETING = (
    "👋 Hello, I am **{name}**. I do chores from chat: you say one line, I do it, and where it could hurt I ask "
    "first. I am run by {owners}. Say {help} to see what I can do for you here. {hears}"
)


class Guests(Strict):
    """The bot as a guest. It greets once in each room it is added to, and in a direct room at the first message.

    Somebody belongs to the house by the domain of their e-mail or by their Webex organisation; either will do.
    A room counts as one of the house's when both who added the bot and who made the room belong to it; of one
    whom Webex does not know any more only the other counts.
    """

    greeting: str = GREETING
    """What it says first, with `{name}`, `{owners}` and `{help}` filled in, and in a group room `{hears}`: that it
    hears only what mentions it. Empty: it does not greet."""
    domains: Listed = ()
    """Domains of e-mails, such as `example.com`; `mail.example.com` is another."""
    organisations: Listed = ()
    """Ids of Webex organisations (`orgId` of a person)."""
    leave_others: bool = False
    """Whether it leaves group rooms that are not the house's, with one polite line."""

    def is_of_the_house(self, email: str, organisation: str | None) -> bool:
        """Whether somebody belongs to one of the domains or one of the organisations."""
        domain = email.casefold().rpartition("@")[2]
        domains = {each.casefold().removeprefix("@") for each in self.domains}
        return domain in domains or organisation in self.organisations


def faults_of_guests(guests: Guests) -> Iterator[Fault]:
    """What pydantic cannot see: leaving rooms without saying which."""
    if guests.leave_others and not (guests.domains or guests.organisations):
        yield (
            ("guests", "leave_others"),
            "needs 'domains' or 'organisations': else it would leave every room",
        )
    for number, domain in enumerate(guests.domains):
        if "*" in domain or "@" in domain.removeprefix("@") or not domain.removeprefix("@"):
            yield ("guests", "domains", number), f"{domain!r} is no domain such as example.com"
