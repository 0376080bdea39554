"""Bursts: many events at once, in order within each job, counted by their answers."""

from __future__ import annotations

from typing import Any

import requests

from tests.playground.jenkins.running_jenkins import Jenkins, Listener


def orders_of(listener: Listener) -> dict[str, list[tuple[int, str]]]:
    """What was heard of each job, in order of arrival."""
    heard: dict[str, list[tuple[int, str]]] = {}
    for body in listener.heard:
        heard.setdefault(body["url"], []).append((body["build"]["number"], body["build"]["phase"]))
    return heard


def test_every_event_arrives_in_the_order_of_its_job(server: Jenkins, listener: Listener) -> None:
    report = server.control("burst", url=listener.url, events=203, jobs=7, concurrency=5, seed=1)
    assert (report["events"], report["answered_200"], report["outcomes"]) == (203, 203, {"200": 203})
    assert len(listener.heard) == 203
    heard = orders_of(listener)
    assert len(heard) == 7
    phases = ["QUEUED", "STARTED", "COMPLETED", "FINALIZED"]
    for events in heard.values():
        assert events == [(1 + index // 4, phases[index % 4]) for index in range(len(events))]


def test_the_builds_can_be_asked_about_afterwards(server: Jenkins, listener: Listener) -> None:
    server.control("burst", url=listener.url, events=40, jobs=2, phases=["FINALIZED"])
    for body in listener.heard:
        build = body["build"]
        ours: Any = server.get(f"{build['url']}api/json")
        assert (ours["result"], ours["building"]) == (build["status"], False)
    results = [body["build"]["status"] for body in listener.heard]
    assert results.count("SUCCESS") > 20 and set(results) > {"SUCCESS"}


def test_the_seed_makes_the_results(server: Jenkins, listener: Listener) -> None:
    def results(seed: int) -> list[str]:
        server.control("reset")
        listener.heard.clear()
        order = {"events": 60, "jobs": 3, "concurrency": 1, "phases": ["FINALIZED"], "seed": seed}
        server.control("burst", url=listener.url, **order)
        return [body["build"]["status"] for body in listener.heard]

    assert results(1) == results(1) != results(2)


def test_answers_other_than_200_are_counted_apart(server: Jenkins, listener: Listener) -> None:
    listener.answer = 503
    report = server.control("burst", url=listener.url, events=20)
    assert (report["answered_200"], report["outcomes"]) == (0, {"503": 20})


def test_other_senders_burst_too_but_not_with_what_they_never_tell(
    server: Jenkins, listener: Listener
) -> None:
    report = server.control("burst", url=listener.url, events=30, sender="plain-json")
    assert report["answered_200"] == 30
    assert {body["phase"] for body in listener.heard} == {"STARTED", "FINALIZED"}
    order = {"url": listener.url, "events": 5, "sender": "outbound-webhook", "phases": ["FINALIZED"]}
    answer = requests.post(f"{server.url}/playground/burst", json=order, timeout=30)
    assert answer.status_code == 400
    assert answer.json()["error"] == "burst: outbound-webhook says nothing of FINALIZED"
