"""Whatever is sent, there is an answer that can be read."""

import json
from typing import Any
from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st

from playground.switches.answers import answer
from playground.switches.catalogue import SHOWS
from playground.switches.messages import TYPES, Unreadable, read
from playground.switches.showing import Shows
from playground.switches.world import World

SWITCH = World(4).switches["leaf01"]
WORDS = [
    *{word for show in SHOWS for word in show.words.split()},
    "|",
    "include",
    "[",
    "json",
    "native",
    "last",
    "-1",
]
WORDS += [
    "vlan",
    "no",
    "interface",
    "Ethernet1/1",
    "1",
    "70-",
    "4095",
    "name",
    "description",
    "shutdown",
    ";",
    "\x00",
]
WORDS += [
    "ntp",
    "server",
    "checkpoint",
    "file",
    "rollback",
    "copy",
    "dir",
    "/",
    "é",
    "hostname",
    "Vlan7",
    "exit",
]

COMMAND = st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join) | st.text(max_size=20)
ANYTHING = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just([]) | st.just({})
INS_API = st.fixed_dictionaries(
    {"type": st.sampled_from(TYPES) | ANYTHING, "input": COMMAND | ANYTHING},
    optional={
        "output_format": st.sampled_from(["json", "xml"]) | ANYTHING,
        "rollback": st.sampled_from(["stop-on-error", "continue-on-error", "rollback-on-error"]) | ANYTHING,
    },
).map(lambda fields: ("application/json", {"ins_api": fields}))
JSON_RPC = st.lists(
    st.fixed_dictionaries(
        {
            "method": st.sampled_from(["cli", "cli_ascii", "cli_array"]) | ANYTHING,
            "params": st.fixed_dictionaries({"cmd": COMMAND | ANYTHING}) | ANYTHING,
        },
        optional={"id": ANYTHING, "rollback": ANYTHING},
    )
    | ANYTHING,
    max_size=3,
).map(lambda calls: ("application/json-rpc", calls))


@settings(max_examples=400)
@given(INS_API | JSON_RPC)
def test_every_request_is_refused_or_answered_in_the_form_it_asked_for(sent: tuple[str, Any]) -> None:
    content_type, body = sent
    try:
        asked = read(content_type, json.dumps(body).encode())
    except Unreadable:
        return
    reply = answer(SWITCH, Shows(SWITCH), asked)
    if asked.format == "xml":
        assert ElementTree.fromstring(reply.body).tag == "ins_api"
    else:
        assert isinstance(json.loads(reply.body), dict | list)


@given(st.binary(max_size=200), st.sampled_from(["application/json", "application/json-rpc", "text/xml", ""]))
def test_bytes_that_mean_nothing_are_unreadable(sent: bytes, content_type: str) -> None:
    try:
        read(content_type, sent)
    except Unreadable as error:
        assert str(error)
    else:
        raise AssertionError(f"{sent!r} was read")
