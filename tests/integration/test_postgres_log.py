"""The log of changes under many writers, readers and cleaners at once, on a real server."""

from __future__ import annotations

import random
import secrets
from collections.abc import AsyncIterator, Awaitable
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred, gatherResults

from tests.kit.postgres import requires_postgres
from tests.kit.stores import MovableClock, PostgresStore, small_database
from twisted_kong.core.changes import Change, Position
from twisted_kong.db.database import Database
from twisted_kong.db.strategies.postgres.statement import Statement
from twisted_kong.db.strategies.postgres.store import PostgresStrategy

pytestmark = [pytest.mark.integration, requires_postgres]

NODES, WRITERS, WRITES = 3, 8, 25


@pytest.fixture
def clock() -> MovableClock:
    """The time of all nodes."""
    from twisted.internet import reactor

    return MovableClock(reactor)


@pytest_twisted.async_yield_fixture
async def nodes(clock: MovableClock) -> AsyncIterator[list[Database]]:
    """Some nodes on one database."""
    store = PostgresStore()
    opened = [small_database(store.handle(clock), clock, secrets.token_hex(4)) for _ in range(NODES)]
    for node in opened:
        await node.start()
    yield opened
    for node in opened:
        await node.stop()


def started(work: Awaitable[Any]) -> Deferred[Any]:
    """Something that goes on by itself."""
    return Deferred.fromCoroutine(work)  # type: ignore[arg-type]


async def write(node: Database, chance: random.Random) -> list[Change]:
    """Some writes, one after the other, which meet those of others now and then."""
    written: list[Change] = []
    for _ in range(WRITES):
        done = await node.services.upsert_by(
            "name", f"s{chance.randrange(20)}", {"port": chance.randrange(9)}
        )
        written += done.changes
    return written


async def follow(node: Database, position: Position, count: int) -> list[Change]:
    """So many changes, as they come."""
    seen: list[Change] = []
    while len(seen) < count:
        batch = await node.log.changes_after(position, 7)
        assert batch.continuous
        seen += batch.changes
        position = batch.position
    return seen


async def test_no_change_is_missed(nodes: list[Database]) -> None:
    """However many write, on however many nodes, each reader is given each change once, in one order."""
    start = await nodes[0].log.head()
    count = WRITERS * WRITES
    readers = [started(follow(node, start, count)) for node in nodes]
    writers = [started(write(nodes[number % NODES], random.Random(number))) for number in range(WRITERS)]
    written = [change for changes in await gatherResults(writers) for change in changes]
    seen = await gatherResults(readers)
    assert seen[0] == seen[1] == seen[2]
    key = lambda change: change.position.number  # noqa: E731
    assert sorted(written, key=key) == seen[0]
    numbers = [key(change) for change in seen[0]]
    assert numbers == list(range(numbers[0], numbers[0] + count))


async def test_many_forget_at_once(nodes: list[Database], clock: MovableClock) -> None:
    """Nodes that clean up at the same time remove each change once, never the newest, and leave no gap."""
    database = nodes[0]
    await database.strategy.primary.run(
        "insert into changes select number + i, '00000000', 'x', 'create', 'x', '[]', '', at, null"
        " from (select max(number) as number, 0 as at from changes) as newest, generate_series(1, 5000) as i"
    )
    removed = gatherResults([started(node.strategy.trim_log(clock.seconds())) for node in nodes])
    for _ in range(10):
        await database.services.upsert_by("name", "s", {})
    assert sum(await removed) >= 5000
    left = (await database.log.history(None, 1000)).changes
    numbers = [change.position.number for change in left]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert left[-1].position == await database.log.head()


async def test_many_expire_at_once(nodes: list[Database], clock: MovableClock) -> None:
    """Nodes that remove rows whose time is over at the same time remove them all, and fail over nothing."""
    consumer = (await nodes[0].consumers.insert({"username": "bob"})).entity
    for number in range(30):
        record = {"consumer": {"id": consumer["id"]}, "key": f"k{number}"}
        await nodes[0].keyauth_credentials.insert(record, ttl=5)
    clock.advance(6)
    await gatherResults([started(node.upkeep.work()) for node in nodes])
    assert await nodes[0].strategy.expired(10) == []
    [(left,)] = await nodes[0].strategy.primary.run(
        "select count(*) from unique_values where value like '[\"k%%'"
    )
    assert left == 0


async def test_notifications_come_with_the_position(nodes: list[Database]) -> None:
    """Whoever polls because of a notification finds there what it told of."""
    one, two, _ = nodes
    await two.log.changes_after(await two.log.head())
    for number in range(20):
        heard: Deferred[None] = Deferred()
        two.log.listen(lambda heard=heard: None if heard.called else heard.callback(None))
        start = await two.log.head()
        await two.log.changes_after(start)
        written = await one.services.upsert_by("name", "s", {"port": number})
        await heard
        assert (await two.log.changes_after(start)).changes == written.changes


async def test_a_slow_read_ends_however_much_is_written(nodes: list[Database]) -> None:
    """It is asked once, although its node learns of more changes meanwhile than an answer shows."""
    reader, *writers = nodes
    position, strategy, asked = await reader.log.head(), reader.strategy, 0
    assert isinstance(strategy, PostgresStrategy)
    run = strategy.primary.run

    async def counted(query: str, parameters: Any = ()) -> Any:
        nonlocal asked
        asked += "pg_sleep" in query
        return await run(query, parameters)

    strategy._reader._primary.run = counted  # type: ignore[method-assign]
    following = started(follow(reader, position, 2 * WRITERS * WRITES))
    writing = [started(write(node, random.Random(7))) for node in writers for _ in range(WRITERS)]
    await strategy._reader.read(Statement("select 'x' as x, pg_sleep(0.3)::text as y"))
    is_read_in_between = not following.called
    await gatherResults(writing)
    await following
    assert (asked, is_read_in_between) == (1, True)
