"""From changes to what they make stale: cache keys are purged, holders read again.

Everything happens in two steps.  First, without waiting, all that is stale is purged or marked; from then on
no new request is served from it out of the cache.  Then the holders read, and the call is done when they have
applied what they read.

To apply a change twice does no harm, not to apply it does: so the feed leaves out a change of this very
process only if it is known to have been applied, not for its origin alone.  The writer may have failed, or
been cancelled, between the commit and the purge.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from twisted_kong.core.changes import Change
from twisted_kong.node.cache import EntityCache
from twisted_kong.node.marks import all_of

# Changes of this process that the feed has not brought back yet; a forgotten one is only applied twice.
REMEMBERED: Final = 10_000


class Follower(Protocol):
    """What follows the changes besides the cache: a holder, or whatever tells other processes."""

    def apply(self, changes: Sequence[Change]) -> Deferred[None]:
        """Follow these changes; fires when they have been applied."""

    def doubt(self) -> Deferred[None]:
        """Nothing is known of what changed: load everything again; fires when that is done."""


class Invalidator:
    """Applies changes to all of a node.

    :param patience: seconds that a writer waits at most for the holders, see :meth:`apply`.
    """

    _log = Logger()

    def __init__(
        self,
        cache: EntityCache,
        followers: Sequence[Follower],
        clock: IReactorTime,
        *,
        patience: float = 10.0,
    ) -> None:
        self._cache, self._followers, self._clock, self._patience = cache, followers, clock, patience
        self._applied: OrderedDict[tuple[str, str, str, str], None] = OrderedDict()

    async def apply(self, changes: Sequence[Change]) -> bool:
        """Apply what this process has just written; to be awaited before the writer is answered.

        True when this node serves the new state everywhere.  False when the holders could not read it back
        in time: the write stands, and they will go on trying.
        """
        settled = self._apply(changes)
        settled.addTimeout(self._patience, self._clock)
        try:
            await settled
        except Exception as error:
            self._log.warn("a write is not yet applied on this node: {error!r}", error=error)
            return False
        for change in changes:
            self._applied[_identity(change)] = None
        while len(self._applied) > REMEMBERED:
            self._applied.popitem(last=False)
        return True

    async def follow(self, changes: Sequence[Change]) -> None:
        """Apply what the feed has read; done when everything has been applied, however long that takes."""
        missing = object()
        await self._apply([c for c in changes if self._applied.pop(_identity(c), missing) is missing])

    async def doubt(self) -> None:
        """Doubt means stale: drop all that is cached, load again all that is held."""
        self._cache.purge()
        await all_of([follower.doubt() for follower in self._followers])

    async def refresh(self) -> None:
        """Have everything read again without making any request wait: ``DELETE /cache``.

        Nothing is stale, so there is no haste: one after the other, a page at a time.
        """
        self._cache.soft_purge()
        for follower in self._followers:
            await follower.doubt()

    def _apply(self, changes: Sequence[Change]) -> Deferred[None]:
        for change in changes:
            for key in change.keys:
                self._cache.invalidate(key)
        return all_of([follower.apply(changes) for follower in self._followers])


def _identity(change: Change) -> tuple[str, str, str, str]:
    return (change.origin, str(change.position), change.entity, change.id)
