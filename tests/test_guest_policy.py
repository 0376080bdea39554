"""`guests:` of `sparkops.yaml`: what it takes, and what it refuses with the line and the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.config_file import SettingsError, read_config_file
from bot.guest_policy import GREETING, Guests


def read(folder: Path, written: str) -> Guests:
    path = folder / "sparkops.yaml"
    path.write_text(written)
    return read_config_file(path, {}).guests


def test_left_out_the_bot_greets_and_stays_everywhere(tmp_path: Path) -> None:
    assert read(tmp_path, "{}") == Guests(greeting=GREETING, domains=(), organisations=(), leave_others=False)


def test_all_of_it(tmp_path: Path) -> None:
    written = (
        "guests:\n  greeting: Hello\n  domains: example.com\n  organisations: [ORG]\n  leave_others: true\n"
    )
    assert read(tmp_path, written) == Guests(
        greeting="Hello", domains=("example.com",), organisations=("ORG",), leave_others=True
    )


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("guests:\n  leave_others: true\n",
         "line 2 (guests, leave_others): needs 'domains' or 'organisations': else it would leave every room."),
        ("guests:\n  domains: ['*.example.com']\n",
         "line 2 (guests, domains, item 1): '*.example.com' is no domain such as example.com."),
        ("guests:\n  domains:\n    - example.com\n    - ada@example.com\n",
         "line 4 (guests, domains, item 2): 'ada@example.com' is no domain such as example.com."),
        ("guests:\n  domain: example.com\n",
         "line 2 (guests, domain): there is no key 'domain' here; did you mean 'domains'?"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(tmp_path: Path, written: str, fault: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read(tmp_path, written)
    assert str(refused.value) == f"{tmp_path / 'sparkops.yaml'}, {fault}"


@pytest.mark.parametrize(
    ("email", "organisation", "belongs"),
    [
        ("ada@example.com", None, True),
        ("Ada@EXAMPLE.com", None, True),
        ("ada@at.example.org", None, True),
        ("ada@mail.example.com", None, False),
        ("ada@notexample.com", None, False),
        ("example.com@evil.example", None, False),
        ("eve@evil.example", "ORG", True),
        ("eve@evil.example", "OTHER", False),
        ("", None, False),
    ],
)
def test_who_belongs_to_the_house(email: str, organisation: str | None, belongs: bool) -> None:
    house = Guests(domains=("Example.com", "@at.example.org"), organisations=("ORG",))
    assert house.is_of_the_house(email, organisation) is belongs
