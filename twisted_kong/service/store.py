"""From the configuration to the database of a node."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from twisted_kong.core.schema.registry import Schemas
from twisted_kong.db.aside import in_thread
from twisted_kong.db.database import Database, Ids, retention_for
from twisted_kong.db.interfaces import IStrategy
from twisted_kong.db.strategies.postgres.settings import primary_settings, replica_settings
from twisted_kong.db.strategies.postgres.store import PostgresStrategy
from twisted_kong.db.strategies.sqlite.store import SqliteStrategy
from twisted_kong.node.steady import SteadyClock
from twisted_kong.node.trust import database_authorities
from twisted_kong.service.ground import Ground
from twisted_kong.service.last_good import with_snapshot

_TAG_BYTES = 4


def make_database(ground: Ground, schemas: Schemas) -> Database:
    """The database that the configuration names, not started.

    Its changes bear an id made here, not the node's: after a restart, or beside another process with a copy
    of this prefix, nobody's changes are mistaken for one's own.
    """
    conf, host, reactor = ground.conf, ground.host, ground.reactor
    ids = Ids(host.new_uuid, host.new_token, instance=host.new_uuid())
    retention = retention_for(conf.db_update_propagation)
    return Database(
        make_strategy(ground), schemas, reactor, ids, retention=retention, aside=in_thread(reactor)
    )


def make_strategy(ground: Ground) -> IStrategy:
    """What keeps the entities, not started."""
    conf, reactor = ground.conf, ground.reactor
    if conf.database == "sqlite":
        return SqliteStrategy(Path(conf.sqlite_path), reactor, version=version("twisted_kong"))
    authorities = database_authorities(conf)
    strategy = PostgresStrategy(
        primary_settings(conf, authorities),
        replica_settings(conf, authorities),
        reactor,
        new_tag=lambda: ground.host.random_bytes(_TAG_BYTES).hex(),
        version=version("twisted_kong"),
        steady=SteadyClock(reactor),
    )
    return with_snapshot(ground, strategy)
