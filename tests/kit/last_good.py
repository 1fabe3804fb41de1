"""Stores that keep a last-good snapshot in a directory of the test."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

from tests.kit.stores import IStore
from twisted_kong.db.interfaces import IStrategy
from twisted_kong.db.last_good.files import Place
from twisted_kong.db.last_good.recorder import Recorder
from twisted_kong.db.last_good.standby import SnapshotStrategy
from twisted_kong.db.last_good.store import LastGoodStrategy
from twisted_kong.db.last_good.writer import SnapshotWriter

IDENTITY = "memory of a test"


def with_snapshot(
    primary: IStrategy, path: Path, clock: Any, *, max_age: float = 0.0, patience: float = 0.2
) -> LastGoodStrategy:
    """A strategy with its snapshot at a path."""
    place = Place(path, IDENTITY)
    return LastGoodStrategy(
        primary,
        lambda: SnapshotStrategy(place, clock, max_age) if path.exists() else None,
        Recorder(primary, SnapshotWriter(place, clock), clock),
        clock,
        patience=patience,
    )


class LastGoodStore:
    """A store each of whose handles keeps a snapshot of its own, as nodes on several machines do."""

    def __init__(self, store: IStore, directory: Path) -> None:
        self._store = store
        self._paths = (directory / f"{number}.cache" for number in itertools.count(1))

    def handle(self, clock: Any) -> IStrategy:
        """One more handle on the same data."""
        return with_snapshot(self._store.handle(clock), next(self._paths), clock)
