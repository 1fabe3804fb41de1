"""The database as commands see it: which steps have run, running the others, and how long it may take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import click

from twisted_kong.cli.session import Command
from twisted_kong.core.changes import Entity
from twisted_kong.core.conf.availability import require_available
from twisted_kong.core.conf.conf import Conf
from twisted_kong.db.interfaces import MigrationState
from twisted_kong.db.strategies.postgres.layout import PostgresLayout
from twisted_kong.db.strategies.postgres.settings import primary_settings
from twisted_kong.db.strategies.sqlite.layout import SqliteLayout
from twisted_kong.node.trust import database_authorities

# Seconds. Kong: the default of --db-timeout and --lock-timeout.
PATIENCE = 60

lock_timeout_option = click.option(
    "--lock-timeout",
    type=click.IntRange(min=0),
    default=PATIENCE,
    help="seconds to wait for other migrations",
)


def db_timeout_option(text: str) -> Callable[[Command], Command]:
    """The option ``--db-timeout`` with a command's own words for what must happen in time."""
    return click.option("--db-timeout", type=click.IntRange(min=1), default=PATIENCE, help=text)


class Datastore(Protocol):
    """A database whose layout can be looked at and changed; errors are DatabaseError."""

    def state(self) -> MigrationState:
        """Which steps have run and which remain."""

    def entities(self, kind: str) -> tuple[Entity, ...]:
        """All entities of a kind as they are stored, of which there should be few."""

    def migrate(self) -> tuple[str, ...]:
        """Run what remains; the names of the steps that ran."""

    def reset(self) -> None:
        """Remove everything."""


def datastore(conf: Conf, *, db_timeout: float = PATIENCE, lock_timeout: float = PATIENCE) -> Datastore:
    """The database of a configuration; ConfError for one that this version does not know.

    :param db_timeout: seconds that a server may take to be connected to, and for each statement.
    :param lock_timeout: seconds to wait for others that change the same database.
    """
    require_available(conf)
    if conf.database == "sqlite":
        return SqliteLayout(Path(conf.sqlite_path))
    settings = primary_settings(conf, database_authorities(conf))
    return PostgresLayout(replace(settings, timeout=db_timeout), lock_timeout)
