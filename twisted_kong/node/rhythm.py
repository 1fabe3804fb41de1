"""Calls something regularly, in a rhythm that late calls do not shift.

Unlike ``LoopingCall`` it begins after a part of the interval, so that nodes that were started together do
not all do the same at the same moments.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime


class Rhythm:
    """One activity and its interval.

    :param function: must not raise; what it returns is not waited for.
    :param interval: in seconds, more than 0.
    """

    def __init__(self, clock: IReactorTime, interval: float, function: Callable[[], object]) -> None:
        self._clock, self._interval, self._function = clock, interval, function
        self._due = 0.0
        self._timer: IDelayedCall | None = None

    def start(self, part: float = 1.0) -> None:
        """Call for the first time after a part, from 0 to 1, of the interval."""
        self._wait_until(self._clock.seconds() + self._interval * part)

    def stop(self) -> None:
        """Call no more; content if it was never started."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait_until(self, due: float) -> None:
        self._due = due
        # never longer than the interval, should the clock go backwards
        wait = min(self._interval, max(0.0, due - self._clock.seconds()))
        self._timer = self._clock.callLater(wait, self._beat)

    def _beat(self) -> None:
        late = max(0.0, self._clock.seconds() - self._due)
        # before the call, which may stop it; one call for all that were missed
        self._wait_until(self._due + self._interval * (1 + late // self._interval))
        self._function()
