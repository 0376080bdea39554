"""Teams and who is in them, against the playground's Webex."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from webex_peers import Account, Playground
from webexpythonsdk import WebexAPI

from bot.webex import BadData, NotFound, Team, TeamMembership
from bot.webex.transport import route_of


@pytest.fixture
def new_team(playground: Playground, ada: Account) -> Callable[..., str]:
    """Makes a team of Ada's with these members, and returns its id."""
    api = WebexAPI(access_token=ada.token, base_url=playground.api, wait_on_rate_limit=False)

    def made(name: str, *members: str) -> str:
        team_id: str = api.teams.create(name).id
        for email in members:
            api.team_memberships.create(team_id, personEmail=email)
        return team_id

    return made


def test_the_bot_sees_the_teams_it_is_in(bot: Account, new_team: Callable[..., str]) -> None:
    bot.client.me()
    ours = new_team("Build Squad", bot.email)
    new_team("Without the bot")

    assert list(bot.client.list_teams()) == [Team(ours, "Build Squad")]


def test_who_is_in_a_team_and_who_moderates_it(
    bot: Account, ada: Account, new_team: Callable[..., str]
) -> None:
    bot.client.me()
    team = new_team("Build Squad", bot.email)

    found = list(bot.client.list_team_memberships(team))

    assert [(each.person_email, each.is_moderator) for each in found] == [
        (ada.email, True),
        (bot.email, False),
    ]
    assert {each.team_id for each in found} == {team}
    assert found[0].person_id == ada.client.me().id


def test_a_large_team_is_fetched_page_by_page(
    bot: Account, playground: Playground, new_team: Callable[..., str]
) -> None:
    bot.client.me()
    people = (f"p{number}-{bot.email.partition('@')[0]}@example.com" for number in range(200))
    team = new_team("Build Squad", bot.email, *people)
    before = playground.calls("GET /v1/team/memberships")

    assert len(list(bot.client.list_team_memberships(team))) == 202
    assert playground.calls("GET /v1/team/memberships") == before + 2


def test_the_members_of_a_foreign_team_are_not_found(bot: Account, new_team: Callable[..., str]) -> None:
    team = new_team("Without the bot")

    with pytest.raises(NotFound, match=f"Listing the members of team {team}: Webex answered 404 Not Found"):
        list(bot.client.list_team_memberships(team))


def test_a_call_about_teams_is_counted_under_its_kind() -> None:
    base = "https://webexapis.com/v1/"

    assert route_of(f"{base}team/memberships?teamId=1", base) == "/team/memberships"
    assert route_of(f"{base}team/memberships/1", base) == "/team/memberships/{id}"
    assert route_of(f"{base}teams/1", base) == "/teams/{id}"
    assert route_of(f"{base}attachment/actions/1", base) == "/attachment/actions/{id}"


def test_a_team_membership_without_flag_or_address() -> None:
    membership = TeamMembership.from_json({"id": "m", "teamId": "t", "personId": "p"})

    assert membership == TeamMembership("m", "t", "p", person_email="", is_moderator=False)


def test_what_is_no_team_is_refused_by_name() -> None:
    with pytest.raises(BadData, match="team: 'name' holds nothing"):
        Team.from_json({"id": "t"})
    with pytest.raises(BadData, match="team membership: 'teamId' holds nothing"):
        TeamMembership.from_json({"id": "m", "personId": "p"})
