"""What an integration serves itself: below `/integrations/<name>`, and each request authenticated by it alone."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Blueprint, request
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from sqlalchemy import text

from bot.app import make_app
from bot.assembly import load_parts, make_web
from bot.integration import Integration, Loaded
from bot.settings import Settings
from bot.store.database import Database
from tests.talking import settings_of


class ShelfSettings(BaseModel):
    """A shelf has a key."""

    model_config = ConfigDict(populate_by_name=True)

    key: SecretStr = Field(SecretStr("open-sesame"), alias="SHELF_KEY")


def routes(settings: ShelfSettings, bot: Settings, database: Database) -> Blueprint:
    """One view that asks for the key, and one that asks for nothing."""
    blueprint = Blueprint("shelf", __name__)

    @blueprint.route("/books/<name>", methods=["GET", "LOCK"])
    def book(name: str) -> tuple[dict[str, Any], int]:
        if request.headers.get("X-Key") != settings.key.get_secret_value():
            return {"error": "no key"}, 401
        with database.transaction() as session:
            return {"book": name, "answer": session.scalar(text("SELECT 42")), "port": bot.port}, 200

    @blueprint.get("/broken")
    def broken() -> str:
        raise LookupError("a bug of the integration's")

    return blueprint


SHELF = Integration(name="shelf", settings=ShelfSettings, routes=routes)


@pytest.fixture
def http(database: Database) -> Any:
    settings = settings_of({"WEBEX_WEBHOOK_SECRET": "s" * 32})
    web = make_web(load_parts(settings), database)
    loaded = {
        **web.integrations,
        "shelf": Loaded(SHELF, ShelfSettings()),
        "mute": Loaded(Integration("mute"), None),
    }
    object.__setattr__(web, "integrations", loaded)
    return make_app(web).test_client()


@pytest.mark.parametrize("method", ["GET", "LOCK"])
def test_its_views_are_found_below_its_name_with_its_settings_and_the_database(
    http: Any, method: str
) -> None:
    answer = http.open("/integrations/shelf/books/a", method=method, headers={"X-Key": "open-sesame"})
    assert (answer.status_code, answer.json) == (200, {"book": "a", "answer": 42, "port": 8080})


def test_who_comes_in_is_its_own_business(http: Any) -> None:
    assert http.get("/integrations/shelf/books/a").status_code == 401


@pytest.mark.parametrize("path", ["/shelf/books/a", "/integrations/mute/books/a", "/integrations/shelf"])
def test_it_serves_nothing_elsewhere(http: Any, path: str) -> None:
    assert http.get(path, headers={"X-Key": "open-sesame"}).status_code == 404


def test_a_bug_in_it_is_a_500_and_takes_nothing_else_with_it(http: Any) -> None:
    http.application.config["PROPAGATE_EXCEPTIONS"] = False
    assert http.get("/integrations/shelf/broken").status_code == 500
    assert http.get("/healthz").status_code == 200


def test_every_integration_with_routes_is_served(database: Database) -> None:
    settings = settings_of({"WEBEX_WEBHOOK_SECRET": "s" * 32})
    parts = load_parts(settings)
    rules = {rule.rule for rule in make_app(make_web(parts, database)).url_map.iter_rules()}
    with_routes = [name for name, each in parts.integrations.items() if each.integration.routes]
    assert "stacks" in with_routes
    for name in with_routes:
        assert any(rule.startswith(f"/integrations/{name}/") for rule in rules), name
