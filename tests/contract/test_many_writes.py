"""A commit of very many writes does what as many of a few would: no store may look ahead and see wrongly."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from twisted_kong.core.errors import ForeignKeyViolation, UniqueViolation
from twisted_kong.db.database import Database
from twisted_kong.db.interfaces import Commit, LostRace, Write

COUNT = 400
NOBODY = "11111111-1111-4111-8111-000000000999"


def key(kind: int, number: int) -> str:
    """An id."""
    return str(UUID(int=(kind << 64) + number))


def service(number: int, name: str | None = None) -> dict[str, Any]:
    """A Service."""
    return {"id": key(1, number), "created_at": 1, "name": name or f"s{number}", "port": 1, "tags": ["t"]}


def route(number: int, parent: int) -> dict[str, Any]:
    """A Route of a Service."""
    reference = {"id": key(1, parent)}
    return {
        "id": key(2, number),
        "created_at": 1,
        "name": f"r{number}",
        "service": reference,
        "options": {"a": 1, "b": None},
        "tags": None,
    }


def plugin(number: int, parent: int) -> dict[str, Any]:
    """A Plugin of a Service."""
    reference = {"id": key(1, parent)}
    unbound = {"route": None, "consumer": None, "instance_name": None}
    return {"id": key(3, number), "created_at": 1, "name": f"p{number}", "service": reference, **unbound}


def insert(table: str, entity: dict[str, Any]) -> Write:
    """A write of a new entity."""
    return Write(table, "insert", entity["id"], entity)


def update(table: str, entity: dict[str, Any]) -> Write:
    """A write of one that is there, whatever it is."""
    return Write(table, "update", entity["id"], entity)


def delete(table: str, key: str) -> Write:
    """A removal."""
    return Write(table, "delete", key)


def commit(*writes: Write) -> Commit:
    """All of them."""
    return Commit(writes, "me", 5.0, "alice")


async def names(database: Database, kind: str) -> dict[str, str]:
    """The names of all entities of a kind by their ids."""
    return {entity["id"]: entity["name"] async for entity in database[kind].each()}


async def filled(database: Database) -> None:
    """Services, each with a Route and a Plugin, made at once."""
    made = [insert("services", service(n)) for n in range(COUNT)]
    made += [insert("routes", route(n, n)) for n in range(COUNT)]
    made += [insert("plugins", plugin(n, n)) for n in range(COUNT)]
    done = await database.strategy.apply(commit(*made))
    assert len(done.changes) == 3 * COUNT
    assert [change.id for change in done.changes] == [write.key for write in made]
    assert done.position == done.changes[-1].position


async def test_all_is_there_and_logged(database: Database) -> None:
    """Children that are made after their parents find them, and the log holds every write, in order."""
    start = await database.log.head()
    await filled(database)
    assert await names(database, "routes") == {key(2, n): f"r{n}" for n in range(COUNT)}
    assert (await database.services.select_by("name", "s7")) == service(7)
    batch = await database.log.history(start, 10_000)
    assert [(each.entity, each.id) for each in batch.changes][:2] == [
        ("services", key(1, 0)),
        ("services", key(1, 1)),
    ]
    assert len(batch.changes) == 3 * COUNT
    assert {each.author for each in batch.changes} == {"alice"}


async def test_names_are_handed_on(database: Database) -> None:
    """A name that one write gives up is free for the next, be they together or far apart."""
    await filled(database)
    writes = [update("services", service(0, "free"))]
    writes += [update("services", service(n, f"s{n - 1}")) for n in range(1, COUNT)]
    writes += [update("services", service(0, f"s{COUNT - 1}"))]
    await database.strategy.apply(commit(*writes))
    expected = {key(1, n): f"s{n - 1}" for n in range(1, COUNT)} | {key(1, 0): f"s{COUNT - 1}"}
    assert await names(database, "services") == expected


async def test_what_cascades_is_gone_for_the_writes_behind_it(database: Database) -> None:
    """Plugins go with their Services; a Service can be made anew under the id and name of a removed one."""
    await filled(database)
    writes = [delete("routes", key(2, n)) for n in range(COUNT)]
    writes += [delete("services", key(1, n)) for n in range(COUNT)]
    writes += [insert("services", service(n)) for n in range(COUNT)]
    writes += [insert("plugins", plugin(n, n)) for n in range(10)]
    done = await database.strategy.apply(commit(*writes))
    assert len(done.changes) == 4 * COUNT + 10
    assert set(await names(database, "plugins")) == {key(3, n) for n in range(10)}
    assert await names(database, "routes") == {}


async def test_what_was_made_in_between_is_removed_too(database: Database) -> None:
    """A removal finds children that an earlier write of the same commit has made, or has led elsewhere."""
    await filled(database)
    moved = {**plugin(1, 1), "service": {"id": key(1, 2)}}
    writes = [update("services", service(n, f"x{n}")) for n in range(COUNT)]
    writes += [update("plugins", moved), insert("plugins", plugin(COUNT, 3))]
    writes += [delete("routes", key(2, 3)), delete("services", key(1, 3))]
    writes += [delete("routes", key(2, 1)), delete("services", key(1, 1))]
    await database.strategy.apply(commit(*writes))
    left = set(await names(database, "plugins"))
    assert key(3, 1) in left
    assert not {key(3, 3), key(3, COUNT)} & left


@pytest.mark.parametrize(
    ("last", "error"),
    [
        (insert("services", {**service(COUNT), "name": "s3"}), UniqueViolation),
        (insert("routes", {**route(COUNT, 0), "service": {"id": NOBODY}}), ForeignKeyViolation),
        (delete("services", key(1, 5)), ForeignKeyViolation),
        (Write("services", "update", key(1, 4), service(4), expected=b"{}"), LostRace),
    ],
)
async def test_one_bad_write_undoes_all(database: Database, last: Write, error: type[Exception]) -> None:
    """Whatever was written before it, and however long ago, nothing of it stays."""
    await filled(database)
    before = await names(database, "services"), await database.log.head()
    writes = [update("services", service(n, "s3" if n == 3 else f"y{n}")) for n in range(COUNT)]
    with pytest.raises(error):
        await database.strategy.apply(commit(*writes, last))
    assert (await names(database, "services"), await database.log.head()) == before
