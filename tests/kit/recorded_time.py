"""The running reactor as a node sees it that lives at the time of a recording, in a world without DNS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.address import IPv4Address


class RecordedTime:
    """The reactor with a clock that is set to other times, and a resolver that knows ``localhost`` only.

    Timers go by real time; so set the clock forward only, and little once something waits for it.

    :param still: it stands still where it was set, however long an answer takes.
    """

    def __init__(self, reactor: Any, *, still: bool = False) -> None:
        self._reactor = reactor
        self._ahead = 0.0
        self._still = still
        self.nameResolver = _OnlyLocalhost()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reactor, name)

    def seconds(self) -> float:
        """Seconds of the epoch that the node lives in."""
        return float((0.0 if self._still else self._reactor.seconds()) + self._ahead)

    def advance(self, seconds: float) -> None:
        """Move the clock on."""
        self._ahead += seconds

    def set(self, seconds: float) -> None:
        """Set the clock."""
        self._ahead = seconds - (0.0 if self._still else self._reactor.seconds())


class _OnlyLocalhost:
    def resolveHostName(self, receiver: Any, hostName: str, *_: Any, **__: Any) -> None:  # noqa: N802, N803
        """Twisted's ``IHostnameResolver``."""
        resolved: Callable[[Any], None] = receiver.addressResolved
        if hostName == "localhost":
            resolved(IPv4Address("TCP", "127.0.0.1", 0))
        receiver.resolutionComplete()
