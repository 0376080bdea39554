"""The peer of the round-trip bench: the bot a tutorial leads to, which answers inside the request.

Flask and the SDK, one file. By default it makes the two calls it cannot do without (fetch the message,
post the reply). With `--as-published` it makes the five that the SDK's own Flask example makes: room,
message, person, me, reply (webexpythonsdk, examples/bot-example-flask.py).
"""

from __future__ import annotations

import sys

from flask import Flask, request
from webexpythonsdk import WebexAPI

app = Flask("tutorial")


def make(base_url: str, token: str, as_published: bool) -> None:
    """Register the one route."""
    api = WebexAPI(access_token=token, base_url=base_url)
    my_id = api.people.me().id

    @app.post("/events")
    def events() -> str:
        data = request.get_json()["data"]
        if as_published:
            api.rooms.get(data["roomId"])
        message = api.messages.get(data["id"])
        if as_published:
            api.people.get(message.personId)
            me = api.people.me().id
        else:
            me = my_id
        if message.personId != me and "ping" in message.text:
            api.messages.create(data["roomId"], parentId=message.id, markdown="pong")
        return "OK"


if __name__ == "__main__":
    make(sys.argv[1], sys.argv[2], "--as-published" in sys.argv)
    app.run(host="127.0.0.1", port=int(sys.argv[3]), threaded=True)
