"""Background work on a store: rows whose time is over are removed, old changes are forgotten.

Neither is urgent: an expired row is invisible at once, and a log that is too long only takes up room.
So nothing here ever stops for an error, and each step is small, so that writers never wait for it.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from twisted_kong.core.errors import EntityError
from twisted_kong.db.interfaces import Commit, IStrategy, LostRace, Write
from twisted_kong.db.trouble import Trouble

INTERVAL = 60.0
BATCH = 200


class Upkeep:
    """Looks after one store, every minute."""

    _log = Logger()

    def __init__(self, strategy: IStrategy, clock: IReactorTime, origin: str, retention: float) -> None:
        self._strategy = strategy
        self._clock = clock
        self._origin = origin
        self._retention = retention
        self._loop = LoopingCall(lambda: ensureDeferred(self._survive()))
        self._loop.clock = clock
        self._trouble = Trouble(self._log)
        self._done: Deferred[LoopingCall] | None = None

    def start(self) -> None:
        """Begin, a minute from now."""
        self._done = self._loop.start(INTERVAL, now=False)

    async def stop(self) -> None:
        """End, after the work under way."""
        if self._done is not None:
            done, self._done = self._done, None
            self._loop.stop()
            await done

    async def work(self) -> None:
        """Do all there is to do now."""
        now = self._clock.seconds()
        while await self._expire(now) == BATCH:
            pass
        await self._strategy.trim_log(now - self._retention)

    async def _expire(self, now: float) -> int:
        """Remove some expired rows, each in its own transaction so that one cannot hold back the others."""
        found = await self._strategy.expired(BATCH)
        removed = 0
        for table, key in found:
            try:
                await self._strategy.apply(Commit((Write(table, "expire", key),), self._origin, now))
                removed += 1
            except LostRace:
                # another node was removing it at the same moment; what is left of it comes up again
                continue
            except EntityError as refusal:
                self._log.warn(
                    "cannot remove expired {table} {key}: {refusal}", table=table, key=key, refusal=refusal
                )
        return removed

    async def _survive(self) -> None:
        try:
            await self.work()
        except Exception:
            self._trouble.met(Failure(), "upkeep of the database failed and will be tried again")
        else:
            self._trouble.over("the upkeep of the database works again")
