"""Work that would keep the reactor from everything else for milliseconds, done in a thread meanwhile.

One piece at a time: several would take from the reactor the processors that it shares with them.
It gains where Python lets others run during the work, as it does while it derives a key from a password.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from twisted.internet.defer import DeferredLock
from twisted.internet.threads import deferToThreadPool

from twisted_kong.core.changes import Entity

# Does some work, which touches nothing that others may touch, and gives its result.
Aside = Callable[[Callable[[], Entity]], Awaitable[Entity]]


async def at_once(work: Callable[[], Entity]) -> Entity:
    """Do it here and now."""
    return work()


def in_thread(reactor: Any) -> Aside:
    """Do it in a thread of the reactor's pool, after what was asked for before."""
    turns = DeferredLock()

    async def aside(work: Callable[[], Entity]) -> Entity:
        return await turns.run(deferToThreadPool, reactor, reactor.getThreadPool(), work)

    return aside
