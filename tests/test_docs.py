"""The documentation is true: its links lead somewhere, its examples work, its reference is what the code says."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from pydantic import BaseModel

import integrations
from bot import reference
from bot.access.policy import OPEN_COMMANDS
from bot.commands.builtin import COMMANDS
from bot.commands.parse import Incomplete, Parsed, Wrong, parse, words_of
from bot.commands.registry import Registry
from bot.config_file import read_config_file
from bot.health import COUNTED
from bot.integration import find_integrations
from bot.settings import Settings
from bot.store.database import Database
from tests.talking import ROOT, conversation

PAGES = sorted(
    {
        ROOT / "README.md",
        ROOT / "CHANGELOG.md",
        *(ROOT / "docs").rglob("*.md"),
        *ROOT.glob("integrations/*/README.md"),
    }
)
NOT_FOR_THE_BUTTON = {
    "DATABASE_URL": "the add-on sets it",
    "PORT": "Heroku sets it",
    "DYNO": "Heroku sets it",
    "SPARKOPS_HOME": "a dyno keeps nothing on its disk",
}


@cache
def tokens(page: Path) -> tuple[Token, ...]:
    """A page as markdown-it reads it."""
    return tuple(MarkdownIt("commonmark").enable("table").parse(page.read_text()))


def fences(page: Path, language: str) -> Iterator[tuple[str, str]]:
    """The page's code blocks of one language: what stands behind the language, and the content."""
    for token in tokens(page):
        name, _, rest = token.info.strip().partition(" ")
        if token.type == "fence" and name == language:
            yield rest, token.content


def named(page: Path) -> str:
    """A page's name in a test's."""
    return str(page.relative_to(ROOT))


def every(language: str) -> list[tuple[str, str]]:
    """Each block of a language on all pages, with its page's name."""
    return [(named(page), content) for page in PAGES for _, content in fences(page, language)]


def settings_models() -> list[type[BaseModel]]:
    """The bot's own settings, and each integration's."""
    found = [each.settings for each in find_integrations(Settings.model_validate({})) if each.settings]
    return [Settings, *found]


def variables() -> list[str]:
    """Every environment variable that they read."""
    return [
        field.alias for model in settings_models() for field in model.model_fields.values() if field.alias
    ]


# --- links


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_inside_the_project_leads_somewhere(page: Path) -> None:
    lost = [target for target in links(page) if not resolves(page, target)]
    assert lost == []


def links(page: Path) -> list[str]:
    """The targets of a page's links and pictures, those to other sites left out."""
    inline = [child for token in tokens(page) for child in token.children or ()]
    found = [str(token.attrGet("href") or token.attrGet("src") or "") for token in inline]
    return [target for target in found if target and not re.match(r"[a-z]+:", target)]


def resolves(page: Path, target: str) -> bool:
    """Whether there is such a file in the project and, behind a #, such a heading in it."""
    path, _, anchor = unquote(target).partition("#")
    file = (page.parent / path).resolve() if path else page
    if not file.is_relative_to(ROOT) or not file.exists():
        return False
    return not anchor or anchor in headings(file)


def headings(page: Path) -> set[str]:
    """The anchors GitHub makes of a page's headings."""
    parsed = tokens(page)
    texts = [
        parsed[number + 1].content for number, token in enumerate(parsed) if token.type == "heading_open"
    ]
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in texts}


def test_every_page_is_reached_from_the_readme() -> None:
    seen, ahead = set[Path](), [ROOT / "README.md"]
    while ahead:
        page = ahead.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        ahead += [(page.parent / unquote(target).partition("#")[0]).resolve() for target in links(page)]
    assert [named(page) for page in PAGES if page not in seen] == []


# --- examples


@pytest.mark.parametrize(("page", "example"), [each for each in every("yaml") if "services:" not in each[1]])
def test_every_example_of_sparkops_yaml_can_be_used(page: str, example: str, tmp_path: Path) -> None:
    path = tmp_path / "sparkops.yaml"
    path.write_text(example)
    referred = dict.fromkeys(re.findall(r"\$\{([A-Z_]+)\}", example), "from-the-environment")
    assert read_config_file(path, referred).model_fields_set, page


@pytest.fixture(scope="module")
def registry() -> Registry:
    """Every command there is."""
    found = find_integrations(Settings.model_validate({}))
    return Registry([*COMMANDS, *(command for each in found for command in each.commands)])


def test_every_chat_line_of_the_documentation_can_be_said(registry: Registry) -> None:
    unread = [(page, line) for page, line in chat_lines() if not can_be_said(line, registry)]
    assert unread == []
    assert len(chat_lines()) > 20


def chat_lines() -> list[tuple[str, str]]:
    """The lines of the ```chat blocks, and every other line that mentions the bot."""
    blocks = [(page, line) for page, content in every("chat") for line in content.splitlines()]
    mentions = [
        (named(page), line.strip())
        for page in PAGES
        if page.name != "add-an-integration.md"  # its example brings its command, and a test of its own
        for line in page.read_text().splitlines()
        if line.strip().startswith("@Sparkops ")
    ]
    return [(page, line.removeprefix("@Sparkops ")) for page, line in dict.fromkeys(blocks + mentions)]


def can_be_said(line: str, registry: Registry) -> bool:
    """Whether the bot would run it, or open a form for what is missing."""
    words = words_of(line)
    return not isinstance(words, Wrong) and isinstance(parse(words, registry), Parsed | Incomplete)


# --- the example of an integration


class Rota(BaseHTTPRequestHandler):
    """The system of docs/how-to/add-an-integration.md."""

    def do_GET(self) -> None:
        is_known = self.path == "/teams/shop" and self.headers["Authorization"] == "Bearer open-sesame"
        body = json.dumps({"person": "Ada", "until": "2026-11-23T08:00:00Z"}).encode() if is_known else b"{}"
        self.send_response(200 if is_known else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def rota() -> Iterator[str]:
    """Its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Rota) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_the_example_of_an_integration_answers(
    rota: str, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path, content in fences(ROOT / "docs" / "how-to" / "add-an-integration.md", "python"):
        file = tmp_path / path.removeprefix("integrations/")
        file.parent.mkdir(exist_ok=True)
        file.write_text(content)
    monkeypatch.setattr(integrations, "__path__", [*integrations.__path__, str(tmp_path)])

    talk = conversation(database, environ={"ONCALL_URL": rota, "ONCALL_TOKEN": "open-sesame"})

    assert talk.say("oncall who shop") == (
        "📟 **Ada** is on call for shop until Monday 08:00.\n\n`help oncall` shows more."
    )
    assert (
        talk.say("oncall who nobody") == f"⚠️ Asking {rota} who is on call for nobody: it knows no such team."
    )
    assert talk.say("oncall who").startswith("`oncall who` needs TEAM.")
    assert "open-sesame" not in talk.services.redactor.redact("the token is open-sesame")
    unset = conversation(database)
    assert unset.say("oncall who shop") == (
        "⚠️ No rota is set up here. Set `ONCALL_URL` and `ONCALL_TOKEN`, and start me again."
    )


# --- the reference


def test_the_reference_is_what_the_code_says(tmp_path: Path) -> None:
    written = {page.name: page.read_text() for page in reference.write(tmp_path)}
    kept = {page.name: page.read_text() for page in (ROOT / "docs" / "reference").glob("*.md")}
    assert kept == written, "`make docs` brings docs/reference up to date"


def test_every_variable_is_described_in_the_reference_and_offered_by_the_button() -> None:
    button = json.loads((ROOT / "app.json").read_text())["env"]
    told = (ROOT / "docs" / "reference" / "settings.md").read_text()
    assert [
        name for name in variables() if not re.search(rf"^\| `{name}` \| .*\| \S.+ \|$", told, re.MULTILINE)
    ] == []
    assert [name for name in variables() if name not in button and name not in NOT_FOR_THE_BUTTON] == []


def test_every_variable_read_elsewhere_is_described() -> None:
    sources = [path.read_text() for path in (ROOT / "bot").rglob("*.py")]
    read = {
        name for source in sources for name in re.findall(r"environ(?:\.get)?[\[(]['\"]([A-Z_]+)", source)
    }
    assert read - set(variables()) == {name for name, _, _ in reference.READ_ELSEWHERE} - {"SPARKOPS_CONFIG"}


def test_every_key_of_a_settings_model_has_a_docstring() -> None:
    models = settings_models()
    bare = [
        field.alias
        for model in models
        for field in model.model_fields.values()
        if field.alias and not field.description
    ]
    assert bare == []


def test_every_figure_that_is_counted_is_described() -> None:
    assert counted_in(ROOT / "bot") == set(COUNTED)
    for each in find_integrations(Settings.model_validate({})):
        assert counted_in(ROOT / "integrations" / each.name) == set(each.counted)
        assert all(name.startswith(f"{each.name}_") for name in each.counted)
        assert all(labels.split(",") == sorted(labels.split(",")) for _, labels in each.counted.values())


def counted_in(folder: Path) -> set[str]:
    """The counters that the code below a folder raises."""
    sources = [path.read_text() for path in folder.rglob("*.py")]
    return {name for source in sources for name in re.findall(r'counters\.count\(\s*"(\w+)"', source)}


# --- words


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_no_page_holds_what_is_not_for_its_readers(page: Path) -> None:
    text = page.read_text()
    of_this_machine = (
        f"{re.escape(str(Path.home()))}/|{re.escape(str(Path(__file__).parent.parent))}/|/tmp/\\S+"
    )
    found = re.findall(rf"TODO|FIXME|XXX|{of_this_machine}|Lorem|[ \t]+$", text, re.MULTILINE)
    assert found == []


def test_every_line_of_the_threat_model_names_a_test_there_is() -> None:
    page = ROOT / "docs" / "threat-model.md"
    there = set(
        re.findall(r"def (test_\w+)\(", "\n".join(each.read_text() for each in ROOT.glob("tests/**/*.py")))
    )
    lines = [
        line for line in page.read_text().splitlines() if line.startswith("| ") and "| test |" not in line
    ]
    attacks = [line for line in lines if line.count("|") == 4 and "is stopped by" not in line]
    named = [(line, re.findall(r"`(test_\w+)`", line)) for line in attacks[attacks_begin(attacks) :]]
    assert len(named) > 40
    assert [line for line, tests in named if not tests] == []
    assert sorted({each for _, tests in named for each in tests} - there) == []


def attacks_begin(lines: list[str]) -> int:
    """The first line that is about somebody who tries something: the tables before it are about what there is."""
    return next(number for number, line in enumerate(lines) if "`test_" in line)


def test_the_page_about_access_names_every_command_that_is_open_to_all() -> None:
    page = (ROOT / "docs" / "explanation" / "access.md").read_text()
    [paragraph] = re.findall(r"The command is \*\*open to all\*\*.*?\n5\.", page, re.DOTALL)
    assert set(re.findall(r"`([^`]+)`", paragraph)) == OPEN_COMMANDS
