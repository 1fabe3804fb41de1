"""The database of the migrations commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from twisted_kong.cli.datastore import datastore
from twisted_kong.core.conf.loading import Sources, load_conf
from twisted_kong.core.conf.problems import ConfError
from twisted_kong.db.strategies.postgres.layout import PostgresLayout


def test_embedded_database(tmp_path: Path) -> None:
    """The file that sqlite_path names."""
    store = datastore(load_conf(Sources(f"sqlite_path = {tmp_path}/x.db")).conf)
    assert store.migrate() == store.state().executed
    assert (tmp_path / "x.db").exists()


def test_server() -> None:
    """The one that is written to, with the command's own patience instead of the node's."""
    text = "database = postgres\npg_host = db\npg_schema = own\npg_timeout = 1\npg_ro_host = replica"
    store = datastore(load_conf(Sources(text)).conf, db_timeout=7, lock_timeout=8)
    assert isinstance(store, PostgresLayout)
    assert store.settings.hosts == (("db", 5432),)
    assert (store.settings.schema, store.settings.timeout, store.lock_seconds) == ("own", 7, 8)


def test_unavailable_database() -> None:
    """Refused with the place of the property."""
    with pytest.raises(ConfError, match=r"kong.conf:1: database = cassandra is not available"):
        datastore(load_conf(Sources("database = cassandra")).conf)
