"""The Flask application: hooks, REST, health, and what integrations serve.

It verifies, stores, queues and answers, and calls nobody.
"""

from __future__ import annotations

import atexit

from flask import Flask

from bot import health
from bot.assembly import database_url, load_parts, make_web
from bot.inbound import hooks, rest
from bot.inbound.web import Web
from bot.settings import Settings
from bot.store.database import Database


def create_app(settings: Settings | None = None) -> Flask:
    """The application of these settings, or of the environment. To be called after the server's fork.

    Raises SettingsError and IntegrationError.
    """
    settings = settings or Settings.load()
    parts = load_parts(settings)
    web = make_web(parts, Database(database_url(settings), pool_size=settings.database_pool))
    atexit.register(web.counters.flush)
    return make_app(web)


def make_app(web: Web) -> Flask:
    """The application over its parts."""
    app = Flask("bot")
    app.config["MAX_CONTENT_LENGTH"] = web.settings.max_body_bytes + 1  # see Web.body
    app.extensions["sparkops"] = web
    for blueprint in (health.blueprint, hooks.blueprint, rest.blueprint):
        app.register_blueprint(blueprint)
    for name, loaded in web.integrations.items():
        if (routes := loaded.integration.routes) is not None:
            blueprint = routes(loaded.settings, web.settings, web.database)
            app.register_blueprint(blueprint, name=f"integrations.{name}", url_prefix=f"/integrations/{name}")
    return app
