"""``ETag`` and ``If-Match`` on whole nodes: of two who change the same entity at once only one does."""

from __future__ import annotations

from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred, gatherResults

from tests.kit.certificates import make_certificate
from tests.kit.http_client import Answer
from tests.kit.running import RunningNode, running_node

pytestmark = [pytest.mark.integration, pytest.mark.each_database]

ROUNDS = 8


async def together(*work: Awaitable[Answer]) -> list[Answer]:
    """The answers to requests that are sent at once."""

    async def one(each: Awaitable[Answer]) -> Answer:
        return await each

    found: Any = await gatherResults([Deferred.fromCoroutine(one(each)) for each in work])
    answers: list[Answer] = found
    return answers


async def race(nodes: list[RunningNode], path: str, field: str, texts: list[Any]) -> None:
    """Patch an entity with one condition from several sides: one wins, and his value is there."""
    tag = (await nodes[0].admin.get(path)).header("ETag") or ""
    headers = {"If-Match": tag}
    answers = await together(
        *(
            nodes[number % len(nodes)].admin.patch(path, {field: text}, headers=headers)
            for number, text in enumerate(texts)
        )
    )
    won = [answer for answer in answers if answer.status == 200]
    assert sorted({answer.status for answer in answers}) == [200, 412]
    (winner,) = won
    for node in nodes:
        seen = await node.admin.get(path)
        assert (seen.json[field], seen.header("ETag")) == (winner.json[field], winner.header("ETag"))
    assert {answer.header("ETag") for answer in answers if answer.status == 412} == {winner.header("ETag")}


async def test_one_of_those_who_patch_at_once_wins(tmp_path: Path) -> None:
    """On one node, and on two: the others are told that they are late, and with which tag to go on."""
    async with running_node(tmp_path, "a") as a, running_node(tmp_path, "b") as b:
        await a.admin.create("/services", {"name": "s", "host": "example.com"})
        for number in range(ROUNDS):
            nodes = [a] if number % 2 else [a, b]
            await race(nodes, "/services/s", "path", [f"/{number}/{each}" for each in range(4)])


async def test_one_of_those_who_name_a_certificate_wins(tmp_path: Path) -> None:
    """The names of a Certificate are entities of their own, but what is shown with it is guarded with it."""
    async with running_node(tmp_path, "a") as node:
        cert, key = make_certificate("a.test")
        record = {"cert": cert, "key": key, "snis": ["a.test"]}
        made = (await node.admin.post("/certificates", record)).json
        for number in range(3):
            names = [["a.test", f"{number}-{each}.test"] for each in range(3)]
            await race([node], f"/certificates/{made['id']}", "snis", names)
        by_name = await node.admin.get("/certificates/a.test")
        assert by_name.header("ETag") == (await node.admin.get(f"/certificates/{made['id']}")).header("ETag")


async def test_one_of_those_who_make_an_entity_wins(tmp_path: Path) -> None:
    """PUT with ``If-None-Match: *`` from several sides makes it once and replaces nothing."""
    async with running_node(tmp_path, "a") as a, running_node(tmp_path, "b") as b:
        for number in range(ROUNDS):
            path, only_new = f"/consumers/c{number}", {"If-None-Match": "*"}
            answers = await together(
                *(
                    node.admin.put(path, {"custom_id": f"{number}-{each}"}, headers=only_new)
                    for each, node in enumerate((a, b, a, b))
                )
            )
            (made,) = [answer for answer in answers if answer.status == 200]
            assert sorted(answer.status for answer in answers) == [200, 412, 412, 412]
            assert (await a.admin.get(path)).json["custom_id"] == made.json["custom_id"]


async def test_what_was_changed_meanwhile_is_not_deleted(tmp_path: Path) -> None:
    """DELETE and PUT with an old tag change nothing."""
    async with running_node(tmp_path, "a") as node:
        made = await node.admin.post("/consumers", {"username": "alice"})
        old = {"If-Match": made.header("ETag") or ""}
        assert (await node.admin.patch("/consumers/alice", {"custom_id": "a"})).status == 200
        before = (await node.admin.get("/cluster/changes")).json["position"]
        assert (await node.admin.delete("/consumers/alice", headers=old)).status == 412
        assert (await node.admin.put("/consumers/alice", {}, headers=old)).status == 412
        assert (await node.admin.get("/cluster/changes")).json["position"] == before
        assert (await node.admin.get("/consumers/alice")).json["custom_id"] == "a"


async def test_every_node_tells_the_same_tag(tmp_path: Path) -> None:
    """Also after a restart, when it is read from the database only."""
    async with running_node(tmp_path, "a") as a, running_node(tmp_path, "b") as b:
        upstream = await a.admin.post("/upstreams", {"name": "u"})
        target = await a.admin.post("/upstreams/u/targets", {"target": "127.0.0.1:1", "weight": 7})
        tags = [upstream.header("ETag"), target.header("ETag")]
        paths = ["/upstreams/u", f"/upstreams/u/targets/{target.json['id']}"]
        assert [(await b.admin.get(path)).header("ETag") for path in paths] == tags
    async with running_node(tmp_path, "c") as c:
        assert [(await c.admin.get(path)).header("ETag") for path in paths] == tags
