"""Long texts are read in windows, so that other threads go on: what comes out is what reading them whole gives."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.outbound import redact
from bot.outbound.redact import Redactor

SECRET = 'hunter2/"x" three'
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl"
KEY = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEpAIBAAKCAQEA\n" * 40 + "-----END RSA PRIVATE KEY-----"
SMALL, LAP = 400, 120
REDACTOR = Redactor([SECRET, "swordfish"])
PIECES = (
    SECRET, quote(SECRET), json.dumps(SECRET)[1:-1], "swordfish", JWT, KEY, KEY[:90], "password=",
    "token: ", "«redacted»", "https://ada:", "@ci.example.com/", "--token ", "Bearer ",
    "x" * 150, "y" * 500, "\n", " ", '"', "'", "é🚀",
)  # fmt: skip


def whole(text: str) -> str:
    """Read in one go."""
    assert len(text) < 1 << 18
    return REDACTOR.redact(text)


@pytest.fixture
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redact, "_WINDOW", SMALL)
    monkeypatch.setattr(redact, "_OVERLAP", LAP)


@pytest.mark.parametrize(
    "planted", [SECRET, JWT, KEY, 'password="a b c"', "https://ada:lovelace@ci.example.com"]
)
@pytest.mark.parametrize("before", ["ordinary words ", "user: ada\n", "a=b&"])
def test_wherever_a_window_ends_a_secret_is_blanked_whole(
    monkeypatch: pytest.MonkeyPatch, planted: str, before: str
) -> None:
    for offset in range(SMALL - len(planted) % SMALL - 60, SMALL + LAP, 7):
        text = (before * 200)[:offset] + " " + planted + " " + before * 100
        expected = whole(text)
        assert planted not in expected
        with monkeypatch.context() as patch:
            patch.setattr(redact, "_WINDOW", SMALL)
            patch.setattr(redact, "_OVERLAP", LAP)
            assert REDACTOR.redact(text) == expected


@given(st.lists(st.sampled_from(PIECES), min_size=5, max_size=60).map("".join))
def test_any_mixture_comes_out_as_if_read_whole(text: str) -> None:
    expected = whole(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redact, "_WINDOW", SMALL)
        patch.setattr(redact, "_OVERLAP", LAP)
        assert REDACTOR.redact(text) == expected
        assert REDACTOR.redact_bytes(text.encode()) == expected.encode()


def test_a_file_that_is_no_text_keeps_every_byte_but_the_secret(small_windows: None) -> None:
    noise = bytes(range(256)) * 20
    assert REDACTOR.redact_bytes(noise + b" swordfish " + noise) == noise + " «redacted» ".encode() + noise
