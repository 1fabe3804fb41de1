"""Whether the replica is to be asked now.

One that has failed is left alone, and tried in the background with pauses that grow, until it answers: no
reader has to wait for it meanwhile.
One that lags is left alone for moments only, since it will have caught up soon; one that never does, such as
a server that follows another primary, is told of.
"""

from __future__ import annotations

from typing import Protocol

from twisted.internet.defer import CancelledError, Deferred, TimeoutError
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from twisted_kong.core.errors import DatabaseError
from twisted_kong.db.strategies.postgres.statement import Rows, Statement

# Seconds between two tries of a replica that does not answer, at first and at most.
FIRST_TRY = 0.5
LONGEST_TRY = 15.0
# Seconds for which one that lags is not asked, at first and at most.
FIRST_REST = 0.01
LONGEST_REST = 0.25
# For how many seconds, and questions on end, one lags before that is told.
LAGS_LONG = 60.0
LAGS_OFTEN = 10
# Not everything that answers has our tables, and lets us read them.
_TRIAL = "select 1 from changes limit 1"
# Seconds after which it is not waited for any longer: the primary can tell as well.
PATIENCE = 1.0


class IServer(Protocol):
    """A server that runs one statement at a time for each who asks."""

    async def run(self, query: str, parameters: tuple[object, ...] = ()) -> Rows:
        """The rows of a statement; DatabaseError."""


class Replica:
    """A server to read from while it can be relied upon.

    :param clock: timers, and the seconds of a clock that nobody sets.
    :param where: the place, for messages.
    """

    _log = Logger()

    def __init__(self, server: IServer, clock: IReactorTime, where: str) -> None:
        self._where = where
        self._lags_since = 0.0
        self._lags = 0
        self._lag_told = False
        self._server = server
        self._clock = clock
        self._rest = 0.0
        self._rests_until = 0.0
        self._pause = 0.0
        self._answered_at = clock.seconds()
        self._timer: IDelayedCall | None = None
        self._trial: Deferred[None] | None = None
        self._stopped = False

    @property
    def is_away(self) -> bool:
        """Whether it failed when it was asked last."""
        return self._pause > 0.0

    @property
    def is_ready(self) -> bool:
        """Whether it is worth asking now."""
        return not self.is_away and not self._stopped and self._clock.seconds() >= self._rests_until

    async def run(self, statement: Statement) -> Rows | None:
        """The rows of a statement; None if they cannot be had now, whatever the reason."""
        asked = Deferred.fromCoroutine(self._server.run(statement.text, statement.parameters))
        asked.addTimeout(PATIENCE, self._clock)
        asked_at = self._clock.seconds()
        try:
            rows = await asked
        except DatabaseError as error:
            self._fail(str(error))
        except TimeoutError:
            # while it answers others it has much to do, and is not away
            if self._answered_at <= asked_at:
                self._fail(f"no answer within {PATIENCE:g} second")
        else:
            self._answered_at = self._clock.seconds()
            return rows
        return None

    def caught_up(self) -> None:
        """It has proved to be as new as it must be."""
        self._rest = 0.0
        self._lags = 0
        if self._lag_told:
            self._lag_told = False
            self._log.info("the replica, {where}, follows the primary again", where=self._where)

    def lags(self) -> None:
        """It has proved to be behind: not to be asked for a moment."""
        self._rest = min(max(FIRST_REST, 2 * self._rest), LONGEST_REST)
        now = self._clock.seconds()
        self._rests_until = now + self._rest
        if not self._lags:
            self._lags_since = now
        self._lags += 1
        if not self._lag_told and self._lags >= LAGS_OFTEN and now - self._lags_since >= LAGS_LONG:
            self._lag_told = True
            self._log.warn(
                "the replica, {where}, does not follow the primary, at least not as fast as is written:"
                " everything is read from the primary",
                where=self._where,
            )

    def stop(self) -> None:
        """Try no more."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._trial is not None:
            self._trial.cancel()

    def _fail(self, reason: str) -> None:
        if not self.is_away and not self._stopped:
            self._lags = 0
            self._log.warn("the replica is not read from for now: {reason}", reason=reason)
            self._try_later()

    def _try_later(self) -> None:
        self._pause = min(max(FIRST_TRY, 2 * self._pause), LONGEST_TRY)
        self._timer = self._clock.callLater(self._pause, self._try)

    def _try(self) -> None:
        self._timer = None
        self._trial = Deferred.fromCoroutine(self._try_once())
        self._trial.addErrback(lambda failure: failure.trap(CancelledError) and None)

    async def _try_once(self) -> None:
        try:
            await self._server.run(_TRIAL)
        except DatabaseError:
            if not self._stopped:
                self._try_later()
        else:
            self._pause = 0.0
            self._log.info("the replica is read from again")
