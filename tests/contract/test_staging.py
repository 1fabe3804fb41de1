"""What every strategy must do with writes that were staged over it and come all at once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.conftest import OpenDatabase
from twisted_kong.core.errors import ForeignKeyViolation, PrimaryKeyViolation, UniqueViolation
from twisted_kong.db.database import Database
from twisted_kong.db.interfaces import LostRace
from twisted_kong.db.staging import JointWrites, StagedStrategy, stage

# More than any strategy deals with at a time.
MANY = 330
AT = 1_700_000_000.0


async def contents(database: Database) -> dict[str, list[Any]]:
    """All there is, by kind."""
    return {kind: [row async for row in dao.each()] for kind, dao in database.daos.items()}


async def filled(database: Database) -> None:
    """Services, Routes and Consumers with credentials, some of each."""
    for number in range(20):
        service = (await database.services.insert({"name": f"s{number}", "tags": ["old"]})).entity
        await database.routes.insert({"name": f"r{number}", "service": {"id": service["id"]}})
        consumer = (await database.consumers.insert({"username": f"c{number}"})).entity
        await database.keyauth_credentials.insert({"key": f"k{number}", "consumer": {"id": consumer["id"]}})


async def changed(twin: Database) -> None:
    """A lot of changes of every sort, many of which rely on one another."""
    for number in range(20):
        await twin.services.update_by("name", f"s{number}", {"name": f"spare{number}"})
    for number in range(20):
        await twin.services.update_by("name", f"spare{number}", {"name": f"s{(number + 1) % 20}"})
    for number in range(20):
        await twin.routes.update_by("name", f"r{number}", {"service": {"name": f"s{number}"}})
    for number in range(0, 20, 2):
        await twin.consumers.delete_by("username", f"c{number}")
        await twin.routes.delete_by("name", f"r{number}")
        await twin.services.delete_by("name", f"s{number}")
    for number in range(MANY):
        await twin.services.insert({"name": f"n{number}", "tags": ["new", f"t{number}"]})
        await twin.routes.upsert_by("name", f"m{number}", {"service": {"name": f"n{number}"}})
    for number in range(0, MANY, 3):
        await twin.routes.delete_by("name", f"m{number}")
        await twin.services.delete_by("name", f"n{number}")
    await twin.services.insert({"name": "n0", "port": 1})


async def commit(store: StagedStrategy) -> Any:
    """Commit in the name of alice."""
    return await store.commit("this-process", AT, "alice")


async def test_after_a_great_commit_the_store_holds_what_was_staged(open_database: OpenDatabase) -> None:
    """Rows, pages, tags and references are as they were staged, and the log tells each change in order."""
    database = await open_database()
    await filled(database)
    store, twin = stage(database)
    await changed(twin)
    expected, before = await contents(twin), await database.log.head()
    tags = (await twin.tags_page(1000)).rows
    committed = await commit(store)
    assert await contents(database) == expected
    assert (await database.tags_page(1000)).rows == tags
    assert len(committed.changes) == len(store.changes) > MANY
    told, position = [], before
    while True:
        batch = await database.log.changes_after(position)
        assert batch.continuous
        told += batch.changes
        position = batch.position
        if not batch.more:
            break
    assert tuple(told) == committed.changes
    assert committed.position == position
    assert [(each.entity, each.operation, each.id) for each in told] == [
        (each.table, each.operation, each.key) for each in store.changes
    ]
    # what finds rows is right as well: nothing stands in the way of a name that is free, or refers to nowhere
    await database.services.insert({"name": "n3"})
    for number in range(1, 20, 2):
        await database.routes.delete_by("name", f"r{number}")
        await database.services.delete_by("name", f"s{number}")


async def test_preloaded_or_not_the_same_is_staged(open_database: OpenDatabase) -> None:
    """A preload changes nothing but how often the store is asked."""
    database = await open_database()
    await filled(database)
    (_, plain), (store, loaded) = stage(database), stage(database)
    await store.preload(["services", "consumers", "keyauth_credentials"])
    for twin in (plain, loaded):
        for number in range(0, 20, 2):
            await twin.consumers.delete_by("username", f"c{number}")
            await twin.routes.delete_by("name", f"r{number}")
            await twin.services.delete_by("name", f"s{number}")
    assert await contents(plain) == await contents(loaded)
    assert (await plain.tags_page(1000)).rows == (await loaded.tags_page(1000)).rows


@pytest.mark.parametrize("filling", [0, MANY])
async def test_a_commit_that_comes_too_late_changes_nothing(
    open_database: OpenDatabase, filling: int
) -> None:
    """Whether another has changed, taken, made or removed something: that is told, and no row written."""
    database = await open_database()
    service = (await database.services.insert({"name": "s"})).entity
    parent = (await database.services.insert({"name": "p"})).entity
    key = "11111111-1111-4111-8111-000000000001"
    others = (
        (database.services.update(service["id"], {"port": 1}), LostRace),
        (database.services.insert({"name": "taken"}), UniqueViolation),
        (database.services.insert({"id": key}), PrimaryKeyViolation),
        (database.services.delete(parent["id"]), ForeignKeyViolation),
    )
    for index, (other, error) in enumerate(others):
        store, twin = stage(database)
        for number in range(filling):
            await twin.consumers.insert({"username": f"c{number}"})
        if index == 0:
            await twin.services.update(service["id"], {"port": 2})
        elif index == 1:
            await twin.services.insert({"name": "taken"})
        elif index == 2:
            await twin.services.insert({"id": key})
        else:
            await twin.routes.insert({"service": {"id": parent["id"]}})
        await other
        before = await database.log.head()
        with pytest.raises(error):
            await commit(store)
        assert await database.log.head() == before
        assert (await database.consumers.page()).rows == ()


async def test_joint_writes_of_two_processes_lose_nothing(open_database: OpenDatabase) -> None:
    """Whoever is overtaken decides anew on what the other has written."""
    one, two = await open_database("one"), await open_database("two")
    await one.services.insert({"name": "s", "port": 0})

    async def work(twin: Database) -> None:
        service = await twin.services.select_by("name", "s")
        assert service is not None
        if twin.instance == "one" and not overtaken:
            overtaken.append(True)
            await JointWrites(two).make(work)
        await twin.services.update(service["id"], {"port": service["port"] + 1})

    overtaken: list[bool] = []
    await JointWrites(one).make(work)
    found = await two.services.select_by("name", "s")
    assert found is not None
    assert found["port"] == 2
