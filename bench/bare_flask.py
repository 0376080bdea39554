"""The peer of the intake bench: a Flask route that takes the same body and does nothing with it."""

from __future__ import annotations

from flask import Flask, request

app = Flask("bare")


@app.get("/healthz")
def alive() -> dict[str, str]:
    """Tell the bench that the server is up."""
    return {"status": "alive"}


@app.post("/hooks/webex")
def hook() -> tuple[dict[str, str], int]:
    """Read the body and answer."""
    request.get_data()
    return {"status": "stored"}, 200
