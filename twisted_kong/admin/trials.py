"""Comparisons of whole documents, one after the other: each takes memory for all that it compares.

Whoever waits keeps a document in memory too, so only a few may.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from twisted.internet.defer import DeferredLock

from twisted_kong.admin.failures import Refused

# How many may wait while one is compared.
MOST_WAITING = 4
BUSY = f"{MOST_WAITING} documents wait to be compared already; try again later"
# Seconds after which one may try again.
RETRY_AFTER = 2


class Trials:
    """Gives one after the other its turn."""

    def __init__(self) -> None:
        self._lock = DeferredLock()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """While this lasts, nothing else is compared.

        :raises Refused: 429 when too many wait already.
        """
        if len(self._lock.waiting) >= MOST_WAITING:
            raise Refused(429, BUSY, (("Retry-After", str(RETRY_AFTER)),))
        await self._lock.acquire()
        try:
            yield
        finally:
            self._lock.release()
