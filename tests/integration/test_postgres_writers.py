"""Who writes decides by the newest there is, although a lagging replica is what the node reads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_twisted

from tests.kit.postgres import PostgresServer, new_server, requires_postgres, settings_of
from tests.kit.stores import small_database
from tests.kit.turns import until
from twisted_kong.db.database import Database
from twisted_kong.db.strategies.postgres.store import PostgresStrategy

pytestmark = [pytest.mark.integration, requires_postgres]


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[PostgresServer, PostgresServer]]:
    """A server and its replica."""
    with new_server() as server:
        yield server, server.make_replica()


@pytest_twisted.async_yield_fixture
async def nodes(servers: tuple[PostgresServer, PostgresServer]) -> AsyncIterator[tuple[Database, Database]]:
    """One that knows no replica, and one that reads from it: it shows the Service ``old``, nothing later."""
    from twisted.internet import reactor

    server, replica = servers
    database = server.fresh_database()
    replica.wait_replayed(server)
    primary, standby = settings_of(database), settings_of(database.on(replica))
    opened = []
    for number, read in enumerate((None, standby)):
        tags = iter(f"{number}{tag:07x}" for tag in range(1000))
        strategy = PostgresStrategy(primary, read, reactor, new_tag=lambda tags=tags: next(tags))
        opened.append(small_database(strategy, reactor, f"node-{number}"))
        await opened[-1].start()
    one, other = opened
    await one.services.insert({"name": "old", "port": 1})
    replica.wait_replayed(server)
    await until(lambda: not other.strategy._standby.is_away)
    replica.query("select pg_wal_replay_pause()")
    yield one, other
    replica.query("select pg_wal_replay_resume()")
    for each in opened:
        await each.stop()


async def test_what_another_node_made_is_written(nodes: tuple[Database, Database]) -> None:
    """Updated, replaced and removed, by its name, although the replica does not show it yet."""
    one, other = nodes
    for verb, record in (("update_by", [{"port": 2}]), ("upsert_by", [{"port": 3}]), ("delete_by", [])):
        await one.services.delete_by("name", "new")
        made = await one.services.insert({"name": "new"})
        written = await getattr(other.services, verb)("name", "new", *record)
        assert [change.id for change in written.changes] == [made.changes[0].id], verb


async def test_what_another_node_changed_is_merged_into(nodes: tuple[Database, Database]) -> None:
    """Not into what the replica shows, and at the first attempt."""
    one, other = nodes
    await one.services.update_by("name", "old", {"port": 2})
    written = await other.services.update_by("name", "old", {"tags": ["t"]})
    assert written.entity is not None
    assert (written.entity["port"], written.entity["tags"]) == (2, ["t"])


async def test_what_another_node_made_is_referred_to(nodes: tuple[Database, Database]) -> None:
    """By its name as by its id."""
    one, other = nodes
    await one.services.insert({"name": "new"})
    written = await other.routes.insert({"service": {"name": "new"}})
    assert written.entity is not None
