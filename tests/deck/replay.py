"""The requests that decK 1.49 makes, for where no decK is: what it asks, in which order, what it makes of it.

Noted from a run of decK 1.49.0 at its most talkative.  It reads every kind at once, gives ids to what is new,
fills defaults in from ``/schemas``, compares, and writes kind by kind with ten requests at a time: PUT by an
id of its own making, but POST for Targets; on the way back DELETE by id, children first.
"""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from tests.deck.entities import Document

PARALLEL = 10
HEADERS = {"User-Agent": "Go-http-client/1.1", "Accept-Encoding": "gzip"}
# What decK asks for as well, and may be told that it is not there.
TOLERATED = {
    "/consumer_groups": 404,
    "/degraphql_routes": 404,
    "/mtls-auths": 404,
    "/partials": 404,
    "/filter-chains": 400,
}
MISSING_SCHEMA = "/schemas/consumer_group_plugins"


@dataclass(frozen=True)
class Kind:
    """A kind of entity: by what decK recognises one, and where it is written.

    ``parents`` are the lists that it is nested in, with the name of its reference to them.
    """

    name: str
    path: str
    key: tuple[str, ...]
    parents: tuple[tuple[str, str], ...] = ()
    below: str = ""
    # decK: a password comes back as a hash, so a change of it is never seen
    unseen: frozenset[str] = frozenset()


CONSUMER = (("consumers", "consumer"),)
# In the order in which they are written.
KINDS = (
    Kind("certificates", "/certificates", ("id",)),
    Kind("ca_certificates", "/ca_certificates", ("id",)),
    Kind("consumers", "/consumers", ("username",)),
    Kind("vaults", "/vaults", ("prefix",)),
    Kind("key_sets", "/key-sets", ("name",)),
    Kind("snis", "/snis", ("name",), (("certificates", "certificate"),)),
    Kind("services", "/services", ("name",)),
    Kind("upstreams", "/upstreams", ("name",)),
    Kind("keys", "/keys", ("name",)),
    Kind("keyauth_credentials", "/key-auths", ("key",), CONSUMER, "key-auth"),
    Kind("hmacauth_credentials", "/hmac-auths", ("username",), CONSUMER, "hmac-auth"),
    Kind("jwt_secrets", "/jwts", ("key",), CONSUMER, "jwt"),
    Kind(
        "basicauth_credentials",
        "/basic-auths",
        ("username",),
        CONSUMER,
        "basic-auth",
        frozenset({"password"}),
    ),
    Kind("oauth2_credentials", "/oauth2", ("client_id",), CONSUMER, "oauth2"),
    Kind("acls", "/acls", ("consumer", "group"), CONSUMER, "acls"),
    Kind("routes", "/routes", ("name",), (("services", "service"),)),
    Kind("targets", "", ("upstream", "target"), (("upstreams", "upstream"),), "targets"),
    Kind(
        "plugins",
        "/plugins",
        ("name", "service", "route", "consumer"),
        (("services", "service"), ("routes", "route"), *CONSUMER),
    ),
)
BY_NAME = {kind.name: kind for kind in KINDS}

Entities = dict[str, list[Document]]
Key = tuple[Any, ...]


@dataclass
class Changes:
    """What distinguishes a node from a file."""

    created: list[tuple[Kind, Document]] = field(default_factory=list)
    updated: list[tuple[Kind, Document]] = field(default_factory=list)
    deleted: list[tuple[Kind, Document]] = field(default_factory=list)

    def counts(self) -> tuple[int, int, int]:
        """How many are created, updated and deleted."""
        return len(self.created), len(self.updated), len(self.deleted)


class Deck:
    """decK's commands, as requests to an Admin API on a port; each blocks until it is done."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._local = threading.local()
        self._opened: list[http.client.HTTPConnection] = []
        self._schemas: dict[str, Any] = {}

    def ping(self) -> str:
        """The version of Kong that answers."""
        return str(self._ask("GET", "/")["version"])

    def dump(self) -> Entities:
        """Everything there is, by kind."""
        self.ping()
        kinds = [kind for kind in KINDS if kind.path]
        paths = [f"{kind.path}?size=1000" for kind in kinds]
        found = dict(zip((kind.name for kind in kinds), self._every(self._list, paths), strict=True))
        self._every(lambda path: self._ask("GET", f"{path}?size=1000", expected=TOLERATED[path]), TOLERATED)
        targets = self._every(
            lambda path: self._list(f"{path}?size=1000"),
            [f"/upstreams/{each['id']}/targets" for each in found["upstreams"]],
        )
        return {**found, "targets": [each for some in targets for each in some]}

    def diff(self, document: Document) -> Changes:
        """What a sync would do."""
        current, changes = self.dump(), Changes()
        self._fetch_schemas()
        ids: dict[tuple[str, Any], str] = {}
        for kind in KINDS:
            there = {key_of(kind, each): each for each in current[kind.name]}
            for entity in flat(document, kind, ids):
                key = key_of(kind, entity)
                old = there.pop(key, None)
                entity["id"] = entity.get("id") or (old["id"] if old is not None else str(uuid4()))
                ids[kind.name, key[0]] = entity["id"]
                wanted = self._with_defaults(kind, entity)
                if old is None:
                    changes.created.append((kind, wanted))
                elif not covers(old, wanted, kind.unseen):
                    changes.updated.append((kind, wanted))
            changes.deleted[:0] = [(kind, each) for each in there.values()]
        return changes

    def sync(self, document: Document) -> Changes:
        """Make the node as the document says."""
        changes = self.diff(document)
        for kind in KINDS:
            self._every(self._put, [each for each in changes.created if each[0] is kind])
            self._every(self._replace, [each for each in changes.updated if each[0] is kind])
        for kind in reversed(KINDS):
            self._every(self._delete, [each for each in changes.deleted if each[0] is kind])
        return changes

    def reset(self) -> Changes:
        """Remove everything."""
        return self.sync({"_format_version": "3.0"})

    def close(self) -> None:
        """Close all connections."""
        for connection in self._opened:
            connection.close()

    def _put(self, change: tuple[Kind, Document]) -> None:
        kind, entity = change
        if kind.name == "targets":
            answer = self._ask("POST", f"/upstreams/{entity['upstream']['id']}/targets", entity, expected=201)
        else:
            if kind.name == "certificates":
                self._ask("GET", f"/certificates/{entity['id']}", expected=None)
            answer = self._ask("PUT", self._path(kind, entity), entity)
        # decK goes on with the id that it is told
        assert answer["id"] == entity["id"]

    def _replace(self, change: tuple[Kind, Document]) -> None:
        if change[0].name == "targets":
            self._delete(change)
        self._put(change)

    def _delete(self, change: tuple[Kind, Document]) -> None:
        kind, entity = change
        self._ask("DELETE", self._path(kind, entity), expected=204)

    def _path(self, kind: Kind, entity: Document) -> str:
        if kind.below:
            parent, reference = kind.parents[0]
            return f"/{parent}/{entity[reference]['id']}/{kind.below}/{entity['id']}"
        return f"{kind.path}/{entity['id']}"

    def _list(self, path: str) -> list[Document]:
        rows: list[Document] = []
        offset = ""
        while True:
            page = self._ask("GET", path + offset)
            rows += page["data"]
            if page.get("offset") is None:
                return rows
            # decK: takes the offset to be a text
            assert isinstance(page["offset"], str)
            offset = f"&offset={page['offset']}"

    def _fetch_schemas(self) -> None:
        for name in ("services", "routes", "upstreams", "targets"):
            self._schemas[name] = self._ask("GET", f"/schemas/{name}")
        self._ask("GET", MISSING_SCHEMA, expected=None)

    def _with_defaults(self, kind: Kind, entity: Document) -> Document:
        if kind.name == "plugins":
            name = f"plugins/{entity['name']}"
            if name not in self._schemas:
                self._schemas[name] = self._ask("GET", f"/schemas/{name}")
            return filled(entity, self._schemas[name])
        return filled(entity, self._schemas[kind.name]) if kind.name in self._schemas else entity

    def _every(self, work: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
        with ThreadPoolExecutor(PARALLEL) as pool:
            return list(pool.map(work, items))

    def _ask(self, method: str, path: str, body: Any = None, *, expected: int | None = 200) -> Any:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = http.client.HTTPConnection(
                "127.0.0.1", self._port, timeout=60
            )
            self._opened.append(connection)
        text = None if body is None else json.dumps(body, separators=(",", ":"))
        headers = HEADERS if text is None else {**HEADERS, "Content-Type": "application/json"}
        connection.request(method, path, text, headers)
        answer = connection.getresponse()
        received = answer.read()
        if expected is not None:
            assert answer.status == expected, f"{method} {path}: {answer.status} {received!r:.300}"
        return json.loads(received) if received else None


def flat(document: Document, kind: Kind, ids: dict[tuple[str, Any], str]) -> list[Document]:
    """All entities of a kind in a document, with references by id to what they lie in."""
    found: list[tuple[Document, Document]] = [(entity, {}) for entity in document.get(kind.name, ())]
    for parent, reference in kind.parents:
        key = BY_NAME[parent].key[0]
        for owner in (owner for owner, _ in _found(document, parent)):
            link = {reference: {"id": ids[parent, owner[key]]}}
            found += [(entity, link) for entity in owner.get(kind.name, ())]
    return [_own(kind, {**deepcopy(entity), **link}, ids) for entity, link in found]


def _found(document: Document, name: str) -> list[tuple[Document, Document]]:
    """The entities of a kind with what they lie in, whatever that is."""
    found: list[tuple[Document, Document]] = [(entity, {}) for entity in document.get(name, ())]
    for parent, _ in BY_NAME[name].parents:
        for owner, _ in _found(document, parent):
            found += [(entity, owner) for entity in owner.get(name, ())]
    return found


def _own(kind: Kind, entity: Document, ids: dict[tuple[str, Any], str]) -> Document:
    nested = {each.name for each in KINDS if kind.name in (parent for parent, _ in each.parents)}
    own = {name: value for name, value in entity.items() if name not in nested}
    if kind.name == "keys" and "set" in own:
        own["set"] = {"id": ids["key_sets", own["set"]["name"]]}
    return own


def key_of(kind: Kind, entity: Document) -> Key:
    """By what an entity is recognised."""
    values = (entity.get(name) for name in kind.key)
    return tuple(value["id"] if isinstance(value, dict) else value for value in values)


def filled(entity: Document, schema: Document) -> Document:
    """An entity with the defaults of its schema."""
    result = dict(entity)
    for name, definition in (pair for each in schema["fields"] for pair in each.items()):
        if definition.get("type") == "record":
            within = result.get(name)
            if within is not None or definition.get("required"):
                result[name] = filled(within or {}, definition)
        elif name not in result and definition.get("default") is not None:
            result[name] = definition["default"]
    return result


def covers(whole: Any, part: Any, unseen: frozenset[str] = frozenset()) -> bool:
    """Whether a value holds all that another one says."""
    if isinstance(whole, dict) and isinstance(part, dict):
        said = {name: value for name, value in part.items() if value is not None and name not in unseen}
        return all(covers(whole.get(name), value) for name, value in said.items())
    if isinstance(whole, list) and isinstance(part, list):
        if len(whole) != len(part):
            return False
        if all(isinstance(each, str) for each in (*whole, *part)):
            return sorted(whole) == sorted(part)
        return all(covers(one, other) for one, other in zip(whole, part, strict=True))
    return bool(whole == part)
