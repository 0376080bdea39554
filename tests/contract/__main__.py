"""`python -m tests.contract FILE`: the adapter and the playground against Webex's OpenAPI description."""

from __future__ import annotations

from pathlib import Path

import click

from tests.contract.checking import Contract, stale
from tests.contract.conversation import converse
from tests.contract.coverage import field_faults
from tests.contract.description import DescriptionError, KnownError, read
from tests.contract.known_errors import KNOWN_ERRORS, NEVER_ANSWERED
from tests.contract.report import Findings, findings, text


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
def main(file: Path) -> None:
    """Hold every request of the adapter and every answer of the playground against the description in FILE.

    Exit status 0: all as described; 1: deviations; 2: FILE cannot be used.
    """
    try:
        found = run(file)
    except DescriptionError as error:
        click.echo(str(error), err=True)
        raise SystemExit(2) from None
    click.echo(text(found), nl=False)
    raise SystemExit(0 if found.passed else 1)


def run(file: Path) -> Findings:
    """Let the adapter and plain HTTP talk to the playground, and hold what they said against a description.

    Raises DescriptionError for a file that is no description.
    """
    document = read(file)
    contract = Contract(document, KNOWN_ERRORS)
    talk = converse()
    hides_nothing: list[KnownError] = []
    holes = list(talk.broken_off)
    if not holes:
        # What half a conversation leaves out says nothing.
        hides_nothing = stale(document, KNOWN_ERRORS, talk.exchanges)
        holes = [*talk.left_out(), *field_faults(contract, talk.exchanges, NEVER_ANSWERED)]
    return findings(
        document, contract, talk.exchanges, stale=hides_nothing, holes=holes, known_errors=KNOWN_ERRORS
    )


if __name__ == "__main__":
    main()
