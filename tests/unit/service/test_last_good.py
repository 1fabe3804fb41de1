"""Where the last-good snapshot of a node lies, and of what it is one."""

from __future__ import annotations

from pathlib import Path

from tests.kit.memory_node import MemoryNode
from tests.kit.running import make_conf
from twisted_kong.db.last_good.store import LastGoodStrategy
from twisted_kong.service.last_good import identity_of, with_snapshot


def test_a_snapshot_unless_it_is_off(tmp_path: Path) -> None:
    """A strategy gets its snapshot, and nothing is written before the start; ``off`` leaves it as it is."""
    node = MemoryNode(tmp_path)
    strategy = with_snapshot(node.ground, node.strategy)
    assert isinstance(strategy, LastGoodStrategy)
    assert not (tmp_path / "node" / "config.cache").exists()
    without = MemoryNode(tmp_path, config_cache_path="off")
    assert with_snapshot(without.ground, without.strategy) is without.strategy


def test_the_identity_of_a_database(tmp_path: Path) -> None:
    """Another server, database or schema is another identity; the password is no part of it."""
    settings = {"database": "postgres", "pg_host": "a,b", "pg_database": "kong", "pg_password": "secret"}
    assert identity_of(make_conf(tmp_path, **settings)) == "postgres kong at a,b:5432"
    named = identity_of(make_conf(tmp_path, **settings, pg_schema="gateway"))
    assert named == "postgres kong at a,b:5432, schema gateway"
