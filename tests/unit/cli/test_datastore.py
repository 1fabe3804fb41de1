"""The database of the migrations commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from twisted_kong.cli.datastore import datastore
from twisted_kong.core.conf.loading import Sources, load_conf
from twisted_kong.core.conf.problems import ConfError


def test_embedded_database(tmp_path: Path) -> None:
    """The file that sqlite_path names."""
    store = datastore(load_conf(Sources(f"sqlite_path = {tmp_path}/x.db")).conf)
    assert store.migrate() == store.state().executed
    assert (tmp_path / "x.db").exists()


def test_unavailable_database() -> None:
    """Refused with the place of the property."""
    with pytest.raises(ConfError, match=r"kong.conf:1: database = cassandra is not available"):
        datastore(load_conf(Sources("database = cassandra")).conf)
