"""Every recorded write, tried out first: the dry run, alone or in a batch, says what the write then does."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.conformance.test_admin import FILES, compared
from tests.kit.admin_client import Response
from tests.kit.admin_node import AdminNode
from tests.kit.bundled import NAMES
from tests.kit.recordings import Exchange, content_of, play, prepare
from tests.kit.recordings import compared as differing
from twisted_kong.admin.api import TRIED_BY_THEMSELVES
from twisted_kong.db.strategies.memory import MemoryStrategy

WRITES = ("POST", "PUT", "PATCH", "DELETE")
NO_ENTITY = "cannot be tried out"
NOT_IN_A_BATCH = "it cannot be part of a batch"


def contents(node: AdminNode) -> Any:
    """All that the node's database holds."""
    strategy = node.database.strategy
    assert isinstance(strategy, MemoryStrategy)
    tables = {name: dict(table.documents) for name, table in strategy.data.tables.items() if table.documents}
    return tables, len(strategy.data.log)


def told(changes: Iterable[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Which entities change and how; ids that the node makes up on its own are made up anew each time."""
    return [(kind, operation, "" if key.startswith("ffffffff") else key) for kind, operation, key in changes]


def shown(changes: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """The changes that a dry run shows."""
    return told((each["entity"], each["operation"], each["id"]) for each in changes)


def tried(node: AdminNode, exchange: Exchange) -> Response:
    """The dry run of a request."""
    prepare(node, exchange)
    path = f"{exchange.path}{'&' if '?' in exchange.path else '?'}dry_run=1"
    return node.client.request(exchange.method, path, **content_of(exchange))


def batched(node: AdminNode, exchange: Exchange) -> Response | None:
    """The dry run of a batch with the request as its only operation, if it can be one."""
    kind, target, body = exchange.request.get("body_kind"), urlsplit(exchange.path), exchange.request["body"]
    if kind not in (None, "json") or target.query or not isinstance(body, dict | None):
        return None
    operation = {"method": exchange.method, "path": exchange.path, "body": body}
    prepare(node, exchange)
    return node.client.post("/batch?dry_run=1", {"operations": [operation]})


def check(exchange: Exchange, status: int, body: Any, real: Response) -> None:
    """Whether what would have been answered is what was answered."""
    assert status == real.status, str(exchange)
    if (
        real.body
        and real.header(
            "Content-Type",
        )
        is not None
    ):
        assert list(differing("", body, json.loads(real.body), frozenset())) == [], str(exchange)


@pytest.mark.parametrize("file", FILES)
def test_a_dry_run_tells_what_the_write_does(file: str) -> None:
    """It leaves no trace, and the write itself then has that status, that body and those changes."""
    node = AdminNode(*NAMES)
    for exchange in compared(file):
        if exchange.method not in WRITES or exchange.path.startswith(tuple(TRIED_BY_THEMSELVES)):
            play(node, exchange)
            continue
        prepare(node, exchange)
        before = contents(node)
        dry, batch = tried(node, exchange), batched(node, exchange)
        assert contents(node) == before, str(exchange)
        node.applied.clear()
        real = play(node, exchange)
        done = told((each.entity, each.operation, each.id) for each in node.applied)
        if NO_ENTITY in dry.body.decode():
            continue
        assert dry.header("X-Kong-Position") is None
        if real.status >= 400:
            assert (dry.status, dry.body) == (real.status, real.body), str(exchange)
        else:
            check(exchange, dry.json["status"], dry.json["entity"], real)
            assert shown(dry.json["changes"]) == done, str(exchange)
        if batch is None or NOT_IN_A_BATCH in batch.body.decode():
            continue
        if real.status >= 400:
            check(exchange, batch.status, batch.json["answer"], real)
        else:
            [answer] = batch.json["data"]
            check(exchange, answer["status"], answer["body"], real)
            assert shown(batch.json["changes"]) == done, str(exchange)
