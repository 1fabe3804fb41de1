"""Tests of the staged store: what it shows, what it keeps, what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.kit.deferreds import failure_of, success_of
from tests.kit.stores import memory_database
from twisted_kong.core.errors import (
    EntityError,
    ForeignKeyViolation,
    PrimaryKeyViolation,
    SchemaViolation,
    UniqueViolation,
)
from twisted_kong.db.database import Database
from twisted_kong.db.interfaces import LostRace
from twisted_kong.db.staging import StagedStrategy, stage
from twisted_kong.db.tables import Table
from twisted_kong.db.turns import Turns

Staged = tuple[StagedStrategy, Database]


@pytest.fixture
def base() -> Iterator[Database]:
    """The database beneath."""
    with memory_database() as database:
        yield database


@pytest.fixture
def staged(base: Database) -> Staged:
    """A staged store over it, and the kinds over that."""
    return stage(base)


def made(database: Database, kind: str, record: dict[str, Any]) -> dict[str, Any]:
    """Insert an entity."""
    written = success_of(database[kind].insert(record))
    assert written.entity is not None
    return written.entity


def contents(database: Database) -> dict[str, list[dict[str, Any]]]:
    """All there is, by kind."""

    async def read() -> dict[str, list[dict[str, Any]]]:
        return {kind: [row async for row in dao.each()] for kind, dao in database.daos.items()}

    return success_of(read())


def commit(store: StagedStrategy) -> Any:
    """Commit, in the name of alice."""
    return store.commit("this-process", 1_700_000_000.0, "alice")


def test_the_base_knows_nothing_of_what_is_staged(base: Database, staged: Staged) -> None:
    """Reads through the staged store see its writes; the base has neither rows nor changes of them."""
    before, head = contents(base), success_of(base.log.head())
    service = made(staged[1], "services", {"name": "s", "tags": ["x"]})
    assert success_of(staged[1].services.select_by("name", "s")) == service
    assert contents(base) == before
    assert success_of(base.log.head()) == head


def test_after_the_commit_the_base_holds_the_same(base: Database, staged: Staged) -> None:
    """Whatever was staged – made, changed, removed, cascaded – is what the base shows after the commit."""
    old = made(base, "services", {"name": "old", "port": 1})
    consumer = made(base, "consumers", {"username": "c"})
    made(base, "keyauth_credentials", {"key": "k", "consumer": {"id": consumer["id"]}})
    store, twin = staged
    made(twin, "routes", {"name": "r", "service": {"name": "old"}})
    success_of(twin.services.update(old["id"], {"port": 2}))
    success_of(twin.services.update(old["id"], {"name": "new"}))
    made(twin, "services", {"name": "old"})
    success_of(twin.consumers.delete(consumer["id"]))
    expected = contents(twin)
    committed = success_of(commit(store))
    assert contents(base) == expected
    assert [(change.entity, change.operation, change.id) for change in committed.changes] == [
        (draft.table, draft.operation, draft.key) for draft in store.changes
    ]
    assert {change.author for change in committed.changes} == {"alice"}
    assert committed.position == success_of(base.log.head())


def test_changes_tell_before_and_after(base: Database, staged: Staged) -> None:
    """Each write is told in order, with the entity as it was and as it is, and so are those of a cascade."""
    consumer = made(base, "consumers", {"username": "c"})
    credential = made(base, "keyauth_credentials", {"key": "k", "consumer": {"id": consumer["id"]}})
    store, twin = staged
    service = made(twin, "services", {"name": "s"})
    success_of(twin.services.update(service["id"], {"port": 7}))
    success_of(twin.consumers.delete(consumer["id"]))
    del credential["ttl"]
    assert [(each.table, each.operation, each.before, each.after) for each in store.changes] == [
        ("services", "create", None, service),
        ("services", "update", service, {**service, "port": 7}),
        ("keyauth_credentials", "delete", credential, None),
        ("consumers", "delete", consumer, None),
    ]


def test_a_refused_write_leaves_nothing_staged(base: Database, staged: Staged) -> None:
    """A refusal, even in the midst of a cascade, leaves what was staged before as it was."""
    service = made(base, "services", {"name": "s"})
    made(base, "plugins", {"name": "p", "service": {"id": service["id"]}})
    store, twin = staged
    route = made(twin, "routes", {"name": "r", "service": {"id": service["id"]}})
    before = contents(twin)
    for refused in (
        twin.services.delete(service["id"]),
        twin.services.insert({"name": "s"}),
        twin.services.insert({"id": service["id"]}),
        twin.routes.insert({"name": "r"}),
        twin.routes.update(route["id"], {"service": {"id": route["id"]}}),
    ):
        failure_of(refused, EntityError)
    assert contents(twin) == before
    assert len(store.changes) == 1


def test_a_name_that_is_given_up_is_free(base: Database, staged: Staged) -> None:
    """Two entities of the base can exchange their names, and do so in the commit."""
    one, two = (made(base, "services", {"name": name}) for name in ("one", "two"))
    store, twin = staged
    success_of(twin.services.update(one["id"], {"name": "spare"}))
    success_of(twin.services.update(two["id"], {"name": "one"}))
    success_of(twin.services.update(one["id"], {"name": "two"}))
    success_of(commit(store))
    assert success_of(base.services.select_by("name", "two"))["id"] == one["id"]


def test_an_entity_changed_meanwhile_loses_the_race(base: Database, staged: Staged) -> None:
    """A commit whose writes were decided on what has changed writes nothing at all."""
    service = made(base, "services", {"name": "s"})
    store, twin = staged
    made(twin, "consumers", {"username": "c"})
    success_of(twin.services.update(service["id"], {"port": 1}))
    success_of(base.services.update(service["id"], {"port": 2}))
    failure_of(commit(store), LostRace)
    assert success_of(base.consumers.select_by("username", "c")) is None


def test_what_was_taken_meanwhile_is_refused_as_such(base: Database, staged: Staged) -> None:
    """A unique value that was taken is a unique violation, a primary key one of the primary key."""
    store, twin = staged
    made(twin, "services", {"name": "s"})
    made(base, "services", {"name": "s"})
    failure_of(commit(store), UniqueViolation)
    key = "11111111-1111-4111-8111-000000000001"
    store, twin = stage(base)
    made(twin, "services", {"id": key})
    made(base, "services", {"id": key})
    failure_of(commit(store), PrimaryKeyViolation)


def test_a_parent_that_went_meanwhile_is_refused_as_such(base: Database, staged: Staged) -> None:
    """A reference that leads nowhere by the time of the commit is a foreign key violation."""
    service = made(base, "services", {"name": "s"})
    store, twin = staged
    made(twin, "routes", {"name": "r", "service": {"id": service["id"]}})
    success_of(base.services.delete(service["id"]))
    failure_of(commit(store), ForeignKeyViolation)


def test_what_was_read_stays_as_it_was_read(base: Database, staged: Staged) -> None:
    """What others write meanwhile does not show: all is decided on one state of each row."""
    service = made(base, "services", {"name": "s"})
    twin = staged[1]
    assert success_of(twin.services.select(service["id"])) == service
    success_of(base.services.update(service["id"], {"name": "t"}))
    assert success_of(twin.services.select(service["id"])) == service
    assert success_of(twin.services.select_by("name", "t")) is None


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_pages_merge_what_is_staged_with_the_rest(base: Database, staged: Staged, size: int) -> None:
    """Page by page come the rows of the base and the staged ones, by key, each once, none that is gone."""
    keys = [f"11111111-1111-4111-8111-00000000000{digit}" for digit in range(10)]
    for key in keys[1::2]:
        made(base, "services", {"id": key, "tags": ["x"]})
    twin = staged[1]
    for key in keys[::2]:
        made(twin, "services", {"id": key, "tags": ["x"]})
    success_of(twin.services.delete(keys[3]))
    success_of(twin.services.update(keys[5], {"tags": ["y"]}))
    left = [key for key in keys if key != keys[3]]
    assert paged(twin, size, None) == left
    assert paged(twin, size, "x") == [key for key in left if key != keys[5]]
    assert paged(twin, size, None, descending=True) == left[::-1]
    assert paged(twin, size, "x", descending=True) == [key for key in left[::-1] if key != keys[5]]
    found = success_of(twin.tags_page(100))
    assert [row["entity_id"] for row in found.rows] == left
    assert [row["tag"] for row in found.rows] == ["y" if key == keys[5] else "x" for key in left]


def paged(database: Database, size: int, tags: str | None, *, descending: bool = False) -> list[str]:
    """The keys of all Services, read page by page."""
    keys, offset = [], None
    while True:
        page = success_of(database.services.page(size, offset, tags=tags, descending=descending))
        keys += [row["id"] for row in page.rows]
        offset = page.offset
        if offset is None:
            return keys


def test_what_is_preloaded_is_asked_for_no_more(base: Database) -> None:
    """After a preload all reads and writes of a table are answered without the base, with the same result."""
    service = made(base, "services", {"name": "s", "tags": ["x"]})
    made(base, "routes", {"name": "r", "service": {"id": service["id"]}})
    store, twin = stage(base)
    success_of(twin.services.update(service["id"], {"port": 1}))
    success_of(store.preload(["services", "routes"]))
    success_of(base.routes.delete_by("name", "r"))
    assert success_of(twin.routes.select_by("name", "r")) is not None
    assert success_of(twin.services.select(service["id"]))["port"] == 1
    failure_of(twin.services.delete(service["id"]), ForeignKeyViolation)
    assert success_of(twin.routes.select_by("name", "none")) is None
    assert [row["tag"] for row in success_of(twin.tags_page()).rows] == ["x"]
    success_of(twin.routes.delete_by("name", "r"))
    failure_of(commit(store), LostRace)


def test_what_only_the_base_cannot_hold_is_refused_at_once(base: Database, staged: Staged) -> None:
    """A dry run must not find good what the datastore would refuse."""

    def examine(table: Table, key: str, entity: dict[str, Any]) -> None:
        if "\0" in str(entity["name"]):
            raise SchemaViolation("cannot be stored", {})

    base.strategy.examine = examine  # type: ignore[method-assign]
    failure_of(staged[1].services.insert({"name": "a\0b"}), SchemaViolation)
    made(staged[1], "services", {"name": "a"})


def test_what_was_staged_can_be_let_go(staged: Staged, base: Database) -> None:
    """Rows that were read, written or looked for: of a great document that is gigabytes."""
    store, database = staged
    made(base, "services", {"name": "beneath"})
    success_of(store.preload(["routes"]))
    made(database, "services", {"name": "a", "tags": ["t"]})
    success_of(database["services"].select_by("name", "beneath"))
    success_of(store.forget(Turns(base.clock)))
    assert [*store.changes, *store._writes] == []
    assert not any([*store._overlay.kept(), *store._base.kept()])
