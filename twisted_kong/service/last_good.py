"""From the configuration to the last-good snapshot of a node's database."""

from __future__ import annotations

import os
from pathlib import Path

from twisted_kong.core.conf.conf import Conf
from twisted_kong.db.interfaces import IStrategy
from twisted_kong.db.last_good.files import Place
from twisted_kong.db.last_good.recorder import Recorder
from twisted_kong.db.last_good.standby import SnapshotStrategy
from twisted_kong.db.last_good.store import LastGoodStrategy
from twisted_kong.db.last_good.writer import SnapshotWriter
from twisted_kong.service.ground import Ground


def with_snapshot(ground: Ground, primary: IStrategy) -> IStrategy:
    """A strategy with a snapshot at ``config_cache_path``; the bare strategy where that is off."""
    conf, reactor = ground.conf, ground.reactor
    if conf.config_cache_path == "off":
        return primary
    place = Place(Path(conf.config_cache_path), identity_of(conf))

    def standby() -> SnapshotStrategy | None:
        there = os.path.lexists(place.path)
        return SnapshotStrategy(place, reactor, conf.config_cache_max_age) if there else None

    recorder = Recorder(primary, SnapshotWriter(place, reactor), reactor)
    return LastGoodStrategy(primary, standby, recorder, reactor)


def identity_of(conf: Conf) -> str:
    """Which database a node uses, so that it never starts from the snapshot of another one."""
    schema = f", schema {conf.pg_schema}" if conf.pg_schema else ""
    return f"{conf.database} {conf.pg_database} at {conf.pg_host}:{conf.pg_port}{schema}"
