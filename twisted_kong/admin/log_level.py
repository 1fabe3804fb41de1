"""The log level that an operator sets for a while through ``/debug/node/log-level``."""

from __future__ import annotations

import math
from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime

# nginx's levels by their numbers, from the most talkative.
LEVELS = ("debug", "info", "notice", "warn", "error", "crit", "alert", "emerg")

DEFAULT_TIMEOUT = 60


class LogLevel:
    """The level in force, and the return to the configured one when the time is up.

    :param level: the configured level, one of :data:`LEVELS`.
    :param change: makes the log use a level from now on.
    """

    def __init__(self, clock: IReactorTime, level: str, change: Callable[[str], None]) -> None:
        self._clock = clock
        self._configured = level
        self._change = change
        self._return: IDelayedCall | None = None
        self.level = level

    def set(self, level: str, timeout: float) -> bool:
        """Use a level for some seconds, rounded up; 0 for good. False if it is in force already."""
        if level == self.level:
            return False
        self.stop()
        self._use(level)
        if timeout > 0 and level != self._configured:
            self._return = self._clock.callLater(math.ceil(timeout), self._use, self._configured)
        return True

    def configure(self, level: str) -> None:
        """The configuration was read again: use its level, and return to it from now on."""
        self.stop()
        self._configured = level
        if level != self.level:
            self._use(level)

    def stop(self) -> None:
        """Forget a return that is still to come: the node stops."""
        if self._return is not None and self._return.active():
            self._return.cancel()
        self._return = None

    def _use(self, level: str) -> None:
        self.level = level
        self._change(level)
