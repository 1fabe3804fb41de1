"""Finds out when every living node has applied a position.

One loop looks at the list of nodes, every 50 ms and only while somebody waits, however many do.
Who waits is judged only by looks that were begun after it came: a look from before may not know a node that
joined since, while every node that joins later reads the log after its first report and so finds what is
waited for by itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from twisted.internet.defer import CancelledError, Deferred, TimeoutError
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from twisted_kong.core.changes import Position
from twisted_kong.db.interfaces import Member
from twisted_kong.db.trouble import Trouble
from twisted_kong.node.ancestry import Descent, IHistory, descent_of
from twisted_kong.node.standing import Outcome, judge, unproven, with_this

# Seconds between two looks at the list of nodes.
INTERVAL = 0.05
# Seconds after which a look is given up.
PATIENCE = 5.0
# Seconds for which a look waits until this node has read the log.
READING = 1.0


class IMembers(Protocol):
    """Where the list of nodes comes from; see ``db.interfaces.IMembership``."""

    async def members(self) -> tuple[Member, ...]:
        """Who has reported and not left, dead or alive."""


@dataclass(slots=True, eq=False)
class _Waiter:
    """Who waits for a position, and what the last look has shown; None before the first."""

    position: Position
    answer: Deferred[Outcome]
    timer: IDelayedCall | None = None
    shown: Outcome | None = None
    expired: bool = False


class Convergence:
    """Watches the nodes on behalf of whoever waits.

    :param this: tells how this node stands now.
    :param hurry: makes this node read the log; fires when it has, or has failed to.
    """

    _log = Logger()

    def __init__(
        self,
        store: IMembers,
        log: IHistory,
        this: Callable[[], Member],
        hurry: Callable[[], Deferred[None] | None],
        clock: IReactorTime,
    ) -> None:
        self._store, self._log_of_changes, self._this = store, log, this
        self._hurry, self._clock = hurry, clock
        self._trouble = Trouble(self._log)
        self._waiting: list[_Waiter] = []
        self._watching: Deferred[None] | None = None
        self._pause: Deferred[None] | None = None
        # This node reads the log, for who has come last.
        self._reading: Deferred[None] | None = None
        self._stopped = False

    async def members(self) -> tuple[Member, ...]:
        """All nodes by ascending instance, dead or alive, with this one as it is now."""
        return with_this(await self._store.members(), self._this())

    def reached(self, position: Position, timeout: float) -> Deferred[Outcome]:
        """Fires, never with an error, when every living node has applied a position, or after a timeout.

        However short the timeout is, one look is taken.
        """
        waiter = _Waiter(position, Deferred())
        waiter.timer = self._clock.callLater(timeout, self._expired, waiter)
        self._waiting.append(waiter)
        at = self._this().position
        if at is None or not at >= position:
            self._reading = self._hurry()
        if self._stopped:
            self._fire(waiter, Outcome(error="the node stops"))
        elif self._watching is None:
            self._watching = Deferred()
            Deferred.fromCoroutine(self._watch()).addErrback(self._broken)
        return waiter.answer

    async def stop(self) -> None:
        """Let nobody wait any longer."""
        self._stopped = True
        for waiter in list(self._waiting):
            self._fire(waiter, Outcome(error="the node stops"))
        for each in (self._pause, self._reading):
            if each is not None:
                each.cancel()
        if self._watching is not None:
            await self._watching

    async def _watch(self) -> None:
        while self._waiting:
            await self._look(list(self._waiting))
            if self._waiting:
                await self._rest()
        self._ended()

    async def _look(self, waiting: Sequence[_Waiter]) -> None:
        """Take one look on behalf of those who wait at its beginning."""
        left = deque(waiting)
        looking = Deferred.fromCoroutine(self._show(left))
        try:
            await looking.addTimeout(PATIENCE, self._clock)
        except Exception as error:
            failure = Failure()
            self._trouble.met(failure, "cannot find out how far the other nodes have got")
            late = isinstance(error, TimeoutError)
            reason = f"no answer within {PATIENCE:g} seconds" if late else failure.getErrorMessage()
            for waiter in left:
                self._see(waiter, Outcome(error=reason))
            # Those whom the look did not come to are the first of the next one.
            first = set(left)
            self._waiting.sort(key=lambda waiter: waiter not in first)
        else:
            self._trouble.over("it can be found out again how far the other nodes have got")

    async def _show(self, left: deque[_Waiter]) -> None:
        """Judge for each of those who are left, who is answered at once if that is good, or if it is time."""
        await self._read()
        members = await self.members()
        while left:
            outcome = await self._judged(members, left[0].position)
            self._see(left.popleft(), outcome)

    async def _read(self) -> None:
        """Let this node read of what it has just written itself, lest it count as a laggard for that."""
        reading = self._reading
        if reading is not None:
            with suppress(TimeoutError, CancelledError):
                await reading.addTimeout(READING, self._clock)
            if self._reading is reading:
                self._reading = None

    def _see(self, waiter: _Waiter, outcome: Outcome) -> None:
        waiter.shown = outcome
        if waiter.expired or outcome.converged:
            self._fire(waiter, outcome)

    async def _judged(self, members: Sequence[Member], position: Position) -> Outcome:
        """Judge by numbers first; only where these say that all is well they have to be believed.

        What is waited for is looked up before what is reported and after it: if the log held it both times, a
        failover in between has lost nothing of it.
        """
        reported = unproven(members, position)
        outcome = judge(members, position, reported)
        if outcome.laggards:
            return outcome
        foreign = Outcome(outcome.nodes, error=f"the log of changes does not hold the position {position}")
        if await self._descent(position) is Descent.FOREIGN:
            return foreign
        proven = {each for each in reported if await self._descent(each) is Descent.OURS}
        if proven and await self._descent(position) is Descent.FOREIGN:
            return foreign
        return judge(members, position, proven)

    async def _descent(self, position: Position) -> Descent:
        return await descent_of(position, self._log_of_changes)

    def _expired(self, waiter: _Waiter) -> None:
        waiter.timer = None
        waiter.expired = True
        if waiter.shown is not None:
            self._fire(waiter, waiter.shown)

    def _fire(self, waiter: _Waiter, outcome: Outcome) -> None:
        if waiter in self._waiting:
            self._waiting.remove(waiter)
            if waiter.timer is not None:
                waiter.timer.cancel()
            waiter.answer.callback(outcome)

    async def _rest(self) -> None:
        pause: Deferred[None] = Deferred()
        timer = self._clock.callLater(INTERVAL, pause.callback, None)
        self._pause = pause
        try:
            await pause
        except CancelledError:
            timer.cancel()
        finally:
            self._pause = None

    def _broken(self, failure: Failure) -> None:
        self._log.failure("watching the nodes has ended by an error", failure)
        for waiter in list(self._waiting):
            self._fire(waiter, Outcome(error=failure.getErrorMessage()))
        self._ended()

    def _ended(self) -> None:
        watching, self._watching = self._watching, None
        if watching is not None:
            watching.callback(None)
