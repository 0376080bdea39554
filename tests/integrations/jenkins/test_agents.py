"""Agents with what they have, and what items of the queue wait for."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.jenkins.agents import Agent, Waits, Work, agents, waits_for, works
from integrations.jenkins.errors import BadAnswer
from integrations.jenkins.model import QueueItem
from integrations.jenkins.names import named_in
from integrations.jenkins.render import fleet
from tests.integrations.jenkins.canned import Canned, recorded

PIPELINE = {"url": "https://jenkins/ci/job/team/job/pipe/3/", "timestamp": 1_000_000}


def executor(url: str | None, **more: Any) -> dict[str, Any]:
    return {"currentExecutable": {"url": url, "timestamp": 990_000} if url else None, **more}


def agent(name: str, **more: Any) -> Agent:
    return Agent.model_validate({"displayName": name, "numExecutors": 2, **more})


def test_the_recorded_agents_are_read(canned: Canned) -> None:
    canned.answers("computer")
    (node,) = agents(canned.client())
    assert (node.name, node.offline, node.reason, node.busy, node.size) == ("Built-In Node", False, "", 1, 2)
    assert works(node, [node]) == (Work("demo", 1, None),)


def test_the_recorded_agents_of_a_pipeline_that_waits_are_read(canned: Canned) -> None:
    canned.answers("computer_oneoff")
    (node,) = agents(canned.client())
    assert (node.busy, node.size, works(node, [node])) == (0, 2, ())


def test_a_pipeline_counts_once_where_a_step_of_it_has_an_executor() -> None:
    controller = agent("Built-In Node", oneOffExecutors=[{"currentExecutable": PIPELINE}])
    builder = agent("builder", executors=[executor(PIPELINE["url"], likelyStuck=True), executor(None)])
    everywhere = [controller, builder]
    assert works(controller, everywhere) == ()
    assert works(builder, everywhere) == (Work("team/pipe", 3, 990.0, stuck=True),)


def test_a_pipeline_without_executor_waits() -> None:
    controller = agent("Built-In Node", oneOffExecutors=[{"currentExecutable": PIPELINE}])
    assert works(controller, [controller]) == (Work("team/pipe", 3, 1000.0, waits=True),)


def test_agents_are_shown_with_why_they_are_away() -> None:
    nodes = [
        agent("a", offline=True, temporarilyOffline=True, offlineCauseReason="disk <full>"),
        agent("b", offline=True, offlineCauseReason=None),
        agent("c", executors=[executor("https://jenkins/job/x/1/")]),
    ]
    assert fleet.agent_table(nodes) == (
        "```\n"
        "agent  state                          busy\n"
        "a      🔧 taken offline: disk <full>  0 of 2\n"
        "b      ❌ offline                     0 of 2\n"
        "c      ✅ online                      1 of 2\n"
        "```"
    )
    having = {"c": (Work("x", 1, 40.0, stuck=True), Work("y", 2, None, waits=True), Work("", None, None))}
    assert fleet.works_of(having, now=100.0) == (
        "🔨 **x** #1 runs on c for 1 min, which is unusually long.\n"
        "🕓 **y** #2 holds no executor now.\n"
        "🔨 Something runs on c."
    )


def item(**more: Any) -> QueueItem:
    return QueueItem.model_validate({"id": 1, **more})


@pytest.mark.parametrize(
    ("waits", "kind"),
    [
        (item(why="In the quiet period. Expires in 4.9 sec"), Waits.MOMENT),
        (item(why="Finished waiting"), Waits.MOMENT),
        (item(blocked=True, why="Build #2 is already in progress (ETA: N/A)"), Waits.BUILD_BEFORE),
        (item(blocked=True, why="Upstream project lib is already building."), Waits.NEIGHBOUR),
        (item(blocked=True, why="Wartet auf Freigabe"), Waits.HELD_BACK),
        (item(buildable=True, why="Waiting for next available executor on ‘linux’"), Waits.EXECUTOR),
        (item(buildable=True, why="‘builder-7’ is offline"), Waits.AGENT_OFFLINE),
        (item(buildable=True, why="All nodes of label ‘arm’ are offline"), Waits.AGENT_OFFLINE),
        (item(buildable=True, why="There are no nodes with the label ‘riscv’"), Waits.NO_AGENT),
        (item(buildable=True, why=None), Waits.EXECUTOR),
    ],
)
def test_what_an_item_waits_for_is_told_by_its_kind(waits: QueueItem, kind: Waits) -> None:
    assert waits_for(waits) is kind


def test_recorded_items_are_told_in_my_words() -> None:
    items = [QueueItem.model_validate(each) for each in recorded("queue_info_blocked")]
    rows = fleet.queue_rows(items, now=1795384910.0).rows
    assert [row[:5] for row in rows] == [
        (13, "demo", "the build before it", "9 s", "bot"),
        (14, "demo", "the build before it", "3 s", "bot"),
    ]
    assert waits_for(QueueItem.model_validate(recorded("queue_info_quietdown")[0])) is Waits.MOMENT


def test_a_step_of_a_pipeline_that_waits_for_an_agent_does_not_say_whose_it_is() -> None:
    waits = item(buildable=True, stuck=True, task={"_class": "…$PlaceholderTask"}, inQueueSince=1_000)
    (row,) = fleet.queue_rows([waits], now=61.0).rows
    assert row[1:4] == ("a Pipeline's step", "a free executor, unusually long", "1 min")


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("https://jenkins/job/team/job/api/12/", ("team/api", 12)),
        ("https://jenkins/ci/job/api/12/execution/node/3/", ("api", 12)),
        ("job/mb/job/feature%252Fx/7/", ("mb/feature%2Fx", 7)),
        ("https://jenkins/job/%C3%9Cn%C3%AFcode%20j%C3%B6b/", ("Ünïcode jöb", None)),
        ("https://jenkins/job/job/job/job/3/", ("job/job", 3)),
        ("https://jenkins/computer/x/", ("", None)),
        ("", ("", None)),
    ],
)
def test_names_are_read_from_addresses(url: str, named: tuple[str, int | None]) -> None:
    assert named_in(url) == named


def test_what_is_no_list_of_agents_is_a_bad_answer(canned: Canned) -> None:
    canned.say(200, '{"computer": [{"numExecutors": 1}]}')
    with pytest.raises(BadAnswer):
        agents(canned.client())
