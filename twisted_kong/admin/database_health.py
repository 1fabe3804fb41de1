"""How a node stands to its database: whether that can be reached, and how old what it serves may be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from twisted.internet.defer import Deferred, TimeoutError
from twisted.internet.interfaces import IReactorTime

from twisted_kong.core.changes import Position
from twisted_kong.core.errors import DatabaseError
from twisted_kong.db.interfaces import IStrategy

# Seconds within which the database must answer to be called reachable; health checks do not wait long.
PATIENCE: Final = 1.0


@dataclass(frozen=True, slots=True)
class DatabaseHealth:
    """A node's database at one moment.

    ``stale_seconds`` is how long ago the node had surely applied all there was: with the database reachable
    about ``db_update_frequency`` at most.  None before the first load.
    ``position`` is what the node has applied of the log.
    """

    reachable: bool
    stale_seconds: float | None
    position: Position | None

    def as_record(self) -> dict[str, Any]:
        """As the Status API shows it."""
        return {
            "reachable": self.reachable,
            "stale_seconds": None if self.stale_seconds is None else round(self.stale_seconds, 3),
            "position": None if self.position is None else str(self.position),
        }


class HealthCheck:
    """Looks at a node's database.

    :param clock: whose seconds are the epoch's.
    :param lag: tells for how long the node has known nothing of the log; see ``node.feed.ChangeFeed.lag``.
    :param applied: tells up to where it has applied the log.
    """

    def __init__(
        self,
        strategy: IStrategy,
        clock: IReactorTime,
        lag: Callable[[], float | None],
        applied: Callable[[], Position | None],
    ) -> None:
        self._strategy, self._clock, self._lag, self._applied = strategy, clock, lag, applied

    async def now(self) -> DatabaseHealth:
        """How it is now; costs the database one small query."""
        return DatabaseHealth(await self._is_reachable(), self._stale_seconds(), self._applied())

    async def _is_reachable(self) -> bool:
        asked = Deferred.fromCoroutine(self._strategy.ping())
        try:
            await asked.addTimeout(PATIENCE, self._clock)
        except (DatabaseError, TimeoutError):
            return False
        return True

    def _stale_seconds(self) -> float | None:
        outdated_since = self._strategy.outdated_since
        return self._lag() if outdated_since is None else self._clock.seconds() - outdated_since
