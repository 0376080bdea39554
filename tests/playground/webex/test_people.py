"""Who somebody is: tokens, people/me, looking people up."""

import pytest

from tests.playground.running import Caller, Webex


def test_a_person_token_acts_as_that_person(webex: Webex) -> None:
    me = webex.person("ada.lovelace@example.com").get("people/me")
    assert me["emails"] == ["ada.lovelace@example.com"]
    assert me["displayName"] == "Ada Lovelace"
    assert (me["firstName"], me["lastName"], me["nickName"]) == ("Ada", "Lovelace", "Ada")
    assert me["type"] == "person"


def test_a_bot_token_acts_as_that_bot(webex: Webex) -> None:
    me = webex.sdk("bot:sparkops@webex.bot").people.me()
    assert (me.type, me.displayName, me.emails) == ("bot", "Sparkops", ["sparkops@webex.bot"])
    assert me.created.year >= 2026


def test_the_same_token_is_the_same_person_whatever_the_case_of_the_address(webex: Webex) -> None:
    assert webex.person("You@Example.com").get("people/me") == webex.person().get("people/me")


@pytest.mark.parametrize("token", ["", "secret", "person:", "person:nobody", "robot:a@b.c"])
def test_any_other_token_is_refused(webex: Webex, token: str) -> None:
    message = Caller(webex.api, token).refused(401, "GET", "people/me")
    assert message == "The request requires a valid access token set in the Authorization request header."


def test_a_call_without_a_token_is_refused(webex: Webex) -> None:
    Caller(webex.api, "x").refused(401, "GET", "rooms", headers={"Authorization": "Basic Og=="})


def test_a_person_cannot_come_back_as_a_bot(webex: Webex) -> None:
    webex.person().get("people/me")
    message = webex.bot("you@example.com").refused(401, "GET", "people/me")
    assert message == "you@example.com is a person: use the token 'person:you@example.com'."


def test_someone_first_named_by_others_may_turn_out_to_be_a_bot(webex: Webex) -> None:
    webex.person().post("messages", toPersonEmail="ci@example.com", text="hi")
    assert webex.bot("ci@example.com").get("people/me")["type"] == "bot"


def test_people_are_found_by_address_by_the_start_of_a_name_and_by_id(webex: Webex) -> None:
    ada, you = webex.person("ada.lovelace@example.com").get("people/me"), webex.person()
    assert you.get("people", email="ADA.lovelace@example.com")["items"] == [ada]
    assert you.get("people", displayName="ada L")["items"] == [ada]
    assert you.get("people", id=f"{ada['id']},unknown")["items"] == [ada]
    assert you.get(f"people/{ada['id']}") == ada
    assert you.get("people", email="nobody@example.com")["items"] == []


def test_nobody_may_list_everybody(webex: Webex) -> None:
    assert webex.person().refused(400, "GET", "people") == "Email or displayName should be specified."


def test_an_unknown_person_is_not_found(webex: Webex) -> None:
    message = webex.person().refused(404, "GET", "people/unknown")
    assert message == "The requested resource could not be found."


def test_ids_are_opaque_stable_and_of_webex_shape(webex: Webex) -> None:
    identifier = webex.person().get("people/me")["id"]
    assert identifier.startswith("Y2lzY29zcGFyazovL3VzL1BFT1BMRS8")
    assert "=" not in identifier
    webex.control("POST", "reset")
    assert webex.person().get("people/me")["id"] == identifier
