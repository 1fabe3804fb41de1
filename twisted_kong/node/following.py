"""Makes the node follow what was written through it, before the writer is answered."""

from __future__ import annotations

from twisted_kong.db.dao import Written
from twisted_kong.node.feed import ChangeFeed
from twisted_kong.node.invalidation import Invalidator

# Seconds that the writer waits for the log to be read, where that is needed.
PATIENCE = 10.0


class Following:
    """Called with each write when it is done; the next request sees what the writer was told.

    A write that found nothing to do, since others had done it before, leaves no change of its own to apply.
    What there is to apply is theirs, and this node may not have read of it yet.
    """

    def __init__(self, invalidator: Invalidator, feed: ChangeFeed) -> None:
        self._invalidator = invalidator
        self._feed = feed

    async def __call__(self, written: Written) -> bool:
        """True when this node serves what was written; False if it could not follow in time and goes on."""
        if written.changes:
            return await self._invalidator.apply(written.changes)
        return await self._feed.catch_up(written.position, PATIENCE)
