"""What a holder has still to read again, and who waits for it.

A mark stands for "changed since it was last read".  Once its read has begun, a further change needs a mark
of its own, since that read may have missed it; who waits for the first mark is content with the first read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from twisted.internet.defer import CancelledError, Deferred, DeferredList
from twisted.python.failure import Failure

K = TypeVar("K")


@dataclass(slots=True, eq=False)
class Mark:
    """One thing to be read again."""

    begun: bool = False
    waiters: dict[Deferred[None], None] = field(default_factory=dict)

    def wait(self) -> Deferred[None]:
        """Fires when a read begun after this mark was made has been applied; may be cancelled."""
        waiter: Deferred[None] = Deferred(lambda cancelled: self.waiters.pop(cancelled, None))
        self.waiters[waiter] = None
        return waiter

    def settle(self, failure: Failure | None = None) -> None:
        """Answer all who wait."""
        waiters, self.waiters = self.waiters, {}
        for waiter in waiters:
            if waiter.called:
                # Cancelled after it had been handed on from another mark.
                continue
            if failure is None:
                waiter.callback(None)
            else:
                waiter.errback(failure)


class Marks(Generic[K]):
    """The marks of many things by key, oldest first."""

    def __init__(self) -> None:
        self._marks: dict[K, Mark] = {}

    def __len__(self) -> int:
        return len(self._marks)

    def __iter__(self) -> Iterator[K]:
        return iter(tuple(self._marks))

    def set(self, key: K) -> Mark:
        """The mark of something that has just changed."""
        mark = self._marks.get(key)
        if mark is None or mark.begun:
            mark = self._marks[key] = Mark()
        return mark

    def begin(self, key: K) -> Mark:
        """The mark of something marked that is about to be read."""
        mark = self._marks[key]
        mark.begun = True
        return mark

    def finish(self, key: K, mark: Mark) -> None:
        """What was read has been applied; a mark set meanwhile stays."""
        if self._marks.get(key) is mark:
            del self._marks[key]
        mark.settle()

    def give_back(self, key: K, mark: Mark) -> None:
        """The read has failed: who waited goes on waiting, for the next one."""
        current = self._marks[key]
        if current is not mark:
            current.waiters.update(mark.waiters)
        mark.begun = False

    def cancel(self) -> None:
        """Nothing will be read any more; who waits is told so, the marks stay."""
        for mark in self._marks.values():
            mark.settle(Failure(CancelledError()))


async def _all_of(deferreds: Sequence[Deferred[None]]) -> None:
    results: list[Any] = await DeferredList(deferreds, consumeErrors=True)
    for success, failure in results:
        if not success:
            failure.raiseException()


def all_of(deferreds: Sequence[Deferred[None]]) -> Deferred[None]:
    """Fires when all have fired, with the first error if there was one; cancelling it cancels them."""
    return Deferred.fromCoroutine(_all_of(deferreds))
