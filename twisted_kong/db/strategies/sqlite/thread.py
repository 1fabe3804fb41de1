"""A thread in which a database file is read or written, and the queue before it.

The reactor's thread pool is no place for it: a connection belongs to its thread, and a stuck disk must not
take all other work with it.
Hence the queue is bounded, and each piece of work has a deadline after which nobody waits for it any longer.
Work that has not begun by then never will; of work that has begun, nobody can say.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import Any, Protocol, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall

from twisted_kong.core.errors import DatabaseUnavailable, OutcomeUnknown

T = TypeVar("T")

LIMIT = 1000
DEADLINE = 30.0


class IThreadReactor(Protocol):
    """What is asked of the reactor."""

    def callFromThread(self, callable: Callable[..., Any], *args: Any) -> Any:  # noqa: N802
        """Run something in the reactor's thread."""

    def callLater(self, delay: float, callable: Callable[..., Any], *args: Any) -> IDelayedCall:  # noqa: N802
        """Run something later."""

    def seconds(self) -> float:
        """Epoch seconds."""


class _Job:
    """A piece of work and who waits for it."""

    def __init__(self, work: Callable[[], Any], deferred: Deferred[Any]) -> None:
        self.work = work
        self.deferred: Deferred[Any] | None = deferred
        self.timer: IDelayedCall | None = None
        self.begun = False

    @property
    def wanted(self) -> bool:
        return self.deferred is not None

    def abandon(self) -> None:
        """Nobody waits any longer: what has not begun never will."""
        self.forget()

    def forget(self) -> Deferred[Any] | None:
        """Who waits, who then no longer does."""
        deferred, self.deferred = self.deferred, None
        if self.timer is not None and self.timer.active():
            self.timer.cancel()
        return deferred


class DatabaseThread:
    """Runs pieces of work one after the other in a thread of its own.

    :param limit: how much work may wait; more is refused at once.
    :param deadline: seconds from asking to giving up.
    """

    def __init__(
        self, reactor: IThreadReactor, name: str, *, limit: int = LIMIT, deadline: float = DEADLINE
    ) -> None:
        self._reactor = reactor
        self._name = name
        self._limit = limit
        self._deadline = deadline
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self._waiting = 0
        self._thread: Thread | None = None
        self._stopping = False

    def start(self) -> None:
        """Start the thread; it dies with the process, should nobody stop it."""
        self._thread = Thread(target=self._loop, name=self._name, daemon=True)
        self._thread.start()

    def run(self, work: Callable[[], T], deadline: float | None = None) -> Deferred[T]:
        """Run something in the thread.

        DatabaseUnavailable if it was not begun in time, OutcomeUnknown if it has not ended by then.
        """
        deferred: Deferred[T] = Deferred(lambda _: job.abandon())
        job = _Job(work, deferred)
        if self._thread is None or self._stopping:
            deferred.errback(DatabaseUnavailable(f"{self._name} is closed"))
        elif self._waiting >= self._limit:
            deferred.errback(
                DatabaseUnavailable(f"{self._name} does not keep up: {self._waiting} requests are waiting")
            )
        else:
            seconds = self._deadline if deadline is None else deadline
            job.timer = self._reactor.callLater(seconds, self._give_up, job, seconds)
            self._waiting += 1
            self._queue.put(job)
        return deferred

    async def stop(self) -> None:
        """End the thread after the work asked for so far, or stop waiting for it at the deadline."""
        last = self.run(lambda: None)
        self._stopping = True
        self._queue.put(None)
        # stuck, or never started: there is nothing more to wait for
        with suppress(DatabaseUnavailable):
            await last

    def _give_up(self, job: _Job, seconds: float) -> None:
        deferred = job.forget()
        if deferred is not None:
            late = f"{self._name} did not answer within {seconds:g} seconds"
            deferred.errback(
                OutcomeUnknown(f"{late}; it may still take effect")
                if job.begun
                else DatabaseUnavailable(f"{late}; it was not begun")
            )

    def _loop(self) -> None:
        while (job := self._queue.get()) is not None:
            result, error = None, None
            # Before the look: who gives up in between must not be told that nothing was begun.
            job.begun = True
            if job.wanted:
                try:
                    result = job.work()
                except BaseException as raised:
                    error = raised
            self._reactor.callFromThread(self._finish, job, result, error)

    def _finish(self, job: _Job, result: Any, error: BaseException | None) -> None:
        self._waiting -= 1
        deferred = job.forget()
        if deferred is None:
            return
        if error is None:
            deferred.callback(result)
        else:
            deferred.errback(error)
