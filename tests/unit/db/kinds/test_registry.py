"""Which DAO serves which kind."""

from __future__ import annotations

from tests.kit.stores import memory_database
from twisted_kong.db.dao import Dao
from twisted_kong.db.kinds.plugins import PluginsDao


def test_special_kinds() -> None:
    """Kinds with rules of their own have a DAO of their own, all others the plain one."""
    with memory_database() as database:
        assert type(database["plugins"]) is PluginsDao
        assert type(database["services"]) is Dao
