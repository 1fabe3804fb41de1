"""A clock for how long something may be kept: nobody can set it, whatever becomes of the wall clock.

What was cached for a minute must not be kept for an hour longer because the wall clock was set back, nor
leave all at once because it was set on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from zope.interface import implementer


@implementer(IReactorTime)
class SteadyClock:
    """A reactor's timers, with the seconds of a clock that only ever goes on; never for dates.

    A reactor that tells no ``steady_seconds`` – Twisted's own, and those of tests – is believed as it is.
    """

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._seconds: Callable[[], float] = getattr(reactor, "steady_seconds", reactor.seconds)

    def seconds(self) -> float:
        """Seconds since some moment."""
        return self._seconds()

    def callLater(  # noqa: N802 - Twisted's name
        self, delay: float, callable: Callable[..., Any], *args: object, **kwargs: object
    ) -> IDelayedCall:
        """Call something later."""
        call: IDelayedCall = self._reactor.callLater(delay, callable, *args, **kwargs)
        return call

    def getDelayedCalls(self) -> Any:  # noqa: N802 - Twisted's name
        """What is to be called later."""
        return self._reactor.getDelayedCalls()
