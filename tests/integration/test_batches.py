"""Batches and dry runs against real nodes: all or nothing, whoever else writes at the same time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.kit.site import Reply, Site

pytestmark = [pytest.mark.integration, pytest.mark.each_database]

ROUNDS = 12
REPLY = {"name": "request-termination", "config": {"status_code": 200, "message": "here"}}


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[list[Site]]:
    """Two nodes on one database."""
    with ExitStack() as stack:
        sites = []
        for name in "ab":
            place = tmp_path / name
            place.mkdir()
            site = Site(place, shared=tmp_path)
            stack.callback(site.clear)
            site.serve()
            sites.append(site)
        yield sites


def batch(site: Site, *operations: tuple[Any, ...], query: str = "") -> Reply:
    """Send operations: method, path and perhaps a body."""
    listed = [dict(zip(("method", "path", "body"), each, strict=False)) for each in operations]
    return site.admin("POST", f"/batch{query}", {"operations": listed})


def changes(site: Site) -> list[dict[str, Any]]:
    """All that the log holds."""
    found: list[dict[str, Any]] = site.admin("GET", "/cluster/changes?size=1000").json["data"]
    return found


def at_once(*tasks: Callable[[], Any]) -> list[Any]:
    """Run tasks at the same time, each in a thread."""
    with ThreadPoolExecutor(len(tasks)) as threads:
        return [future.result() for future in [threads.submit(task) for task in tasks]]


def test_a_confirmed_batch_is_served_by_every_node(nodes: list[Site]) -> None:
    """A Service with Route and Plugin is made by one call, has one position, and works on both nodes."""
    first, second = nodes
    answer = batch(
        first,
        ("PUT", "/services/s", {"url": "http://localhost"}),
        ("PUT", "/services/s/routes/r", {"paths": ["/r"]}),
        ("POST", "/services/s/plugins", REPLY),
        query="?wait=cluster",
    )
    assert answer.status == 200, answer.body
    assert answer.json["position"] == answer.headers["x-kong-position"]
    for node in nodes:
        assert node.proxy("/r").json["message"] == "here"
    assert second.admin("GET", "/routes/r").json == answer.json["data"][1]["body"]
    assert batch(second, ("DELETE", "/routes/r"), query="?wait=cluster").status == 200
    assert [node.proxy("/r").status for node in nodes] == [404, 404]


def test_what_is_refused_or_tried_out_leaves_no_trace(nodes: list[Site]) -> None:
    """Neither a refused batch nor a dry run is in the log, in the database or on the proxy."""
    first, second = nodes
    before = changes(first)
    operations = [
        ("PUT", "/services/s", {"url": "http://localhost"}),
        ("PUT", "/services/s/routes/r", {"paths": ["/r"]}),
        ("POST", "/services/s/plugins", REPLY),
    ]
    refused = batch(first, *operations, ("POST", "/services", {"name": "s", "host": "h"}))
    assert (refused.status, refused.json["operation"]) == (409, 3)
    tried = batch(first, *operations, query="?dry_run=1")
    assert (tried.status, len(tried.json["changes"])) == (200, 3)
    single = second.admin("PUT", "/services/s?dry_run=true", {"url": "http://localhost"})
    assert (single.status, single.headers["x-kong-dry-run"]) == (200, "true")
    assert changes(first) == before
    assert first.admin("GET", "/services").json["data"] == []
    assert [node.proxy("/r").status for node in nodes] == [404, 404]


def test_racing_batches_all_succeed_and_stay_whole(nodes: list[Site]) -> None:
    """Batches through two nodes that change one Service at the same time: none is lost, none is mixed up."""
    assert nodes[0].admin("PUT", "/services/s", {"url": "http://localhost"}).status == 200

    def write(node: Site, name: str) -> list[int]:
        return [
            batch(
                node,
                ("PUT", f"/consumers/{name}{number}", {}),
                ("PATCH", "/services/s", {"retries": number}),
                ("PUT", f"/consumers/{name}{number}", {"custom_id": f"{name}{number}"}),
            ).status
            for number in range(ROUNDS)
        ]

    statuses = at_once(
        *(lambda node=node, name=name: write(node, name) for node, name in zip(nodes, "ab", strict=True))
    )
    assert statuses == [[200] * ROUNDS] * 2
    names = {row["custom_id"] for row in nodes[0].admin("GET", "/consumers").json["data"]}
    assert names == {f"{name}{number}" for name in "ab" for number in range(ROUNDS)}
    kinds = [
        (row["entity"], row["operation"])
        for row in changes(nodes[0])
        if row["entity"] in ("services", "consumers")
    ]
    assert (
        kinds[1:] == [("consumers", "create"), ("services", "update"), ("consumers", "update")] * 2 * ROUNDS
    )


def test_a_batch_and_single_writes_overwrite_nothing_of_each_other(nodes: list[Site]) -> None:
    """Whoever comes second merges into what the first has left."""
    assert nodes[0].admin("PUT", "/services/s", {"url": "http://localhost"}).status == 200
    for number in range(1, ROUNDS + 1):
        answers = at_once(
            lambda number=number: batch(
                nodes[0], ("PATCH", "/services/s", {"retries": number}), ("PUT", "/consumers/c", {})
            ),
            lambda number=number: nodes[1].admin("PATCH", "/services/s", {"port": number}),
        )
        assert [answer.status for answer in answers] == [200, 200]
        service = nodes[number % 2].admin("GET", "/services/s").json
        assert (service["retries"], service["port"]) == (number, number)


def test_of_two_batches_for_one_name_one_is_refused(nodes: list[Site]) -> None:
    """The other names the operation that came too late, and leaves nothing of its own."""
    for number in range(ROUNDS):
        answers = at_once(
            *(
                lambda node=node, name=name, number=number: batch(
                    node,
                    ("PUT", f"/consumers/{name}{number}", {}),
                    ("POST", "/services", {"name": f"s{number}", "host": "h"}),
                )
                for node, name in zip(nodes, "ab", strict=True)
            )
        )
        assert sorted(answer.status for answer in answers) == [200, 409]
        [refused] = [answer.json for answer in answers if answer.status == 409]
        assert (refused["operation"], refused["answer"]["code"]) == (1, 5)
        loser = "a" if answers[0].status == 409 else "b"
        assert nodes[0].admin("GET", f"/consumers/{loser}{number}").status == 404
