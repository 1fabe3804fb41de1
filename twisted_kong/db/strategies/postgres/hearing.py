"""Word of commits: heard from the server, kept as news until polled, passed on to whoever follows the log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from twisted_kong.db.positions import LogPosition, parse
from twisted_kong.db.strategies.postgres.listener import Listener
from twisted_kong.db.strategies.postgres.news import Mark, News
from twisted_kong.db.strategies.postgres.pool import Pool

# How long the start waits until notifications can be heard, in seconds; polling is what is relied upon.
PATIENCE = 1.0


class Hearing:
    """What one process hears of commits.

    :param steady: timers, and the seconds of a clock that nobody sets.
    """

    def __init__(self, pool: Pool, reactor: Any, steady: IReactorTime) -> None:
        self._pool = pool
        self._reactor = reactor
        self._steady = steady
        self._news = News()
        self._listener: Listener | None = None
        self._begun: Deferred[None] | None = None
        self._pass_on: Callable[[], object] | None = None
        self._again: IDelayedCall | None = None

    async def start(self, channel: str) -> None:
        """Listen from now on, where the pool has a connection for that; returns when it does or could not."""
        if self._pool.settings.pool_size == 1:
            return
        self._begun = Deferred()
        self._begun.addTimeout(PATIENCE, self._steady, lambda *_: None)
        self._listener = Listener(self._pool, channel, self.notified, self._reactor)
        self._listener.start()
        try:
            await self._begun
        except CancelledError:
            # who tries again begins to listen anew
            await self._stop_listening()
            raise

    async def stop(self) -> None:
        """Listen no more, and pass nothing on."""
        self._pass_on = None
        self._do_not_poll_again()
        self._has_begun()
        await self._stop_listening()

    def pass_on(self, heard: Callable[[], object]) -> None:
        """Have a function called whenever the log should be polled."""
        self._pass_on = heard

    @property
    def is_news(self) -> bool:
        """Whether the log may hold what was not polled yet."""
        return self._news.is_there

    def notified(self, payload: str) -> None:
        """Hear the newest row of a commit; an empty payload says that something may have been missed."""
        self._has_begun()
        if not payload:
            self._news.may_have_missed()
            self._tell()
            return
        try:
            position = parse(payload)
        except ValueError:
            # whoever may use the database can notify whatever they like
            return
        self.hear(position)

    def hear(self, position: LogPosition) -> None:
        """Hear that the primary's log holds a row."""
        self._news.hear(position, self._steady.seconds())
        self._tell()

    def lost(self) -> None:
        """Hear that history was lost: whoever follows the log must be told of it."""
        self._news.forget()
        self._tell()

    def begin(self) -> Mark:
        """To be called before the log is polled, and handed to :meth:`polled` after it."""
        return self._news.begin()

    @property
    def is_overdue(self) -> bool:
        """Whether it is the primary that should be polled."""
        return self._news.is_overdue(self._steady.seconds())

    def polled(self, mark: Mark, head: LogPosition, *, from_primary: bool) -> None:
        """The log was polled and ended so; what is not there yet is asked for again soon."""
        pause = self._news.polled(mark, head, self._steady.seconds(), from_primary=from_primary)
        self._do_not_poll_again()
        if pause is not None:
            self._again = self._steady.callLater(pause, self._poll_again)

    async def _stop_listening(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            await listener.stop()

    def _has_begun(self) -> None:
        if self._begun is not None and not self._begun.called:
            self._begun.callback(None)

    def _poll_again(self) -> None:
        self._again = None
        self._tell()

    def _do_not_poll_again(self) -> None:
        if self._again is not None:
            again, self._again = self._again, None
            again.cancel()

    def _tell(self) -> None:
        if self._pass_on is not None and self.is_news:
            self._pass_on()
