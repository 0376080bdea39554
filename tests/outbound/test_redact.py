"""What is blanked before it leaves: configured secrets in any spelling, and known token shapes."""

import base64
import json
import logging
import sys
import threading
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
import structlog
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.outbound.redact import MARK, MOST_LEARNT, IgnoredSecret, RedactingFilter, Redactor, redacting

SECRET = 'hunter2/ü "x"+?'
WEBEX_TOKEN = "Yj" + "Ab1" * 20 + "Zz_PF84_1eb65fdf-9643-417f-9974-ad72cae0e10f"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl"
JENKINS_TOKEN = "11" + "0123456789abcdef" * 2


@pytest.mark.parametrize(
    "spelled",
    [
        SECRET,
        quote(SECRET),
        quote(SECRET, safe=""),
        quote(SECRET, safe="").lower(),
        quote_plus(SECRET),
        json.dumps(SECRET)[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1],
        base64.b64encode(SECRET.encode()).decode(),
        base64.urlsafe_b64encode(SECRET.encode()).decode(),
    ],
)
def test_a_configured_secret_is_blanked_in_every_spelling(spelled: str) -> None:
    assert Redactor([SECRET]).redact(f"sent {spelled} to ci") == "sent «redacted» to ci"


@pytest.mark.parametrize(
    ("user", "shown"),
    [
        ("ada", "YWRhOn«redacted»Dptb3Jl"),
        ("adam", "YWRhbTp«redacted»g6bW9yZQ=="),
        ("adams", "YWRhbXM6«redacted»Om1vcmU="),
    ],
)
def test_a_secret_within_the_base64_of_a_longer_text_is_blanked(user: str, shown: str) -> None:
    credentials = base64.b64encode(f"{user}:swordfish:more".encode()).decode()
    assert Redactor(["swordfish"]).redact(f"sent {credentials}") == f"sent {shown}"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"token is {WEBEX_TOKEN}.", "token is «redacted»."),
        ("ghp_" + "a1" * 18, "«redacted»"),
        ("github_pat_" + "a1_" * 10, "«redacted»"),
        ("glpat-" + "a1-_" * 5 + " used", "«redacted» used"),
        ("key AKIAIOSFODNN7EXAMPLE", "key «redacted»"),
        (f"session {JWT} ok", "session «redacted» ok"),
        (f"https://ada:{JENKINS_TOKEN}@ci.example/job/api", "https://ada:«redacted»@ci.example/job/api"),
        (f"ada:{JENKINS_TOKEN}@ci.example", "ada:«redacted»@ci.example"),
        ("postgres://bot:p@ss@db.example/x", "postgres://bot:«redacted»@db.example/x"),
        (f"curl -u ada:{JENKINS_TOKEN} ci", "curl -u ada:«redacted» ci"),
        ("Authorization: Basic YWRhOng=", "Authorization: Basic «redacted»"),
        (
            "{'Authorization': 'Bearer abc', 'Accept': '*'}",
            "{'Authorization': 'Bearer «redacted»', 'Accept': '*'}",
        ),
        ("sent bearer abcdefghijklmnop.q", "sent bearer «redacted»"),
        ("password=hunter2&x=1", "password=«redacted»&x=1"),
        ("DB_PASSWORD=a,b;c", "DB_PASSWORD=«redacted»"),
        ("{token: abc, n: 1}", "{token: «redacted», n: 1}"),
        ('{"api_key": "a \\"b\\" c", "n": 1}', '{"api_key": "«redacted»", "n": 1}'),
        ('"{\\"secret\\": \\"abc\\", \\"n\\": 1}"', '"{\\"secret\\": \\"«redacted»\\", \\"n\\": 1}"'),
        ("<apiToken>abc</apiToken>", "<apiToken>«redacted»</apiToken>"),
        ("deploy --password hunter2 now", "deploy --password «redacted» now"),
        (
            "key:\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nend",
            "key:\n«redacted»\nend",
        ),
        ("-----BEGIN PRIVATE KEY-----\n12:00 MIIE\n12:01 AAA", "«redacted»"),
    ],
)
def test_known_shapes_are_blanked_without_being_configured(text: str, shown: str) -> None:
    assert Redactor().redact(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "commit 11" + "0123456789abcdef" * 2 + "aabbcc built",
        "image sha256:11" + "0" * 62,
        "basic information: 512 tokens used, docker run -u 1000:1000",
        "see https://ci.example:8080/job/api and ssh://git@git.example/x",
        "credentialsId 'nexus'",
    ],
)
def test_ordinary_log_lines_stay_as_they_are(text: str) -> None:
    assert Redactor(["swordfish"]).redact(text) == text


def test_of_two_secrets_the_longer_is_blanked_first() -> None:
    assert Redactor(["swordfish", "swordfish-and-chips"]).redact("x swordfish-and-chips") == "x «redacted»"


def test_a_secret_which_ends_like_a_value_is_blanked_whole() -> None:
    assert Redactor(["pa ss, word"]).redact("password=pa ss, word next") == "password=«redacted» next"


def test_a_key_of_several_lines_is_blanked_line_by_line() -> None:
    key = "BEGIN KEY\nAAAAB3NzaC1yc2EAAAADAQAB\nend"
    assert Redactor([key]).redact("12:00 AAAAB3NzaC1yc2EAAAADAQAB") == "12:00 «redacted»"


def test_short_secrets_are_named_in_a_warning_and_not_looked_for() -> None:
    redactor = Redactor(["swordfish", "abc", ""])
    assert redactor.warnings == (IgnoredSecret(position=2, length=3),)
    assert str(redactor.warnings[0]) == (
        "secret 2 has 3 characters and is not redacted: anything shorter than 6 would blank ordinary words;"
        " use a longer secret"
    )
    assert redactor.redact("abc") == "abc"


def test_a_redactor_cannot_be_changed_and_does_not_show_its_secrets() -> None:
    redactor = Redactor(["swordfish"])
    with pytest.raises(AttributeError, match="make another"):
        redactor.warnings = ()
    assert "swordfish" not in repr(redactor)


def test_values_within_values_are_redacted() -> None:
    value = {
        "url": "https://ci/?k=swordfish",
        "swordfish": [b"swordfish", ("a", {"swordfish"})],
        "password": "short",
        "access_token": 12345,
        "token": None,
        "error": ValueError("no swordfish"),
        "path": ["ok", 1, 2.5, True],
    }
    assert Redactor(["swordfish"]).redact_value(value) == {
        "url": "https://ci/?k=«redacted»",
        "«redacted»": ["«redacted»".encode(), ("a", {"«redacted»"})],
        "password": "«redacted»",
        "access_token": "«redacted»",
        "token": None,
        "error": "ValueError: no «redacted»",
        "path": ["ok", 1, 2.5, True],
    }


def test_a_value_that_holds_itself_ends() -> None:
    loop: list[object] = ["swordfish"]
    loop.append(loop)
    assert "swordfish" not in repr(Redactor(["swordfish"]).redact_value(loop))


def test_structlog_events_lose_secrets_even_in_a_traceback() -> None:
    process = redacting(Redactor(["swordfish"]))
    try:
        raise ValueError("GET https://ci/?k=swordfish")
    except ValueError:
        event: Any = process(structlog.get_logger(), "error", {"event": "jenkins.call", "exc_info": True})
    assert event["event"] == "jenkins.call"
    assert event["exception"].endswith("ValueError: GET https://ci/?k=«redacted»")
    assert "exc_info" not in event


def test_a_library_log_record_loses_secrets_in_message_traceback_and_extras() -> None:
    try:
        raise ValueError("swordfish")
    except ValueError:
        record = logging.getLogger("urllib3").makeRecord(
            "urllib3", logging.ERROR, __file__, 1, "GET %s", ("/swordfish",), sys.exc_info(),
            extra={"header": "swordfish"}, sinfo="at swordfish",
        )  # fmt: skip
    assert RedactingFilter(Redactor(["swordfish"])).filter(record)
    shown = logging.Formatter("%(message)s %(header)s").format(record)
    assert shown.startswith("GET /«redacted» «redacted»\nTraceback")
    assert "swordfish" not in shown


def test_a_log_record_whose_arguments_do_not_fit_is_shown_and_redacted() -> None:
    record = logging.makeLogRecord({"msg": "%d builds", "args": ("swordfish",)})
    assert RedactingFilter(Redactor(["swordfish"])).filter(record)
    assert record.getMessage().startswith(
        "%d builds with arguments ('«redacted»',) that do not fit: %d format"
    )


texts = st.text(st.sampled_from("ab1 =:\"'\\/@,;&%+-_«»\n") | st.characters(codec="utf-8"), max_size=40)
words = st.sampled_from(
    ["password=", "token: ", "Authorization: Bearer ", "://u:", "@", "11" + "a" * 32, "ghp_" + "a" * 36, MARK,
     "AKIAIOSFODNN7EXAMPLE", JWT, "-u a:", '\\"', '"', "'", "--token ", "bearer ",
     "swordfish", "sword,fish x"]
)  # fmt: skip
logs = st.lists(words | texts, max_size=12).map("".join)


@given(
    logs,
    st.lists(st.text(min_size=6, max_size=20).filter(lambda s: "«" not in s and "»" not in s), max_size=3),
)
def test_redacting_twice_changes_nothing(text: str, secrets: list[str]) -> None:
    redactor = Redactor([*secrets, "swordfish", "sword,fish x"])
    once = redactor.redact(text)
    assert redactor.redact(once) == once


@given(st.text(st.characters(codec="utf-8"), min_size=6, max_size=30).map(str.strip), logs, logs)
def test_no_spelling_of_a_secret_is_left(secret: str, before: str, after: str) -> None:
    assume(len(secret) >= 6 and secret not in MARK)
    spellings = [secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]]
    spellings += [
        base64.b64encode(secret.encode()).decode(),
        base64.urlsafe_b64encode(secret.encode()).decode(),
    ]
    for spelled in spellings:
        text = f"{before} {spelled} {after}"
        assert spelled not in Redactor([secret]).redact(text).replace(MARK, "")


# --- secrets learnt while running


def test_a_learnt_secret_is_blanked_from_then_on_in_every_spelling_beside_the_configured() -> None:
    redactor = Redactor(["configured-one"])
    text = f"{SECRET} {quote(SECRET)} {base64.b64encode(SECRET.encode()).decode()} configured-one"
    assert redactor.redact(SECRET) == SECRET
    redactor.learn([SECRET])
    assert redactor.redact(text) == " ".join([MARK] * 4)


def test_what_is_too_short_or_known_is_not_learnt() -> None:
    redactor = Redactor(["configured-one"])
    redactor.learn(["ada", "  ", "configured-one"])
    assert redactor.redact("ada configured-one") == f"ada {MARK}"


def test_the_secret_not_met_for_longest_is_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.outbound.redact.MOST_LEARNT", 3)
    redactor = Redactor(["configured-one"])
    redactor.learn(["first-one", "second-one"])
    redactor.learn(["third-one"])
    redactor.learn(["first-one"])
    redactor.learn(["fourth-one"])
    shown = redactor.redact("first-one second-one third-one fourth-one configured-one")
    assert shown == f"{MARK} second-one {MARK} {MARK} {MARK}"


def test_a_thousand_are_kept() -> None:
    assert MOST_LEARNT == 1_000
    redactor = Redactor()
    every = [f"{number:04}secretOfSomebody" for number in range(1_001)]
    redactor.learn(every)
    assert [redactor.redact(each) == MARK for each in every] == [False] + [True] * 1_000


def test_threads_learn_and_redact_at_once() -> None:
    redactor = Redactor()
    wrong: list[str] = []

    def work(number: int) -> None:
        for turn in range(5):
            secret = f"secret-{number}-of-turn-{turn}"
            redactor.learn([secret])
            wrong.extend(each for each in [redactor.redact(secret)] if each != MARK)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert redactor.redact("secret-0-of-turn-0 secret-3-of-turn-4") == f"{MARK} {MARK}"


@settings(max_examples=30)
@given(
    st.lists(
        st.text(min_size=6, max_size=12).filter(lambda each: len(each.strip()) >= 6), min_size=2, max_size=8
    )
)
def test_learning_comes_to_the_same_as_being_told_at_first(secrets: list[str]) -> None:
    learning = Redactor(secrets[:1])
    learning.learn(secrets[1:])
    text = f"we said {' and '.join(secrets)}."
    assert learning.redact(text) == Redactor(secrets).redact(text)
