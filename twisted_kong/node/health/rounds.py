"""Rounds of probes: every so many seconds all addresses of a list, so many at a time, one round at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol

from twisted.internet.defer import CancelledError, Deferred, gatherResults
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from twisted_kong.core.health.standing import Address

# Seconds; Kong: every so often it is looked which rounds are due.
_SHORTEST: Final = 0.1
# The part of an interval by which the first round may come early, so that not all come at once.
_JITTER: Final = 0.1


class Source(Protocol):
    """Whose addresses are probed."""

    def due(self) -> Iterable[Address]:
        """The addresses of the list, as they are now."""

    def wanted(self, address: Address) -> bool:
        """Whether an address shall still be probed."""

    async def probe(self, address: Address) -> None:
        """Probe one."""


class Rounds:
    """Probes the addresses of a source in rounds.

    :param interval: seconds from the beginning of one round to that of the next, at least 0.1; one that takes
        longer delays the next to the following beat.
    :param chance: gives numbers from 0 to 1.
    """

    _log = Logger()

    def __init__(
        self,
        source: Source,
        interval: float,
        concurrency: int,
        clock: IReactorTime,
        chance: Callable[[], float],
    ) -> None:
        self._source, self._concurrency = source, concurrency
        self._interval = max(_SHORTEST, interval)
        self._clock, self._chance = clock, chance
        self._timer: IDelayedCall | None = None
        self._round: Deferred[Any] | None = None
        self._probes: dict[Address, Deferred[None]] = {}
        self._next = 0.0

    def start(self) -> None:
        """Have the first round after an interval, or a little less."""
        delay = self._interval * (1 - _JITTER * self._chance())
        self._next = self._clock.seconds() + delay
        self._timer = self._clock.callLater(delay, self._begin)

    def stop(self) -> None:
        """Have no more rounds, and break off the one that is under way."""
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        under_way, self._round = self._round, None
        if under_way is not None:
            under_way.cancel()
        self._cancel(list(self._probes))

    def prune(self) -> None:
        """Break off the probes of addresses that are no longer wanted."""
        self._cancel([each for each in self._probes if not self._source.wanted(each)])

    def _cancel(self, addresses: Iterable[Address]) -> None:
        for address in addresses:
            self._probes[address].cancel()

    def _begin(self) -> None:
        self._timer = None
        self._round = done = Deferred.fromCoroutine(self._all())
        done.addErrback(self._failed, done)
        done.addCallback(self._ended, done)

    def _failed(self, failure: Failure, done: Deferred[Any]) -> None:
        # One that was stopped fails with what its probes were cancelled with.
        if self._round is done:
            self._log.failure("a round of health checks failed", failure)

    def _ended(self, _: object, done: Deferred[Any]) -> None:
        # Stopped meanwhile, or not yet noted since all of it went at once: only the latter goes on.
        if self._round is not done:
            return
        self._round = None
        now = self._clock.seconds()
        missed = max(0, int((now - self._next) // self._interval))
        self._next += (missed + 1) * self._interval
        self._timer = self._clock.callLater(max(0.0, self._next - now), self._begin)

    async def _all(self) -> None:
        waiting = deque(self._source.due())
        workers = [
            Deferred.fromCoroutine(self._work(waiting)) for _ in range(min(self._concurrency, len(waiting)))
        ]
        await gatherResults(workers, consumeErrors=True)

    async def _work(self, waiting: deque[Address]) -> None:
        while waiting:
            address = waiting.popleft()
            if self._source.wanted(address):
                await self._one(address)

    async def _one(self, address: Address) -> None:
        done = self._probes[address] = Deferred.fromCoroutine(self._source.probe(address))
        try:
            await done
        except CancelledError:
            if self._round is None:
                raise
        except Exception:
            self._log.failure("a health check failed")
        finally:
            del self._probes[address]
