"""How gunicorn serves the bot: threads, since a request waits for PostgreSQL alone; never preloaded.

A preloaded application would share its database connections between forked workers.
"""

from __future__ import annotations

import os
import sys
from typing import Any

bind = f"{os.environ.get('HOST', '0.0.0.0')}:{os.environ.get('PORT', '8080')}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "16"))
preload_app = False
keepalive = 30
timeout = 60
graceful_timeout = 20
accesslog = None
errorlog = "-"
loglevel = os.environ.get("LOG_LEVEL", "info").lower()
control_socket_disable = True


def on_starting(_server: Any) -> None:
    """Check the settings before any worker is forked: what an operator can mend is a line and not a traceback."""
    from bot.assembly import database_url
    from bot.config_file import SettingsError
    from bot.settings import Settings

    try:
        settings = Settings.load()
        database_url(settings)
    except SettingsError as error:
        print(error, file=sys.stderr, flush=True)
        sys.exit(2)
