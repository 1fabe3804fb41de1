"""What every strategy must do with entities that live for a time only."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.test_verbs import refusal
from tests.kit.stores import IStore, MovableClock
from twisted_kong.core.errors import InvalidOptions, SchemaViolation
from twisted_kong.db.database import Database
from twisted_kong.db.upkeep import Upkeep


@pytest.fixture
def clock(clock: MovableClock) -> MovableClock:
    """A clock that stands still unless moved."""

    class Still(MovableClock):
        def seconds(self) -> float:
            return 1_700_000_000.0 + self.ahead

    return Still(clock)


async def credential(database: Database, key: str, **rest: Any) -> dict[str, Any]:
    """Make a credential, with a consumer of its own."""
    consumer = (await database.consumers.insert({"username": f"of {key}"})).entity
    record = {"key": key, "consumer": {"id": consumer["id"]}, **rest}
    return (await database.keyauth_credentials.insert(record)).entity


async def test_the_rest_is_shown(database: Database, clock: MovableClock) -> None:
    """An entity shows the whole seconds it has left; one without an end shows null."""
    short, lasting = await credential(database, "a", ttl=5), await credential(database, "b")
    assert (short["ttl"], lasting["ttl"]) == (5, None)
    clock.advance(1.5)
    assert (await database.keyauth_credentials.select(short["id"]))["ttl"] == 3
    assert [row["ttl"] for row in (await database.keyauth_credentials.page()).rows].count(3) == 1
    assert "ttl" not in (await database.consumers.select_by("username", "of a"))


async def test_it_is_gone_at_once(database: Database, clock: MovableClock) -> None:
    """An entity whose time is over is found in no way, whether it was removed already or not."""
    entity = await credential(database, "a", ttl=5, tags=["t"])
    clock.advance(5)
    dao = database.keyauth_credentials
    assert await dao.select(entity["id"]) is None
    assert await dao.select_by("key", "a") is None
    assert (await dao.page()).rows == ()
    assert (await dao.page(tags="t")).rows == ()
    assert (await dao.page(foreign=("consumer", entity["consumer"]["id"]))).rows == ()
    assert (await database.tags_page()).rows == ()
    assert [row async for row in dao.each()] == []
    assert (await dao.delete(entity["id"])).changes == ()


async def test_it_stands_in_nobodys_way(database: Database, clock: MovableClock) -> None:
    """The key and the id of an entity whose time is over can be used again at once."""
    entity = await credential(database, "a", ttl=5)
    clock.advance(5)
    again = await credential(database, "a2", id=entity["id"])
    assert again["id"] == entity["id"]
    other = (await database.keyauth_credentials.insert({"key": "a", "consumer": entity["consumer"]})).entity
    assert other["ttl"] is None


async def test_an_update_keeps_the_end(database: Database, clock: MovableClock) -> None:
    """A patch without ttl leaves the end, one with it sets it anew, 0 and null take it away."""
    entity = await credential(database, "a", ttl=10)
    clock.advance(4)
    dao = database.keyauth_credentials
    assert (await dao.update(entity["id"], {"tags": ["x"]})).entity["ttl"] == 6
    assert (await dao.update(entity["id"], {"ttl": 20})).entity["ttl"] == 20
    assert (await dao.update(entity["id"], {"ttl": 0})).entity["ttl"] is None
    await dao.update(entity["id"], {}, ttl=30)
    assert (await dao.update(entity["id"], {"ttl": None})).entity["ttl"] is None


async def test_a_put_sets_the_end_anew(database: Database) -> None:
    """A put is a full document: without ttl the entity has no end."""
    entity = await credential(database, "a", ttl=10)
    record = {"key": "a", "consumer": entity["consumer"]}
    assert (await database.keyauth_credentials.upsert(entity["id"], record)).entity["ttl"] is None
    written = await database.keyauth_credentials.upsert_by("key", "a", {**record, "ttl": 7})
    assert written.entity["ttl"] == 7


@pytest.mark.parametrize("ttl", [-1, 100_000_001, 1.5, "5", True, float("nan")])
async def test_bad_ttl(database: Database, ttl: object) -> None:
    """A ttl is a whole number from 0 to 100000000: code 11 for anything else."""
    consumer = (await database.consumers.insert({"username": "bob"})).entity
    record = {"ttl": ttl, "consumer": {"id": consumer["id"]}}
    reason = "must be an integer between 0 and 100000000"
    assert await refusal(database.keyauth_credentials.insert(record), InvalidOptions) == {
        "code": 11,
        "name": "invalid options",
        "message": f"invalid option (ttl: {reason})",
        "options": {"ttl": reason},
    }


async def test_ttl_of_a_kind_without(database: Database) -> None:
    """For a kind without a time to live it is an unknown field."""
    body = await refusal(database.services.insert({"ttl": 5}), SchemaViolation)
    assert body["fields"] == {"ttl": "unknown field"}


async def test_expired_rows_are_removed(database: Database, clock: MovableClock) -> None:
    """Upkeep removes them without a word in the log, but what cascades from them is told of."""
    entity = await credential(database, "a", ttl=5)
    grant = (await database.grants.insert({"credential": {"id": entity["id"]}})).entity
    before = await database.log.head()
    clock.advance(6)
    assert await database.strategy.expired(10) == [("keyauth_credentials", entity["id"])]
    await database.upkeep.work()
    assert await database.strategy.expired(10) == []
    batch = await database.log.changes_after(before)
    assert [(change.entity, change.id, change.operation) for change in batch.changes] == [
        ("grants", grant["id"], "delete")
    ]


async def test_expired_rows_of_a_kind_that_is_not_there(
    database: Database, clock: MovableClock, store: IStore
) -> None:
    """They are left to nodes that know the kind, and do not keep the others from being removed."""
    await database.counters.insert({"identifier": "a", "period": "b"}, ttl=5)
    entity = await credential(database, "a", ttl=6)
    clock.advance(10)
    without = store.handle(clock)
    await without.start({name: dao.table for name, dao in database.daos.items() if name != "counters"})
    try:
        assert await without.expired(10) == [("keyauth_credentials", entity["id"])]
        await Upkeep(without, clock, "without", 100.0).work()
        assert [kind for kind, _ in await database.strategy.expired(10)] == ["counters"]
    finally:
        await without.stop()


async def test_an_expired_parent_is_no_parent(database: Database, clock: MovableClock) -> None:
    """A reference to an entity whose time is over leads nowhere."""
    from twisted_kong.core.errors import ForeignKeyViolation

    entity = await credential(database, "a", ttl=5)
    clock.advance(5)
    record = {"credential": {"id": entity["id"]}}
    await refusal(database.grants.insert(record), ForeignKeyViolation)
