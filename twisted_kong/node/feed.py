"""Reads the log of changes, in commit order and to the end, whatever fails on the way.

Theory.  The node *has read* up to :attr:`ChangeFeed.position` and *has applied* up to
:attr:`ChangeFeed.applied`.  A position moves only after what lies before it was processed, so an error
repeats changes (harmless: a change says what to forget, not what to believe) and never skips one.

Polling every ``db_update_frequency`` is the promise; news, pushes and :meth:`ChangeFeed.poll_now` only make
it sooner.  Pushes that come while a poll is under way are one more poll together.  After a failed poll one
may tell that the database is back, so it is heeded, though not before a second has passed: a store that
pushes and fails, pushes and fails, is not asked without end.

Where continuity cannot be shown, at the start, and after an error while applying: doubt means stale,
everything is dropped and reading goes on from the log's end.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from typing import Any, TypeVar

from twisted.application.service import Service
from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.task import LoopingCall, deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure
from typing_extensions import override

from twisted_kong.core.changes import Change, ChangeBatch, Position
from twisted_kong.db.interfaces import IChangeLog
from twisted_kong.db.trouble import Trouble
from twisted_kong.node.applying import Act, Applier
from twisted_kong.node.rhythm import Rhythm

T = TypeVar("T")

# Seconds after a failed poll before which no push leads to the next.
REST = 1.0
# Seconds between two polls of who has to catch up.
AGAIN = 0.1

# Applies a batch, in the two steps of Act.
Apply = Callable[[Sequence[Change]], Awaitable[None]]


class ChangeFeed(Service):
    """Follows the log; a service that nothing but ``stopService`` ends.

    :param apply: called with each batch, in order.
    :param on_doubt: drops everything and loads it again; called when it is not known what was missed,
        and so at the start as well.
    :param frequency: seconds between polls (``db_update_frequency``); 0 polls only at the start.
    :param propagation: seconds by which applying is put off (``db_update_propagation``), never less.
    :param watch: seconds between looks at ``has_news``; 0 never looks.
    :param patience: seconds after which a read of the log is given up, so that a frozen database
        delays the next try but does not end them.
    :param chance: gives a number from 0 to 1: the part of ``frequency`` after which the first regular poll
        comes, so that nodes that were started together do not all poll at the same moments.

    ``watchers`` are called each time that all up to some position has been applied; they must not raise.
    """

    _logger = Logger()

    def __init__(
        self,
        log: IChangeLog,
        apply: Apply,
        on_doubt: Act,
        clock: IReactorTime,
        *,
        frequency: float = 5.0,
        propagation: float = 0.0,
        watch: float = 0.1,
        patience: float = 30.0,
        limit: int = 1000,
        chance: Callable[[], float] = lambda: 1.0,
    ) -> None:
        self._log, self._apply, self._on_doubt, self._clock = log, apply, on_doubt, clock
        self._frequency, self._watch, self._patience, self._limit = frequency, watch, patience, limit
        self._propagation, self._chance = propagation, chance
        self._applier = Applier(clock, propagation, self._not_applied, self._applied)
        self.watchers: list[Callable[[], object]] = []
        self._trouble = Trouble(self._logger)
        self._regularly = Rhythm(clock, frequency, self.poll_now)
        self._looking = LoopingCall(self._look)
        self._looking.clock = clock
        self._failed_at: float | None = None
        self._rest: IDelayedCall | None = None
        self._listens = False
        self._asked: list[Deferred[None]] = []
        self._busy = False
        self._polling: Deferred[None] | None = None
        self._reading: Deferred[Any] | None = None
        self._doubtful = True
        self.position: Position | None = None
        self.last_success: float | None = None
        self.last_error: str | None = None
        self.errors = 0
        self.doubts = 0

    @property
    def applied(self) -> Position | None:
        """Up to where this node has applied the log; None before the first load, and after a doubt."""
        return self._applier.applied

    @property
    def pending(self) -> int:
        """How many batches were read and are not applied yet."""
        return self._applier.pending

    @property
    def lag(self) -> float | None:
        """Seconds since the node had surely applied all there was; None before the first load."""
        as_of = self._applier.as_of
        return None if as_of is None else self._clock.seconds() - as_of

    @override
    def startService(self) -> None:
        """Poll at once, and then regularly."""
        super().startService()
        self.poll_now()
        if self._frequency <= 0:
            return
        self._regularly.start(self._chance())
        if self._watch > 0:
            self._looking.start(self._watch, now=False)
        if not self._listens:
            self._listens = True
            self._log.listen(self._pushed)

    @override
    def stopService(self) -> Deferred[None] | None:
        """End the poll under way; fires when it has ended. What was put off is dropped: the node goes."""
        super().stopService()
        if self._looking.running:
            self._looking.stop()
        self._regularly.stop()
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None
        # Should the service be started again, nobody knows whether these were applied.
        self._doubtful = self._doubtful or self._applier.pending > 0
        self._applier.stop()
        if self._reading is not None:
            self._reading.cancel()
        return self._polling

    def poll_now(self) -> Deferred[None]:
        """Poll; fires, never with an error, when a poll begun after this call has ended."""
        if not self.running:
            return succeed(None)
        asked: Deferred[None] = Deferred()
        self._asked.append(asked)
        if not self._busy:
            self._busy = True
            self._polling = Deferred.fromCoroutine(self._poll_while_asked())
        return asked

    def reached(self, position: Position, timeout: float) -> Deferred[bool]:
        """True as soon as this node has applied ``position``, False after ``timeout`` seconds."""
        if not self.running:
            return succeed(self.applied is not None and self.applied >= position)
        waiter = self._applier.reached(position, timeout)
        if not waiter.called:
            # Whoever waits shall not wait for the regular poll.
            self.poll_now()
        return waiter

    async def catch_up(self, position: Position, timeout: float) -> bool:
        """Apply all up to a position that the log is known to hold, if that succeeds in so many seconds.

        What is to be put off is applied now, and once more when it is due.
        """
        begun = self._clock.seconds()
        await self.poll_now()
        while self._doubtful or self.position is None or not self.position >= position:
            if self._clock.seconds() - begun >= timeout:
                return False
            # The replica is not there yet, or the database is away.
            await deferLater(self._clock, AGAIN)
            await self.poll_now()
        if self._propagation <= 0:
            return await self._applier.reached(position, timeout)
        anticipated = Deferred.fromCoroutine(self._applier.anticipate())
        try:
            await anticipated.addTimeout(timeout, self._clock)
        except Exception:
            self._not_applied(Failure())
            return False
        return True

    def _look(self) -> None:
        # After an error the regular poll tries again: a broken store that says it has news is not asked
        # ten times a second.
        try:
            if not self._busy and self.last_error is None and self._log.has_news():
                self.poll_now()
        except Exception:
            # A LoopingCall ends for ever at the first error, so nothing may be raised.
            self._failed("looking for changes failed", Failure())

    def _pushed(self) -> None:
        if not self.running or self._asked or self._rest is not None:
            # Stopped; or the next poll has not begun yet, and will see what was pushed.
            return
        if self._failed_at is None:
            self.poll_now()
        else:
            wait = max(0.0, self._failed_at + REST - self._clock.seconds())
            self._rest = self._clock.callLater(wait, self._rested)

    def _rested(self) -> None:
        self._rest = None
        self.poll_now()

    async def _poll_while_asked(self) -> None:
        """Never two polls at once: who asks during one gets the next."""
        while self._asked:
            asked, self._asked = self._asked, []
            if self.running:
                await self._poll()
            for each in asked:
                each.callback(None)
        self._busy = False

    async def _poll(self) -> None:
        try:
            await self._read_all()
        except Exception:
            # A stopped poll was cancelled on purpose.
            if self.running:
                self._failed("could not read the log of changes", Failure())
        else:
            self.last_success = self._clock.seconds()
            if not self._doubtful:
                self.last_error = self._failed_at = None
                self._trouble.over("the log of changes is followed again")

    async def _read_all(self) -> None:
        """Read until nothing is left, advancing the position after each batch was handed over."""
        more = True
        while more and self.running:
            begun = self._clock.seconds()
            if self.position is None or self._doubtful:
                self._start_over(await self._within_patience(self._log.head()), begun)
                return
            batch = await self._within_patience(self._log.changes_after(self.position, self._limit))
            if not batch.continuous:
                self._start_over(batch.position, begun)
                return
            self._hand_over(batch, None if batch.more else begun)
            self.position = batch.position
            more = batch.more

    def _hand_over(self, batch: ChangeBatch, as_of: float | None) -> None:
        if batch.changes:
            self._applier.hand_over(batch.position, as_of, partial(self._apply, batch.changes))
        else:
            self._applier.nothing_new(batch.position, as_of)

    def _start_over(self, position: Position, begun: float) -> None:
        """Drop everything; the position is the log's end from before that, so nothing in between is lost."""
        self.doubts += 1
        self._doubtful = False
        self.position = position
        self._applier.start_over(position, begun, self._on_doubt)

    async def _within_patience(self, reading: Coroutine[Any, Any, T]) -> T:
        deferred = Deferred.fromCoroutine(reading)
        deferred.addTimeout(self._patience, self._clock)
        self._reading = deferred
        try:
            result = await deferred
        finally:
            self._reading = None
        if not self.running:
            # The store did not let itself be cancelled; nothing may be applied any more all the same.
            raise CancelledError
        return result

    def _applied(self) -> None:
        for watcher in self.watchers:
            watcher()

    def _not_applied(self, failure: Failure) -> None:
        if self.running:
            self._doubtful = True
            self._failed("could not apply changes, everything will be dropped", failure)

    def _failed(self, what: str, failure: Failure) -> None:
        self.errors += 1
        self._failed_at = self._clock.seconds()
        self.last_error = failure.getErrorMessage()
        self._trouble.met(failure, f"{what}; the next poll tries again")
