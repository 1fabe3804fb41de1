"""Tells the plugins of their present configurations: at the start, and after their rows have changed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

# Rows that change together are told of once.
SETTLE_SECONDS = 0.05


class Configuring:
    """Runs the ``configure`` phase, never twice at once, and not before :meth:`begin`."""

    _log = Logger()

    def __init__(self, clock: IReactorTime) -> None:
        self._configure: Callable[[], Awaitable[None]] | None = None
        self._clock = clock
        self._due: IDelayedCall | None = None
        self._running = False
        self._again = False
        self._stopped = False

    def changed(self) -> None:
        """A row has changed: tell the plugins in a moment, or when those who are told now have been."""
        if self._running:
            self._again = True
        elif self._due is None and self._configure is not None and not self._stopped:
            self._due = self._clock.callLater(SETTLE_SECONDS, self._begin, self._configure)

    async def begin(self, configure: Callable[[], Awaitable[None]]) -> None:
        """Tell the plugins for the first time; done when all have been told.

        :param configure: runs the phase for all plugins that have it.
        """
        self._configure = configure
        await self._run(configure)

    def stop(self) -> None:
        """Tell nobody any more."""
        self._stopped = True
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _begin(self, configure: Callable[[], Awaitable[None]]) -> None:
        self._due = None
        done = Deferred.fromCoroutine(self._run(configure))
        done.addErrback(lambda failure: self._log.failure("could not configure plugins", failure=failure))

    async def _run(self, configure: Callable[[], Awaitable[None]]) -> None:
        self._running = True
        try:
            await configure()
        finally:
            self._running = False
            if self._again:
                self._again = False
                self.changed()
