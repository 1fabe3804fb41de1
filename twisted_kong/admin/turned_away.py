"""Tells the error log of clients whose certificate was not accepted, which reach nothing that would log them.

Whoever wants can be turned away a thousand times a second, so only one line in a while is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from OpenSSL import SSL
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

# Seconds between two lines.
INTERVAL = 10.0
# OpenSSL's reasons that are about the certificate of a client, and what they mean.
_REASONS = {
    "peer did not return a certificate": "it showed no certificate",
    "certificate verify failed": "nobody who may vouch for clients vouches for its certificate,"
    " or its time is over or has not come",
}


class TurnedAway:
    """The clients that one listener has turned away.

    :param clock: tells the time.
    """

    _log = Logger()

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._told: float | None = None
        self._untold = 0

    def tell(self, peer: Any, reason: Failure) -> None:
        """A connection has ended before its first byte; nothing is told unless a certificate was why."""
        why = _why(reason.value)
        if why is None:
            return
        now = self._clock.seconds()
        if self._told is not None and 0 <= now - self._told < INTERVAL:
            self._untold += 1
            return
        self._told, untold, self._untold = now, self._untold, 0
        self._log.warn(
            "refused a TLS handshake of {client}: {why}{more}",
            client=getattr(peer, "host", None) or "a client",
            why=why,
            more=f" ({untold} more were refused before, unlogged)" if untold else "",
        )


def _why(error: BaseException | None) -> str | None:
    if not isinstance(error, SSL.Error):
        return None
    queue: Sequence[Any] = error.args[0] if error.args and isinstance(error.args[0], list) else ()
    found = (_REASONS.get(str(entry[-1])) for entry in queue)
    return next((why for why in found if why is not None), None)
