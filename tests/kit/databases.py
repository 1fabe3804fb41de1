"""The kind of database that tests of whole nodes run on.

SQLite, if nobody says otherwise: ``TEST_DATABASE=postgres`` puts them all on PostgreSQL, the mark
``each_database`` lets a test run on each of them, the mark ``sqlite`` keeps one off the others.
"""

from __future__ import annotations

import itertools
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.kit.postgres import MISSING, PostgresDatabase, programs, shared_server
from twisted_kong.cli.datastore import datastore
from twisted_kong.core.conf.loading import Sources, load_conf
from twisted_kong.db.interfaces import IStrategy
from twisted_kong.db.strategies.postgres.settings import primary_settings
from twisted_kong.db.strategies.postgres.store import PostgresStrategy
from twisted_kong.db.strategies.sqlite.store import SqliteStrategy

VARIABLE = "TEST_DATABASE"
KINDS = ("sqlite", "postgres")
DEFAULT = KINDS[0]

_numbers = itertools.count(1)
_chosen = DEFAULT
_settings: dict[Path, dict[str, str]] = {}


def kinds_for(test: pytest.Item) -> tuple[str, ...]:
    """On which kinds of database a test runs; only tests of whole nodes differ by it."""
    if test.get_closest_marker("integration") is None:
        return (DEFAULT,)
    named = os.environ.get(VARIABLE)
    assert named in (None, *KINDS), f"{VARIABLE}={named} is none of {', '.join(KINDS)}"
    if test.get_closest_marker("sqlite") is not None:
        return ("sqlite",)
    if named is not None:
        return (named,)
    return KINDS if test.get_closest_marker("each_database") is not None else (DEFAULT,)


def choose(kind: str) -> None:
    """Let nodes that are made from now on have this kind; the test is skipped where there is none."""
    global _chosen
    if kind == "postgres" and programs() is None:
        pytest.skip(MISSING)
    _chosen = kind


def database_settings(directory: Path) -> dict[str, str]:
    """What kong.conf of a node in a directory says of its database, which is there and empty.

    Nodes in one directory share it. For SQLite nothing need be said.
    """
    if _chosen == "sqlite":
        return {}
    if directory not in _settings:
        _settings[directory] = _bootstrapped()
    return _settings[directory]


def make_strategy(directory: Path, reactor: Any, version: str | None = None) -> IStrategy:
    """The database of a directory as the process of a node, of some version, opens it."""
    if _chosen == "sqlite":
        return SqliteStrategy(directory / "kong.db", reactor, version=version)
    settings = primary_settings(load_conf(Sources(options=database_settings(directory))).conf)
    return PostgresStrategy(settings, None, reactor, new_tag=lambda: os.urandom(4).hex(), version=version)


def _bootstrapped() -> dict[str, str]:
    """A schema of its own: many of them cost less than as many databases."""
    settings = _shared_database().settings | {"pg_schema": f"of_test_{next(_numbers)}"}
    datastore(load_conf(Sources(options=settings)).conf).migrate()
    return settings


@cache
def _shared_database() -> PostgresDatabase:
    return shared_server().fresh_database()
