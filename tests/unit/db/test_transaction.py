"""What a list of writes means; single verbs are the contract's, here it is about writes that go together."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from twisted.internet.task import Clock

from tests.kit.deferreds import failure_of, success_of
from tests.kit.small_kinds import SmallKinds
from tests.kit.write_context import write_context
from twisted_kong.core.errors import EntityError, ForeignKeyViolation, UniqueViolation
from twisted_kong.db.interfaces import Commit, LostRace, Write
from twisted_kong.db.schemas import tables_of
from twisted_kong.db.strategies.memory import MemoryStrategy
from twisted_kong.db.transaction import run_unsuspended

TABLES = tables_of(SmallKinds(), lambda schema, new, old: (schema.name,), write_context)


class Store:
    """A store in memory and short ways to write into it."""

    def __init__(self) -> None:
        numbers = itertools.count()
        self.strategy = MemoryStrategy(Clock(), lambda: f"{next(numbers):08x}")
        success_of(self.strategy.start(TABLES))

    def apply(self, *writes: Write) -> list[tuple[str, str, str]]:
        """Apply the writes; what the log tells of them."""
        committed = success_of(self.strategy.apply(Commit(writes, "me", 0.0)))
        return [(change.operation, change.entity, change.id) for change in committed.changes]

    def refused(self, *writes: Write) -> BaseException:
        """Why the writes are refused, and that nothing has changed by them."""
        before = self.rows()
        error = failure_of(self.strategy.apply(Commit(writes, "me", 0.0)), EntityError, LostRace)
        assert self.rows() == before
        return error

    def rows(self) -> Any:
        """All there is, with everything that finds it."""
        tables = {
            name: (table.documents.copy(), list(table.keys), dict(table.holders), dict(table.tags))
            for name, table in self.strategy.data.tables.items()
            if table.keys
        }
        referring = {
            (name, *key): set(children)
            for name, table in self.strategy.data.tables.items()
            for key, children in table.referring.items()
            if children
        }
        return tables, referring, len(self.strategy.data.log)


def service(key: str, name: str | None = None, **rest: Any) -> dict[str, Any]:
    """A Service."""
    return {"id": key, "name": name, "tags": None, **rest}


def insert(table: str, entity: dict[str, Any], **rest: Any) -> Write:
    """A write of a new entity."""
    return Write(table, "insert", entity["id"], entity, **rest)


def update(table: str, entity: dict[str, Any], **rest: Any) -> Write:
    """A write of an entity that is there."""
    return Write(table, "update", entity["id"], entity, **rest)


def test_writes_see_one_another() -> None:
    """A later write of a list may refer to what an earlier one made, and take a name it gave up."""
    store = Store()
    assert store.apply(
        insert("services", service("1", "a")),
        insert("routes", {"id": "2", "name": "r", "service": {"id": "1"}}),
        update("services", service("1", "b")),
        insert("services", service("3", "a")),
    ) == [
        ("create", "services", "1"),
        ("create", "routes", "2"),
        ("update", "services", "1"),
        ("create", "services", "3"),
    ]


def test_all_or_nothing() -> None:
    """When one write is refused none has happened, whatever came before it."""
    store = Store()
    store.apply(
        insert("services", service("1", "a", tags=["x", "y"])),
        insert("services", service("2", "b")),
        insert("consumers", {"id": "3", "username": "c"}),
        insert("plugins", {"id": "4", "name": "p", "consumer": {"id": "3"}, "service": {"id": "1"}}),
    )
    error = store.refused(
        update("services", service("1", "c", tags=["z"])),
        Write("services", "delete", "2"),
        Write("consumers", "delete", "3"),
        insert("services", service("5", "d", tags=["x"])),
        insert("services", service("6", "c")),
    )
    assert isinstance(error, UniqueViolation)


def test_cascades_are_taken_back_too() -> None:
    """A refusal deep in a cascade leaves everything as it was."""
    store = Store()
    store.apply(
        insert("services", service("1", "a")),
        insert("plugins", {"id": "2", "name": "p", "service": {"id": "1"}}),
        insert("routes", {"id": "3", "name": "r", "service": {"id": "1"}}),
    )
    assert isinstance(store.refused(Write("services", "delete", "1")), ForeignKeyViolation)


def test_expected_documents() -> None:
    """An update or delete that was decided on another document has lost the race."""
    store = Store()
    store.apply(insert("services", service("1", "a")))
    seen = success_of(store.strategy.select(TABLES["services"], "1"))
    assert seen is not None
    store.apply(update("services", service("1", "b"), expected=seen.document))
    stale = seen.document
    assert isinstance(store.refused(update("services", service("1", "c"), expected=stale)), LostRace)
    assert isinstance(store.refused(Write("services", "delete", "1", expected=stale)), LostRace)
    assert isinstance(store.refused(update("services", service("9", "c"))), LostRace)


def test_expected_families() -> None:
    """An update that was decided on what referred to an entity has lost the race when others do by now."""
    store = Store()
    store.apply(
        insert("services", service("1", "a")),
        insert("plugins", {"id": "2", "name": "p", "service": {"id": "1"}}),
        insert("plugins", {"id": "3", "name": "q", "service": {"id": "1"}}),
    )
    known = ("plugins", "service", ("3", "2"))
    assert store.apply(update("services", service("1", "b"), family=known)) == [("update", "services", "1")]
    for keys in ((), ("2",), ("2", "3", "4")):
        changed = update("services", service("1", "c"), family=("plugins", "service", keys))
        assert isinstance(store.refused(changed), LostRace)


def test_an_end_can_be_kept() -> None:
    """A write that keeps the end takes the one that stands in the store, not the one it has read."""
    store = Store()
    consumer = {"id": "1", "username": "c"}
    credential = {"id": "2", "key": "k", "consumer": {"id": "1"}}
    store.apply(insert("consumers", consumer), insert("keyauth_credentials", credential, expires=50.0))
    store.apply(update("keyauth_credentials", credential, expires=10.0, keeps_expiry=True))
    seen = success_of(store.strategy.select(TABLES["keyauth_credentials"], "2"))
    assert seen is not None
    assert seen.expires == 50.0


def test_expiring_what_is_not_over() -> None:
    """A row is not removed before its time, whoever says so."""
    store = Store()
    consumer = {"id": "1", "username": "c"}
    credential = {"id": "2", "key": "k", "consumer": {"id": "1"}}
    store.apply(insert("consumers", consumer), insert("keyauth_credentials", credential, expires=50.0))
    assert store.apply(Write("keyauth_credentials", "expire", "2")) == []
    assert success_of(store.strategy.select(TABLES["keyauth_credentials"], "2")) is not None


def test_deleting_twice_in_one_list() -> None:
    """What is gone already is not told of again."""
    store = Store()
    store.apply(insert("services", service("1", "a")))
    gone = Write("services", "delete", "1")
    assert store.apply(gone, gone) == [("delete", "services", "1")]


def test_run_unsuspended() -> None:
    """A coroutine that never waits is run to its end; one that would wait is a mistake."""

    async def nested(value: int) -> int:
        return value

    async def outer() -> int:
        return await nested(1) + await nested(2)

    class Waiting:
        def __await__(self) -> Any:
            yield

    async def waits() -> None:
        await Waiting()

    assert run_unsuspended(outer()) == 3
    with pytest.raises(RuntimeError, match="waited"):
        run_unsuspended(waits())
