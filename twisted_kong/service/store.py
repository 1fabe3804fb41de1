"""From the configuration to the database of a node."""

from __future__ import annotations

from pathlib import Path

from twisted_kong.core.schema.registry import Schemas
from twisted_kong.db.database import Database, Ids, retention_for
from twisted_kong.db.strategies.sqlite.store import SqliteStrategy
from twisted_kong.service.ground import Ground


def make_database(ground: Ground, schemas: Schemas) -> Database:
    """The database that the configuration names, not started.

    Its changes bear an id made here, not the node's: after a restart, or beside another process with a copy
    of this prefix, nobody's changes are mistaken for one's own.
    """
    conf, host, reactor = ground.conf, ground.host, ground.reactor
    strategy = SqliteStrategy(Path(conf.sqlite_path), reactor)
    ids = Ids(host.new_uuid, host.new_token, instance=host.new_uuid())
    return Database(strategy, schemas, reactor, ids, retention=retention_for(conf.db_update_propagation))
