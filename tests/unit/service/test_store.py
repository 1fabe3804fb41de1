"""From the configuration to the database."""

from __future__ import annotations

from pathlib import Path

from tests.kit.memory_node import MemoryNode
from tests.kit.stores import core_schemas
from twisted_kong.db.interfaces import PoolUse
from twisted_kong.db.strategies.postgres.store import PostgresStrategy
from twisted_kong.db.strategies.sqlite.store import SqliteStrategy
from twisted_kong.service.store import make_database, make_strategy


def test_the_file_is_that_of_the_configuration(tmp_path: Path) -> None:
    """SQLite at ``sqlite_path``, which is not touched before the start."""
    node = MemoryNode(tmp_path, sqlite_path=tmp_path / "own.db")
    database = make_database(node.ground, core_schemas())
    assert isinstance(database.strategy, SqliteStrategy)
    assert database.strategy.path == tmp_path / "own.db"
    assert not (tmp_path / "own.db").exists()


def test_the_servers_are_those_of_the_configuration(tmp_path: Path) -> None:
    """PostgreSQL at ``pg_host``, with the replica at ``pg_ro_host``; nothing is asked before the start."""
    servers = {"pg_host": "db.example", "pg_ro_host": "replica.example", "pg_pool_size": 3}
    node = MemoryNode(tmp_path, database="postgres", config_cache_path="off", **servers)
    strategy = make_strategy(node.ground)
    assert isinstance(strategy, PostgresStrategy)
    hosts = {name: pool.settings.hosts for name, pool in strategy.pools.items()}
    assert hosts == {"primary": (("db.example", 5432),), "replica": (("replica.example", 5432),)}
    assert strategy.pool_use()["primary"] == PoolUse(size=3, open=0, busy=0, waiting=0)


def test_every_database_is_an_origin_of_its_own(tmp_path: Path) -> None:
    """A node that was restarted takes nobody's changes, nor its former ones, for its own."""
    node = MemoryNode(tmp_path)
    origins = {make_database(node.ground, core_schemas())._ids.instance for _ in range(2)}
    assert len(origins) == 2
    assert node.ground.node_id not in origins
