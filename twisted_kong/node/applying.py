"""Applies what the feed has read, in order and no sooner than allowed, and knows how far that has got.

Reading the log and applying it are apart, since a holder that cannot read the database must not keep the
purge of another key waiting: each batch is begun at once (or ``db_update_propagation`` seconds later), and
the position *applied* is that of the last batch before which every batch has settled.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.python.failure import Failure

from twisted_kong.core.changes import Position

# Applies one batch.  What must be forgotten is forgotten before it first waits; done when all is settled.
Act = Callable[[], Awaitable[None]]


@dataclass(slots=True, eq=False)
class Handed:
    """What was read up to ``position``, and how far applying it has got.

    ``as_of`` is when the poll began that found nothing beyond; None if there was more.
    ``early`` tells that it was applied before its time, and will be once more.
    """

    position: Position
    as_of: float | None
    act: Act
    timer: IDelayedCall | None = None
    early: bool = False
    begun: bool = False
    settled: bool = False


class Applier:
    """The queue of batches that were read and have not settled yet.

    :param delay: seconds between handing over and applying (``db_update_propagation``), never less.
    :param failed: told of a batch whose application raised; nothing is applied beyond it until
        :meth:`start_over`.
    :param advanced: called when all up to a position has been applied, be it one that was known already.
    """

    def __init__(
        self,
        clock: IReactorTime,
        delay: float,
        failed: Callable[[Failure], None],
        advanced: Callable[[], None] = lambda: None,
    ) -> None:
        self._clock, self._delay, self._failed, self._advanced = clock, delay, failed, advanced
        self._queue: deque[Handed] = deque()
        self._waiting: dict[Deferred[bool], tuple[Position, IDelayedCall]] = {}
        self.applied: Position | None = None
        # The node is at least as new as the log was at this time of the clock; None before the first load.
        self.as_of: float | None = None

    @property
    def pending(self) -> int:
        """How many batches were read and have not been applied."""
        return len(self._queue)

    def hand_over(self, position: Position, as_of: float | None, act: Act) -> None:
        """Apply a batch: now, or after the delay."""
        handed = Handed(position, as_of, act)
        self._queue.append(handed)
        if self._delay > 0:
            handed.timer = self._clock.callLater(self._delay, self._begin_next)
        else:
            self._begin(handed)

    def nothing_new(self, position: Position, as_of: float | None) -> None:
        """The log ends at ``position``, and what was handed over before is all there is."""
        if self._queue:
            last = self._queue[-1]
            last.position, last.as_of = position, last.as_of if as_of is None else as_of
        else:
            self._advance(position, as_of)

    def start_over(self, position: Position, as_of: float, act: Act) -> None:
        """Forget what was handed over and apply ``act``, which drops everything, at once.

        Until that is done nothing counts as applied: what was may have been of another history.
        With a delay it is applied once more after it: what is loaded now may be older than ``position`` by
        that much.
        """
        self.forget()
        self.applied = None
        if self._delay > 0:
            self._begin(Handed(position, as_of, act))
            self.hand_over(position, as_of, act)
            self._queue[0].early = True
        else:
            self.hand_over(position, as_of, act)

    async def anticipate(self) -> None:
        """Apply now what waits for its time; then it is applied once more."""
        for handed in list(self._queue):
            if not handed.begun and not handed.early:
                handed.early = True
                await handed.act()

    def forget(self) -> None:
        """Apply nothing that has not begun; what has begun ends without being counted."""
        for handed in self._queue:
            if handed.timer is not None and handed.timer.active():
                handed.timer.cancel()
        self._queue.clear()

    def reached(self, position: Position, timeout: float) -> Deferred[bool]:
        """True as soon as ``position`` has been applied, False after ``timeout`` seconds."""
        if self.applied is not None and self.applied >= position:
            return succeed(True)
        waiter: Deferred[bool] = Deferred(self._cancelled)
        self._waiting[waiter] = (position, self._clock.callLater(timeout, self._answer, waiter, False))
        return waiter

    def stop(self) -> None:
        """Forget everything and tell all who wait that it was not reached."""
        self.forget()
        for waiter in list(self._waiting):
            self._answer(waiter, False)

    def _begin_next(self) -> None:
        # Timers due at the same moment fire in any order; the queue keeps that of the commits.
        waiting = next((handed for handed in self._queue if not handed.begun), None)
        if waiting is not None:
            self._begin(waiting)

    def _begin(self, handed: Handed) -> None:
        handed.begun = True
        Deferred.fromCoroutine(self._settle(handed))

    async def _settle(self, handed: Handed) -> None:
        try:
            await handed.act()
        except Exception:
            self._failed(Failure())
            return
        handed.settled = True
        while self._queue and self._queue[0].settled:
            done = self._queue.popleft()
            self._advance(done.position, done.as_of)

    def _advance(self, position: Position, as_of: float | None) -> None:
        self.applied = position
        if as_of is not None:
            self.as_of = as_of
        for waiter, (wanted, _) in list(self._waiting.items()):
            if position >= wanted:
                self._answer(waiter, True)
        self._advanced()

    def _answer(self, waiter: Deferred[bool], answer: bool) -> None:
        if waiter in self._waiting:
            self._cancelled(waiter)
            waiter.callback(answer)

    def _cancelled(self, waiter: Deferred[bool]) -> None:
        _, timer = self._waiting.pop(waiter)
        if timer.active():
            timer.cancel()
