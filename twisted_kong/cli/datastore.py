"""The database as the ``migrations`` commands see it: which steps have run, and running the others."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from twisted_kong.core.conf.availability import require_available
from twisted_kong.core.conf.conf import Conf
from twisted_kong.db.interfaces import MigrationState
from twisted_kong.db.strategies.sqlite.layout import SqliteLayout


class Datastore(Protocol):
    """A database whose layout can be looked at and changed; errors are DatabaseError."""

    def state(self) -> MigrationState:
        """Which steps have run and which remain."""

    def migrate(self) -> tuple[str, ...]:
        """Run what remains; the names of the steps that ran."""

    def reset(self) -> None:
        """Remove everything."""


def datastore(conf: Conf) -> Datastore:
    """The database of a configuration; ConfError for one that this version does not know."""
    require_available(conf)
    return SqliteLayout(Path(conf.sqlite_path))
