"""What `make contract` prints and with which status it ends."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.contract import __main__ as command
from tests.contract.bakery import ask, bake, description
from tests.contract.checking import Contract
from tests.contract.description import KnownError
from tests.contract.exchanges import Exchange
from tests.contract.report import Findings, findings, text

ROOT = Path(__file__).parents[2]
ROLLS = KnownError(
    ("paths",),
    {"/rolls": {"get": {"responses": {"204": {"description": "Sold out"}}}}},
    "rolls are forgotten",
    "the shop window",
)


NOWHERE = Exchange("plain", "GET", "/v1/croissants", 404)


def found(*exchanges: Exchange, holes: tuple[str, ...] = (), stale: tuple[KnownError, ...] = ()) -> Findings:
    """The findings of a conversation with the bakery."""
    contract = Contract(description(), [ROLLS])
    return findings(description(), contract, exchanges, stale=stale, holes=holes, known_errors=[ROLLS])


def test_the_text_when_all_is_as_described() -> None:
    good = found(ask(), ask("?max=1"), Exchange("plain", "GET", "/v1/rolls", 204), NOWHERE)
    assert good.passed
    assert text(good) == (
        "operation                                  adapter  plain  deviations  answered\n"
        "GET /loaves                                      2      0           0  200\n"
        "GET /rolls *                                     0      1           0  204\n"
        "\n"
        "1 of the description's 3 operations exercised, 1 of them by the adapter.\n"
        "Checked: 3 requests and 4 answers. "
        "Free to be wrong, since they were refused: 1 requests by plain HTTP.\n"
        "\n"
        "Known errors of the description (1), set right before checking:\n"
        "  rolls are forgotten\n"
        "      at paths\n"
        "      evidence: the shop window\n"
        "\n"
        "Of the description not used by us (2):\n"
        "  POST /loaves\n"
        "  DELETE /loaves/{loafId}\n"
        "\n"
        "Operations that the description does not know (*): GET /rolls\n"
        "\n"
        "Everything is as the description says.\n"
    )


def test_the_text_when_something_is_wrong() -> None:
    bad = found(
        bake({}), bake({}), ask(status=202), holes=("the adapter's slice() was not called",), stale=(ROLLS,)
    )
    assert not bad.passed
    assert text(bad).partition("Deviations")[2] == (
        " (2):\n"
        "  GET /loaves › answer 202: Unknown response http status: 202\n"
        "  POST /loaves › request › $: 'grain' is a required property (2 times)\n"
        "\n"
        "Known errors that hide nothing any more; remove them (1):\n"
        "  paths: rolls are forgotten\n"
        "\n"
        "Not looked at (1):\n"
        "  the adapter's slice() was not called\n"
        "\n"
        "The contract is broken.\n"
    )


@pytest.mark.parametrize(
    "broken",
    [
        found(bake({})),
        found(holes=("the adapter's slice() was not called",)),
        found(stale=(ROLLS,)),
    ],
)
def test_each_kind_of_fault_breaks_the_contract(broken: Findings) -> None:
    assert not broken.passed


def test_the_exit_status_says_whether_the_contract_holds(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for outcome, status in ((found(ask()), 0), (found(bake({})), 1)):
        monkeypatch.setattr(command, "run", lambda _, outcome=outcome: outcome)
        answer = CliRunner().invoke(command.main, [str(tmp_path / "webex.json")])
        assert (answer.exit_code, answer.output) == (status, text(outcome))


def test_a_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    answer = CliRunner().invoke(command.main, [str(tmp_path / "webex.json")])
    assert answer.exit_code == 2
    assert answer.output == (
        f"Reading the description {tmp_path}/webex.json: No such file or directory. Check the name.\n"
    )


def test_another_description_than_webexs_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "bakery.json"
    file.write_text(json.dumps(description()))
    answer = CliRunner().invoke(command.main, [str(file)])
    assert answer.exit_code == 2
    assert "the description has no such place. Adapt or remove the entry." in answer.output


def test_make_contract_without_a_file_says_what_it_needs() -> None:
    answer = subprocess.run(
        ["make", "--no-print-directory", "contract", "WEBEX_OPENAPI="],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 2
    assert answer.stdout == (
        "make contract needs Webex's OpenAPI description: make contract WEBEX_OPENAPI=webex-messaging.json. "
        "See docs/how-to/check-the-contract.md for where to get it.\n"
    )
