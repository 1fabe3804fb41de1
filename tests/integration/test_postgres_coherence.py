"""A node never goes back: not to a replica that lags, and not unawares to a server that has lost commits."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred

from tests.kit.postgres import (
    PostgresDatabase,
    PostgresServer,
    new_server,
    requires_postgres,
    settings_of,
    shared_server,
)
from tests.kit.postgres_gate import Gate
from tests.kit.stores import small_database
from tests.kit.tcp_proxy import tcp_proxy
from tests.kit.turns import until
from tests.kit.waiting import wait_for
from twisted_kong.core.changes import ChangeBatch
from twisted_kong.core.errors import DatabaseUnavailable, OutcomeUnknown
from twisted_kong.db.database import Database
from twisted_kong.db.strategies.postgres.settings import Settings
from twisted_kong.db.strategies.postgres.store import PostgresStrategy

pytestmark = [pytest.mark.integration, requires_postgres]

Open = Callable[..., Awaitable[Database]]


@dataclass(frozen=True)
class Pair:
    """A server with a standby, and an empty database or schema that both have."""

    server: PostgresServer
    standby: PostgresServer
    database: PostgresDatabase
    schema: str | None = None

    @property
    def primary_settings(self) -> Settings:
        """How a node writes."""
        return settings_of(self.database, schema=self.schema)

    @property
    def standby_settings(self) -> Settings:
        """How a node reads from the standby."""
        return settings_of(self.database.on(self.standby), schema=self.schema)

    @property
    def either_settings(self) -> Settings:
        """How a node finds whichever of the two takes writes."""
        hosts = tuple(("127.0.0.1", each.port) for each in (self.server, self.standby))
        return replace(self.primary_settings, hosts=hosts)

    def stop_replaying(self) -> None:
        """Let the standby lag."""
        self.standby.query("select pg_wal_replay_pause()")

    def catch_up(self) -> None:
        """Let the standby show all there is."""
        self.standby.query("select pg_wal_replay_resume()")
        self.standby.wait_replayed(self.server)

    def part(self) -> None:
        """Let the standby receive no more."""
        self.standby.query("alter system set primary_conninfo = ''")
        self.standby.reload()
        wait_for(lambda: not self.standby.query("select from pg_stat_wal_receiver"))

    def fail_over(self) -> None:
        """Let the server die and the standby take its place."""
        self.server.kill9()
        self.standby.promote()


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A server that may come to harm."""
    with new_server() as server:
        yield server


@pytest.fixture
def database(server: PostgresServer) -> PostgresDatabase:
    """An empty database there."""
    return server.fresh_database()


@pytest.fixture
def doomed(server: PostgresServer, database: PostgresDatabase) -> Pair:
    """A pair whose server may die."""
    return Pair(server, server.make_replica(), database)


@pytest.fixture(scope="module")
def lasting() -> Iterator[Pair]:
    """A pair for several tests, which leave it as it was."""
    with new_server() as server:
        yield Pair(server, server.make_replica(), server.fresh_database())


@pytest.fixture
def pair(lasting: Pair, request: pytest.FixtureRequest) -> Iterator[Pair]:
    """The same, with a schema of the test's own."""
    lasting.catch_up()
    yield replace(lasting, schema=request.node.name)
    lasting.catch_up()


@pytest_twisted.async_yield_fixture
async def open_node() -> AsyncIterator[Open]:
    """Opens databases as nodes do; they are closed at the end."""
    from twisted.internet import reactor

    opened: list[Database] = []

    async def open_one(primary: Settings, standby: Settings | None = None) -> Database:
        strategy = PostgresStrategy(primary, standby, reactor, new_tag=lambda: secrets.token_hex(4))
        node = small_database(strategy, reactor, secrets.token_hex(4))
        opened.append(node)
        await node.start()
        return node

    yield open_one
    for node in opened:
        await node.stop()


async def put(node: Database, port: int) -> dict[str, Any]:
    """Write the one Service; the entity."""
    entity = (await node.services.upsert_by("name", "s", {"port": port})).entity
    assert entity is not None
    return entity


async def port_of(node: Database) -> int | None:
    """The Service as a node reads it."""
    found = await node.services.select_by("name", "s")
    return None if found is None else found["port"]


async def from_primary(node: Database) -> bool:
    """Whether it is the primary that answers a read."""
    return (await node.strategy._reader.read()).from_primary


async def poll(node: Database) -> ChangeBatch:
    """Poll from the position that the node has reached, or from the end for the first time."""
    position = getattr(node, "reached", None) or await node.log.head()
    batch = await node.log.changes_after(position)
    node.reached = batch.position
    return batch


# -- notifications -----------------------------------------------------------------------------------------


async def test_a_commit_is_heard_at_once(open_node: Open) -> None:
    """Another node hears of a commit by itself, and finds it in the log."""
    settings = settings_of(shared_server().fresh_database())
    one, two = await open_node(settings), await open_node(settings)
    heard: Deferred[None] = Deferred()
    two.log.listen(lambda: None if heard.called else heard.callback(None))
    await poll(two)
    written = await one.services.insert({"name": "a"})
    await heard
    assert (await poll(two)).changes == written.changes
    assert not two.log.has_news()


async def test_a_connection_for_listening_is_lost(open_node: Open) -> None:
    """Listening begins again by itself, and what was missed meanwhile is news."""
    database = shared_server().fresh_database()
    one = await open_node(settings_of(database))
    await poll(one)
    database.query("select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen%'")
    await until(lambda: one.log.has_news())
    await poll(one)
    assert not one.log.has_news()


async def test_without_a_connection_to_spare(open_node: Open) -> None:
    """With one connection nothing is heard, and everything works."""
    settings = replace(settings_of(shared_server().fresh_database()), pool_size=1)
    one, two = await open_node(settings), await open_node(settings)
    await poll(two)
    written = await one.services.insert({"name": "a"})
    assert not two.log.has_news()
    assert (await poll(two)).changes == written.changes


async def test_strange_notifications(open_node: Open) -> None:
    """Whatever anybody notifies, the log is what counts."""
    database = shared_server().fresh_database()
    one = await open_node(settings_of(database))
    await poll(one)
    for payload in ("junk", "99999999999-00000000"):
        database.query("select pg_notify('kong_changes:public', %s)", (payload,))
    await until(lambda: one.log.has_news())
    assert (await poll(one)).continuous
    assert not one.log.has_news()


# -- a replica that lags -----------------------------------------------------------------------------------


async def test_ones_own_write_is_read_back(pair: Pair, open_node: Open) -> None:
    """A node that wrote reads the primary until the replica has replayed that, and then the replica."""
    node = await open_node(pair.primary_settings, pair.standby_settings)
    pair.stop_replaying()
    for port in range(5):
        await put(node, port)
        assert await port_of(node) == port
        assert (await poll(node)).continuous
    assert await from_primary(node)
    pair.catch_up()
    await until_async(lambda: from_primary(node), wanted=False)
    assert await port_of(node) == 4


async def test_the_feed_follows_the_replica(pair: Pair, open_node: Open) -> None:
    """A change of another node is seen when the replica has it, together with its entity, and not before."""
    one = await open_node(pair.primary_settings)
    await put(one, 1)
    pair.catch_up()
    two = await open_node(pair.primary_settings, pair.standby_settings)
    await poll(two)
    pair.stop_replaying()
    await put(one, 2)
    await until(lambda: two.log.has_news())
    assert (await poll(two)).changes == ()
    assert await port_of(two) == 1
    assert not await from_primary(two)
    pair.catch_up()
    assert len((await poll(two)).changes) == 1
    assert await port_of(two) == 2
    assert not two.log.has_news()


async def test_a_replica_that_is_stuck(pair: Pair, open_node: Open) -> None:
    """A replica that does not get there in time is polled again and again, and then the primary is."""
    one = await open_node(pair.primary_settings)
    two = await open_node(pair.primary_settings, pair.standby_settings)
    await poll(two)
    told: list[None] = []
    two.log.listen(lambda: told.append(None))
    pair.stop_replaying()
    await put(one, 2)
    polls = 0
    while True:
        await until(lambda: told)
        told.clear()
        polls += 1
        if (await poll(two)).changes:
            break
    assert 5 < polls < 20
    assert await port_of(two) == 2


async def test_reads_never_go_back(pair: Pair, open_node: Open) -> None:
    """Whoever answers, while a replica lags or has caught up, no read is older than the one before."""
    one = await open_node(pair.primary_settings)
    await put(one, 1)
    two = await open_node(pair.primary_settings, pair.standby_settings)
    pair.catch_up()
    seen, sources = [1], {await from_primary(two)}
    for port in range(2, 40):
        await put(one, port)
        if port % 8 == 0:
            pair.catch_up()
        elif port % 4 == 0:
            pair.stop_replaying()
        if port % 5 == 0:
            # a write of its own: from now on it must see all that was before
            await two.services.upsert_by("name", "other", {"port": port})
            assert await port_of(two) == port
        seen.append(await port_of(two) or 0)
        sources.add(await from_primary(two))
    assert seen == sorted(seen)
    assert sources == {True, False}


async def test_lists_of_a_replica(pair: Pair, open_node: Open) -> None:
    """With the proof beside it a list keeps its order, either way round, and its pages go on."""
    node = await open_node(pair.primary_settings, pair.standby_settings)
    for _ in range(5):
        await node.services.insert({"tags": ["x"]})
    pair.catch_up()
    await until_async(lambda: from_primary(node), wanted=False)
    keys = [row["id"] async for row in node.services.each(2)]
    assert keys == sorted(keys)
    assert len(keys) == 5
    for tags in (None, "x"):
        first = await node.services.page(3, tags=tags, descending=True)
        second = await node.services.page(3, first.offset, tags=tags, descending=True)
        assert [row["id"] for row in (*first.rows, *second.rows)] == keys[::-1]
    assert not await from_primary(node)


async def test_what_has_expired(pair: Pair, open_node: Open) -> None:
    """Removing what has expired ends although the replica still shows it: the log does not tell of that."""
    node = await open_node(pair.primary_settings, pair.standby_settings)
    await put(node, 1)
    await node.strategy.primary.run("update entities set expires = 5 where kind = 'services'")
    pair.catch_up()
    pair.stop_replaying()
    assert len(await node.strategy.expired(10)) == 1
    await node.upkeep.work()
    assert await node.strategy.expired(10) == []


# -- a replica that is away --------------------------------------------------------------------------------


async def test_the_replica_goes_and_comes_back(pair: Pair, open_node: Open) -> None:
    """No read fails while it is away, and it is read from again when it is back."""
    node = await open_node(pair.primary_settings, pair.standby_settings)
    await put(node, 1)
    await until_async(lambda: from_primary(node), wanted=False)
    pair.standby.kill9()
    for _ in range(5):
        assert await port_of(node) == 1
    pair.standby.start()
    await until_async(lambda: from_primary(node), wanted=False)


async def test_the_replica_is_frozen(pair: Pair, open_node: Open) -> None:
    """A replica that says nothing costs the reads under way a moment, and later ones nothing."""
    from twisted.internet import reactor

    node = await open_node(pair.primary_settings, pair.standby_settings)
    await put(node, 1)
    await until_async(lambda: from_primary(node), wanted=False)
    pair.standby.pause()
    assert await port_of(node) == 1
    before = reactor.seconds()
    for _ in range(10):
        assert await port_of(node) == 1
    assert reactor.seconds() - before < 0.9
    pair.standby.resume()
    await until_async(lambda: from_primary(node), wanted=False)


async def test_the_primary_is_frozen(pair: Pair, open_node: Open) -> None:
    """Reads and polls go on from the replica; a write fails in time and has, or has not, been made."""
    from twisted.internet import reactor

    node = await open_node(replace(pair.primary_settings, timeout=1.0), pair.standby_settings)
    await put(node, 1)
    pair.catch_up()
    await until_async(lambda: from_primary(node), wanted=False)
    pair.server.pause()
    before = reactor.seconds()
    assert await port_of(node) == 1
    assert (await poll(node)).continuous
    assert reactor.seconds() - before < 0.9
    with pytest.raises(DatabaseUnavailable):
        await put(node, 2)
    assert reactor.seconds() - before < 3.0
    pair.server.resume()
    pair.catch_up()
    await eventually(lambda: put(node, 3))
    assert await port_of(node) == 3


# -- history is lost ---------------------------------------------------------------------------------------


async def test_a_promotion_that_loses_a_commit(doomed: Pair, open_node: Open) -> None:
    """A node that has seen what the new primary lacks is told to doubt; one that has not goes on."""
    ahead, behind = [await open_node(doomed.either_settings) for _ in range(2)]
    await put(ahead, 1)
    doomed.catch_up()
    await poll(ahead)
    await poll(behind)
    doomed.part()
    await put(ahead, 2)
    assert await port_of(ahead) == 2
    doomed.fail_over()
    told: list[None] = []
    ahead.log.listen(lambda: told.append(None))
    assert await eventually(lambda: port_of(ahead)) == 1
    assert told
    assert ahead.log.has_news()
    # the numbers go on as if nothing had been: only what is in the log tells
    for port in (3, 4, 5):
        await put(behind, port)
    batch = await poll(ahead)
    assert (batch.continuous, batch.changes) == (False, ())
    assert (await poll(ahead)).continuous
    assert [change.entity for change in (await poll(behind)).changes] == ["services"] * 3
    assert await port_of(ahead) == 5


async def test_a_loss_is_noticed_by_a_write(doomed: Pair, open_node: Open) -> None:
    """A node that only writes after a failover is told to doubt as well."""
    node = await open_node(doomed.either_settings)
    await poll(node)
    doomed.catch_up()
    doomed.part()
    await put(node, 1)
    doomed.fail_over()
    await eventually(lambda: node.services.insert({"name": "new"}))
    assert not (await poll(node)).continuous


async def test_a_restored_database(database: PostgresDatabase, open_node: Open) -> None:
    """A copy from earlier in the place of the database is told from it, whatever was written to it since."""
    node = await open_node(settings_of(database))
    await put(node, 1)
    await poll(node)
    database.server.query(f"alter database {database.name} allow_connections false")
    database.server.query("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'kong'")
    database.server.query(f"create database copy template {database.name} owner kong")
    database.server.query(f"alter database {database.name} allow_connections true")
    await eventually(lambda: put(node, 2))
    await poll(node)
    database.server.query(f"drop database {database.name} with (force)")
    database.server.query(f"alter database copy rename to {database.name}")
    other = await eventually(lambda: open_node(settings_of(database)))
    for port in (3, 4, 5):
        await put(other, port)
    assert await eventually(lambda: port_of(node)) == 5
    assert not (await poll(node)).continuous
    await put(other, 6)
    batch = await poll(node)
    assert (len(batch.changes), batch.continuous) == (1, True)


# -- a commit without an answer ----------------------------------------------------------------------------


async def test_killed_in_the_middle_of_a_commit(
    server: PostgresServer, database: PostgresDatabase, open_node: Open
) -> None:
    """Nobody knows what became of it, which is what is said; and the log is whole."""
    node = await open_node(settings_of(database))
    await poll(node)
    gate = Gate(database)
    gate.close()
    writing = Deferred.fromCoroutine(put(node, 1))
    writing.addErrback(lambda failure: failure.value)
    await gate.waiting(1)
    server.kill9()
    assert isinstance(await writing, OutcomeUnknown)
    server.start()
    assert await eventually(lambda: port_of(node)) is None
    await put(node, 2)
    batch = await poll(node)
    assert (len(batch.changes), batch.continuous) == (1, True)


async def test_killed_before_the_commit(
    server: PostgresServer, database: PostgresDatabase, open_node: Open
) -> None:
    """Where the commit was not sent yet it is known that nothing was written."""
    node = await open_node(settings_of(database))
    await put(node, 1)
    holder = database.connect()
    cursor = holder.cursor()
    cursor.execute("begin; select * from entities where kind = 'services' for update")
    writing = Deferred.fromCoroutine(put(node, 2))
    writing.addErrback(lambda failure: failure.value)
    await until(lambda: database.query("select from pg_locks where not granted"))
    server.kill9()
    assert type(await writing) is DatabaseUnavailable
    holder.close()


async def test_the_answer_to_a_commit_is_lost(database: PostgresDatabase, open_node: Open) -> None:
    """A commit that was carried out and not confirmed is said to be open, and read as what it was."""
    with tcp_proxy(database.server.port) as proxy:
        settings = replace(settings_of(database), hosts=(("127.0.0.1", proxy.port),), timeout=1.0)
        node = await open_node(settings)
        await poll(node)
        gate = Gate(database)
        gate.close()
        writing = Deferred.fromCoroutine(put(node, 1))
        writing.addErrback(lambda failure: failure.value)
        await gate.waiting(1)
        proxy.swallow()
        gate.end()
        assert isinstance(await writing, OutcomeUnknown)
        proxy.heal()
        assert await eventually(lambda: port_of(node)) == 1
        assert len((await poll(node)).changes) == 1


# -- waiting -----------------------------------------------------------------------------------------------


async def until_async(ask: Callable[[], Awaitable[bool]], *, wanted: bool, seconds: float = 20.0) -> None:
    """Ask until the answer is the wanted one."""
    from twisted.internet import reactor
    from twisted.internet.task import deferLater

    deadline = reactor.seconds() + seconds
    while await ask() != wanted:
        assert reactor.seconds() < deadline, "waited in vain"
        await deferLater(reactor, 0.02)


async def eventually(ask: Callable[[], Awaitable[Any]], seconds: float = 20.0) -> Any:
    """What is answered when the database answers again."""
    from twisted.internet import reactor
    from twisted.internet.task import deferLater

    deadline = reactor.seconds() + seconds
    while True:
        try:
            return await ask()
        except DatabaseUnavailable:
            assert reactor.seconds() < deadline, "waited in vain"
            await deferLater(reactor, 0.05)
