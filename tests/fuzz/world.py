"""A small world for the fuzzer: an Admin API in memory, some entities of each kind, and all that it holds."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from typing import Any

from twisted.internet.task import Clock
from typing_extensions import override

from tests.kit.admin_node import START, AdminNode
from tests.kit.bundled import NAMES
from tests.kit.recordings import recorded
from twisted_kong.admin.api import admin_table
from twisted_kong.admin.calls import Table
from twisted_kong.admin.endpoints import collection_path, has_endpoints, nested_path
from twisted_kong.db.strategies.memory import MemoryStrategy

# In this order, for each refers to what was before it.
ENTITIES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("/services", {"name": "s1", "host": "s1.test", "tags": ["t1", "t2"]}),
    ("/services", {"name": "s2", "url": "https://s2.test:8443/p"}),
    ("/services/s1/routes", {"name": "r1", "paths": ["/r1", "~/x/(?<y>a+)"], "tags": ["t1"]}),
    ("/routes", {"name": "r2", "hosts": ["r2.test", "*.r2.test"], "headers": {"x": ["y"]}}),
    ("/consumers", {"username": "c1", "custom_id": "i1", "tags": ["t1"]}),
    ("/consumers", {"username": "c2"}),
    ("/upstreams", {"name": "u1", "tags": ["t2"]}),
    ("/upstreams/u1/targets", {"target": "10.0.0.1:80", "weight": 10}),
    ("/upstreams/u1/targets", {"target": "10.0.0.2:80"}),
    ("/vaults", {"name": "env", "prefix": "v1", "config": {"prefix": "X_"}}),
    ("/key-sets", {"name": "k1"}),
    ("/plugins", {"name": "key-auth"}),
    ("/services/s1/plugins", {"name": "correlation-id", "instance_name": "p1"}),
    ("/services/s2/plugins", {"name": "rate-limiting", "config": {"minute": 5, "policy": "local"}}),
    ("/consumers/c1/key-auth", {"key": "secret"}),
)
# Of plugins that may not be loaded.
CREDENTIALS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("/consumers/c1/basic-auth", {"username": "b1", "password": "p"}),
    ("/consumers/c1/hmac-auth", {"username": "h1", "secret": "p"}),
    ("/consumers/c1/jwt", {"key": "w1", "secret": "p"}),
    ("/consumers/c1/acls", {"group": "g1"}),
    ("/consumers/c1/oauth2", {"name": "o1", "client_id": "o1", "redirect_uris": ["http://a.test/"]}),
    ("/oauth2/o1/oauth2_tokens", {"expires_in": 60, "access_token": "t1"}),
    ("/sessions", {"session_id": "n1", "expires": 60, "data": "x"}),
)


class TurnClock(Clock):
    """A clock that stands still between calls, and goes by processor time within one.

    So work that is done in slices is sliced, and ``longest`` is what the longest call took, in seconds.
    """

    def __init__(self) -> None:
        super().__init__()
        self.longest = 0.0
        self._began: float | None = None

    @override
    def seconds(self) -> float:
        """What time it is."""
        within = 0.0 if self._began is None else time.process_time() - self._began
        return float(self.rightNow) + within

    @override
    def advance(self, amount: float) -> None:
        """Let time pass, and do what is due."""
        self.rightNow += amount
        self._sortCalls()
        while self.calls and self.calls[0].getTime() <= self.rightNow:
            call = self.calls.pop(0)
            call.called = 1
            self.timed(call.func, *call.args, **call.kw)

    def timed(self, work: Callable[..., object], *args: Any, **more: Any) -> None:
        """Do something, and note how long it took."""
        self._began = time.process_time()
        try:
            work(*args, **more)
        finally:
            self.longest = max(self.longest, time.process_time() - self._began)
            self._began = None


class World:
    """An Admin API with entities of each kind; ``entities`` are those that were seen, by kind."""

    def __init__(self) -> None:
        self.clock = TurnClock()
        self.clock.advance(START)
        self.node = AdminNode(*NAMES, clock=self.clock)
        self.table: Table = admin_table(self.node.parts)
        self.kinds = kinds_of_paths(self.node.schemas, self.table)
        self.entities: dict[str, list[dict[str, Any]]] = {}
        for path, record in (*ENTITIES, *certificates(), *CREDENTIALS):
            kind = self._kind(path)
            if kind is not None:
                self.learn(kind, self.node.create(path, record))

    def _kind(self, path: str) -> str | None:
        """The kind of entity that a collection of the table holds, None for none of it."""
        words = path.split("/")
        same = (each for each in self.kinds if each.count("/") == path.count("/"))
        return next((self.kinds[each] for each in same if each.split("/")[1::2] == words[1::2]), None)

    def learn(self, kind: str, entity: dict[str, Any]) -> None:
        """An entity was made or changed."""
        known = self.entities.setdefault(kind, [])
        self.entities[kind] = [entity, *(each for each in known if each["id"] != entity["id"])][:30]

    def names(self, kind: str, entity: dict[str, Any]) -> list[str]:
        """By what an entity may be addressed."""
        key = self.node.schemas[kind].endpoint_key
        named = entity.get(key) if key is not None else None
        return [entity["id"], named] if isinstance(named, str) and named else [entity["id"]]

    def digest(self) -> tuple[Any, ...]:
        """Everything that the store holds, and how far its log goes; equal as long as nothing was written."""
        strategy = self.node.database.strategy
        assert isinstance(strategy, MemoryStrategy)
        data = strategy.data
        tables = tuple(
            (name, frozenset(rows.documents.items()), len(rows.holders), len(rows.tags))
            for name, rows in data.tables.items()
            if rows.documents
        )
        return str(data.log[-1].position), len(data.log), tables

    def own_path(self, kind: str, entity: dict[str, Any]) -> str:
        """The path by which one entity can be read, whatever the path by which it was written."""
        if kind == "targets":
            return f"/upstreams/{entity['upstream']['id']}/targets/{entity['id']}"
        return f"{collection_path(self.node.schemas[kind])}/{entity['id']}"


def kinds_of_paths(schemas: Any, table: Table) -> dict[str, str]:
    """Which kind of entity the answer to a write shows, by path of the table."""
    kinds: dict[str, str] = {}
    for name, schema in schemas.items():
        if not has_endpoints(schema):
            continue
        own = [collection_path(schema)]
        for field, foreign in schema.foreign.items():
            parent = schemas[foreign.reference]
            own.append(nested_path(parent, schema))
            kinds[f"{collection_path(schema)}/{{{name}}}/{field}"] = parent.name
        for path in own:
            kinds[path] = kinds[f"{path}/{{{name}}}"] = name
    return {path: name for path, name in kinds.items() if path in table}


@cache
def certificates() -> tuple[tuple[str, dict[str, Any]], ...]:
    """A Certificate with an SNI, a CA certificate and a key, as Kong took them."""
    pair, authority, key = (
        _first("certificates", "cert"),
        _first("ca_certificates", "cert"),
        _first("keys", "jwk"),
    )
    return (
        ("/certificates", {"cert": pair["cert"], "key": pair["key"], "snis": ["a.test"]}),
        ("/ca_certificates", {"cert": authority["cert"]}),
        ("/key-sets/k1/keys", {"name": "j1", "kid": key["kid"], "jwk": key["jwk"]}),
    )


def _first(file: str, member: str) -> dict[str, Any]:
    """The first body that made an entity with such a member."""
    bodies = (
        each.request["body"]
        for each in recorded(file)
        if (each.method, each.response["status"]) == ("POST", 201)
    )
    return next(dict(body) for body in bodies if isinstance(body, dict) and member in body)
