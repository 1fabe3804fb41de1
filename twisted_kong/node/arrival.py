"""Lets somebody wait until this node has applied a position that was seen elsewhere.

A greater number is not enough (see :mod:`twisted_kong.node.ancestry`).  A position is *proven* when the log
holds it and a poll after that has shown, without a doubt, that the log holds this node's own position too:
both are then in one history, and the greater number is the later one.  What was proven stays so until the
node has a doubt.  Only one such question is put to the database at a time.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred, DeferredLock, TimeoutError
from twisted.internet.interfaces import IReactorTime

from twisted_kong.core.changes import Position
from twisted_kong.core.errors import DatabaseError
from twisted_kong.node.ancestry import Descent, IHistory, descent_of
from twisted_kong.node.feed import ChangeFeed

# How many positions are remembered as proven, and how many may wait to be.
REMEMBERED = 10_000
WAITING = 100


class Arrival:
    """What this node has applied, for those who must not be served from anything older."""

    def __init__(self, log: IHistory, feed: ChangeFeed, clock: IReactorTime) -> None:
        self._log, self._feed, self._clock = log, feed, clock
        # in the order in which they were proven, so that the oldest can be dropped
        self._proven: dict[Position, None] = {}
        self._doubts = 0
        self._lock = DeferredLock()
        feed.watchers.append(self._applied)

    def has_applied(self, position: Position) -> bool:
        """Whether that is known at once."""
        at = self._feed.applied
        return at is not None and self._knows(position) and at >= position

    async def wait(self, position: Position, timeout: float) -> str | None:
        """Wait until this node has applied a position; why that cannot be said, if it cannot.

        :param timeout: in seconds.
        """
        arriving = Deferred.fromCoroutine(self._arrive(position, timeout))
        try:
            return await arriving.addTimeout(timeout, self._clock)
        except TimeoutError:
            return f"this node has not applied the position {position} within {timeout:g} seconds"
        except DatabaseError as error:
            return f"this node cannot tell whether it has applied the position {position}: {error.message}"

    async def _arrive(self, position: Position, timeout: float) -> str | None:
        while not self.has_applied(position):
            if not await self._feed.reached(position, timeout):
                return f"this node has not applied the position {position} within {timeout:g} seconds"
            if len(self._lock.waiting) >= WAITING:
                return "too many positions wait to be looked up"
            async with self._lock:
                refusal = None if self._knows(position) else await self._prove(position)
            if refusal is not None:
                return refusal
        return None

    async def _prove(self, position: Position) -> str | None:
        """Prove a position that was reached, unless a doubt comes in between; why not, if it cannot be."""
        doubts = self._feed.doubts
        if await descent_of(position, self._log) is Descent.FOREIGN:
            return f"the log of changes does not hold the position {position}"
        await self._feed.poll_now()
        if self._feed.last_error is not None:
            return f"this node cannot tell whether it has applied {position}: {self._feed.last_error}"
        if self._feed.doubts == doubts:
            self._note(position)
        return None

    def _applied(self) -> None:
        if self._feed.applied is not None:
            self._note(self._feed.applied)

    def _knows(self, position: Position) -> bool:
        if self._doubts != self._feed.doubts:
            self._proven.clear()
            self._doubts = self._feed.doubts
        return position in self._proven

    def _note(self, position: Position) -> None:
        if not self._knows(position):
            self._proven[position] = None
        if len(self._proven) > REMEMBERED:
            del self._proven[next(iter(self._proven))]
