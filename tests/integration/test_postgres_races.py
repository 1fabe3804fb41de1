"""Two writers that meet on one database: whatever they meet over, it ends as if one had come after the other.

The first is held before its commit by taking away the lock that it needs for the log; the second then comes
and has to wait for it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred, gatherResults

from tests.kit.deferreds import no_result
from tests.kit.postgres import requires_postgres, shared_server
from tests.kit.postgres_gate import Gate
from tests.kit.stores import PostgresStore, small_database
from twisted_kong.core.errors import (
    DatabaseUnavailable,
    ForeignKeyViolation,
    NotFound,
    PrimaryKeyViolation,
    UniqueViolation,
)
from twisted_kong.db.dao import Written
from twisted_kong.db.database import Database
from twisted_kong.db.interfaces import Commit, LostRace, Write

pytestmark = [pytest.mark.integration, requires_postgres]

ID, OTHER = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"


@pytest.fixture
def store() -> PostgresStore:
    """An empty store in a database of its own."""
    return PostgresStore(shared_server().fresh_database())


@pytest_twisted.async_yield_fixture
async def databases(store: PostgresStore) -> AsyncIterator[tuple[Database, Database]]:
    """Two nodes on it."""
    from twisted.internet import reactor

    pair = [small_database(store.handle(reactor), reactor, name) for name in ("one", "two")]
    for each in pair:
        await each.start()
    yield pair[0], pair[1]
    for each in pair:
        await each.stop()


@pytest.fixture
def gate(store: PostgresStore, databases: object) -> Any:
    """The gate, open."""
    gate = Gate(store.database)
    yield gate
    gate.end()


async def meeting(
    gate: Gate, first: Coroutine[Any, Any, Written], second: Coroutine[Any, Any, Any]
) -> tuple[Written, Any]:
    """Both outcomes, when the second comes while the first has written and not committed."""
    gate.close()
    leading = Deferred.fromCoroutine(first)
    await gate.waiting(1)
    following = Deferred.fromCoroutine(second)
    following.addErrback(lambda failure: failure.value)
    await gate.waiting(2)
    no_result(leading)
    no_result(following)
    gate.open()
    return await leading, await following


async def test_one_key(databases: tuple[Database, Database], gate: Gate) -> None:
    """Of two inserts of one key the second is refused."""
    one, two = databases
    written, refused = await meeting(
        gate, one.services.insert({"id": ID, "name": "a"}), two.services.insert({"id": ID, "name": "b"})
    )
    assert isinstance(refused, PrimaryKeyViolation)
    assert await two.services.select(ID) == written.entity


async def test_one_unique_value(databases: tuple[Database, Database], gate: Gate) -> None:
    """Of two inserts with one name the second is refused, in the words of any refusal."""
    one, two = databases
    _, refused = await meeting(gate, one.services.insert({"name": "a"}), two.services.insert({"name": "a"}))
    assert isinstance(refused, UniqueViolation)
    assert refused.body()["message"] == "UNIQUE violation detected on '{name=\"a\"}'"


async def test_what_the_strategy_says_of_it(databases: tuple[Database, Database], gate: Gate) -> None:
    """To the DAO it is a lost race: read again, decide again."""
    one, two = databases
    write = Write("services", "insert", OTHER, {"id": OTHER, "name": "a", "tags": None})
    _, lost = await meeting(
        gate, one.services.insert({"name": "a"}), two.strategy.apply(Commit((write,), "two", 0.0))
    )
    assert isinstance(lost, LostRace)


async def test_the_first_gives_up(
    databases: tuple[Database, Database], gate: Gate, store: PostgresStore
) -> None:
    """When the first does not commit in the end, the second does."""
    one, two = databases
    gate.close()
    first = Deferred.fromCoroutine(one.services.insert({"name": "a"}))
    first.addErrback(lambda failure: failure.value)
    await gate.waiting(1)
    second = Deferred.fromCoroutine(two.services.insert({"name": "a"}))
    await gate.waiting(2)
    store.database.query(
        "select pg_cancel_backend(pid) from pg_locks where locktype = 'advisory' and not granted"
    )
    refused = await first
    assert type(refused) is DatabaseUnavailable
    gate.open()
    written = await second
    assert (await one.services.select_by("name", "a")) == written.entity


async def test_a_child_of_a_parent_that_goes(databases: tuple[Database, Database], gate: Gate) -> None:
    """Who refers to what is being removed is refused."""
    one, two = databases
    await one.services.insert({"id": ID})
    _, refused = await meeting(
        gate, one.services.delete(ID), two.routes.insert({"name": "r", "service": {"id": ID}})
    )
    assert isinstance(refused, ForeignKeyViolation)
    assert "does not reference an existing 'services' entity" in refused.message


async def test_a_parent_whose_child_comes(databases: tuple[Database, Database], gate: Gate) -> None:
    """Who removes what is being referred to is refused."""
    one, two = databases
    await one.services.insert({"id": ID})
    _, refused = await meeting(
        gate, one.routes.insert({"name": "r", "service": {"id": ID}}), two.services.delete(ID)
    )
    assert isinstance(refused, ForeignKeyViolation)
    assert "an existing 'routes' entity references this 'services' entity" in refused.message


async def test_a_child_that_comes_goes_too(databases: tuple[Database, Database], gate: Gate) -> None:
    """Where removing cascades it takes along also what came last."""
    one, two = databases
    await one.services.insert({"id": ID})
    _, written = await meeting(
        gate, one.plugins.insert({"id": OTHER, "name": "p", "service": {"id": ID}}), two.services.delete(ID)
    )
    assert [(each.entity, each.id) for each in written.changes] == [("plugins", OTHER), ("services", ID)]
    assert (await one.plugins.page()).rows == ()


async def test_a_child_that_is_led_elsewhere(databases: tuple[Database, Database], gate: Gate) -> None:
    """What no longer refers to the parent when that goes is not taken along."""
    one, two = databases
    for key, name in ((ID, "a"), (OTHER, "b")):
        await one.consumers.insert({"id": key, "username": name})
    credential = (await one.keyauth_credentials.insert({"key": "k", "consumer": {"id": ID}})).entity
    _, written = await meeting(
        gate,
        one.keyauth_credentials.update(credential["id"], {"consumer": {"id": OTHER}}),
        two.consumers.delete(ID),
    )
    assert [(each.entity, each.id) for each in written.changes] == [("consumers", ID)]
    found = await two.keyauth_credentials.select_by("key", "k")
    assert found["consumer"] == {"id": OTHER}


async def test_an_update_of_what_cascades(databases: tuple[Database, Database], gate: Gate) -> None:
    """A cascade waits for the update of a child, and removes it as it is then."""
    one, two = databases
    await one.services.insert({"id": ID})
    await one.plugins.insert({"id": OTHER, "name": "p", "service": {"id": ID}})
    _, written = await meeting(
        gate, one.plugins.update(OTHER, {"instance_name": "late"}), two.services.delete(ID)
    )
    assert len(written.changes) == 2
    await one.plugins.insert({"name": "q", "instance_name": "late"})


async def test_an_update_of_what_has_cascaded(databases: tuple[Database, Database], gate: Gate) -> None:
    """The update of a child that went with its parent finds nothing."""
    one, two = databases
    await one.services.insert({"id": ID})
    await one.plugins.insert({"id": OTHER, "name": "p", "service": {"id": ID}})
    _, refused = await meeting(
        gate, one.services.delete(ID), two.plugins.update(OTHER, {"instance_name": "late"})
    )
    assert isinstance(refused, NotFound)


async def test_updates_of_one_entity(databases: tuple[Database, Database], gate: Gate) -> None:
    """Two updates are merged, the second into what the first wrote."""
    one, two = databases
    await one.routes.insert({"id": ID})
    _, written = await meeting(
        gate, one.routes.update(ID, {"options": {"a": 1}}), two.routes.update(ID, {"options": {"b": 2}})
    )
    assert written.entity["options"] == {"a": 1, "b": 2}


async def test_crosswise(databases: tuple[Database, Database]) -> None:
    """Two writers who wait for each other end as one after the other: the server lets one of them lose."""
    one, two = databases
    names = [f"n{number}" for number in range(4)]
    made = [(await one.services.insert({"name": name})).entity["id"] for name in names]

    async def touch(database: Database, *keys: str) -> object:
        writes = tuple(Write("services", "update", key, {"id": key, "name": None}) for key in keys)
        try:
            return await database.strategy.apply(Commit(writes, "x", 0.0))
        except LostRace as lost:
            return lost

    outcomes: list[object] = []
    while not any(isinstance(outcome, LostRace) for outcome in outcomes):
        outcomes += await gatherResults(
            [
                Deferred.fromCoroutine(touch(one, *made)),
                Deferred.fromCoroutine(touch(two, *reversed(made))),
            ]
        )
    assert any(not isinstance(outcome, LostRace) for outcome in outcomes)


async def test_the_log_has_no_gap(databases: tuple[Database, Database], gate: Gate) -> None:
    """Refused, lost and cancelled writes leave no number out."""
    one, two = databases
    start = await one.log.head()
    await meeting(gate, one.services.insert({"name": "a"}), two.services.insert({"name": "a"}))
    await two.services.insert({"name": "b"})
    batch = await two.log.changes_after(start)
    assert (len(batch.changes), batch.continuous) == (2, True)


async def test_nobody_holds_the_lock_while_thinking(databases: tuple[Database, Database]) -> None:
    """A writer in the middle of its transaction holds up no other that has nothing to do with it."""
    one, two = databases
    await one.services.insert({"id": ID, "name": "a"})
    async with one.strategy.primary.transaction() as transaction:
        await transaction.run("select document from entities where id = %s for update", (ID,))
        assert (await two.services.insert({"name": "b"})).changes
