"""Waiting on behalf of one worker: reads of the database with a deadline, turns of the reactor, rests.

The worker waits for one thing at a time, so whoever stops it cancels that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Protocol, TypeVar

from twisted.internet.defer import CancelledError, Deferred, DeferredList
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.python.failure import Failure

from twisted_kong.core.changes import Entity

T = TypeVar("T")

# A kind of entity and an id.
Key = tuple[str, str]
# What a read has brought: the row, or None where there is none.
Difference = tuple[Key, Entity | None]

# How long a worker may go on before the reactor has its turn, by the clock and by count of steps.
SLICE_SECONDS: Final = 0.002
SLICE_STEPS: Final = 200


class Page(Protocol):
    """A page of rows as a DAO gives it."""

    @property
    def rows(self) -> tuple[Entity, ...]:
        """The rows."""

    @property
    def offset(self) -> str | None:
        """What asks for the next page; None on the last."""


class Reader(Protocol):
    """What is needed of a DAO."""

    async def select(self, pk: Any) -> Entity | None:
        """The row with an id."""

    async def page(self, size: object = 100, offset: str | None = None) -> Page:
        """A page of rows by ascending id."""


class Reading:
    """The waits of one worker; each raises CancelledError once :meth:`stop` was called.

    :param patience: seconds after which a read is given up, so that a frozen database ends no worker.
    """

    def __init__(self, readers: Mapping[str, Reader], clock: IReactorTime, patience: float = 30.0) -> None:
        self._readers, self._clock, self._patience = readers, clock, patience
        self._waiting: Deferred[Any] | None = None
        self._resting: Deferred[None] | None = None
        self._stopped = False

    def start(self) -> None:
        """Allow waiting (again)."""
        self._stopped = False

    def stop(self) -> None:
        """End the wait under way, and refuse any other."""
        self._stopped = True
        self.wake()
        if self._waiting is not None:
            self._waiting.cancel()

    async def page(self, kind: str, size: int, offset: str | None) -> Page:
        """One page of a kind."""
        return await self._ask(Deferred.fromCoroutine(self._page(kind, size, offset)))

    async def select(self, keys: Sequence[Key]) -> tuple[list[Difference], Failure | None]:
        """Rows by themselves, all at once: those that could be read, and the first error."""
        reads = [Deferred.fromCoroutine(self._readers[kind].select(id)) for kind, id in keys]
        results: list[Any] = await self._ask(DeferredList(reads, consumeErrors=True))
        found = [(key, row) for key, (success, row) in zip(keys, results, strict=True) if success]
        failures = [failure for success, failure in results if not success]
        return found, failures[0] if failures else None

    async def in_slices(self, steps: Iterator[None]) -> None:
        """Run through steps, giving the reactor its turn after a few milliseconds."""
        begun, count = self._clock.seconds(), 0
        for _ in steps:
            count += 1
            if count >= SLICE_STEPS or self._clock.seconds() - begun >= SLICE_SECONDS:
                await self.turn()
                begun, count = self._clock.seconds(), 0

    async def turn(self) -> None:
        """Let the reactor do what else there is."""
        await self._wait(deferLater(self._clock, 0, lambda: None))

    async def rest(self, seconds: float) -> None:
        """Wait some time, or until :meth:`wake`."""
        self._resting = deferLater(self._clock, seconds, lambda: None)
        try:
            await self._resting
        except CancelledError:
            pass
        finally:
            self._resting = None

    def wake(self) -> None:
        """End a rest; does nothing else."""
        if self._resting is not None:
            self._resting.cancel()

    async def _page(self, kind: str, size: int, offset: str | None) -> Page:
        return await self._readers[kind].page(size, offset)

    async def _ask(self, deferred: Deferred[T]) -> T:
        deferred.addTimeout(self._patience, self._clock)
        return await self._wait(deferred)

    async def _wait(self, deferred: Deferred[T]) -> T:
        self._waiting = deferred
        try:
            result = await deferred
        finally:
            self._waiting = None
        if self._stopped:
            # What was waited for did not let itself be cancelled; nothing may follow from it all the same.
            raise CancelledError
        return result
