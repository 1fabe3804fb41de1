"""The entity cache of a node: read from the database once, however many wait, until a change purges it.

``peek`` is for the data path: synchronous, no allocation, no I/O.  ``get`` reads through: one read per key
at a time; a purge meanwhile lets those who wait have the answer but keeps it out of the cache (see
:mod:`twisted_kong.core.cache` for the rules).  An error is told to those who wait and never kept.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from twisted_kong.core.cache import ABSENT, MISS, CacheTable, Entry, Listed, Mark, lifetime_of
from twisted_kong.core.errors import DatabaseUnavailable
from twisted_kong.core.gathering import Gathering
from twisted_kong.db.trouble import Trouble
from twisted_kong.node.cache_listing import Wanted, list_entries
from twisted_kong.node.cache_statistics import CacheStatistics
from twisted_kong.node.places import Begin, Places

# What reads an entity from the database: the entity, None if there is none, or either within Expiring.
Loader = Callable[[], Awaitable[Any]]

# How many keys may wait to be refilled after a soft purge; one that found no place is queued by a later use.
REFILL_QUEUE: Final = 10_000
# Seconds after which nobody joins a read any more.
PATIENCE: Final = 30.0
# Kong's bound of the store of misses.
MISS_BYTES: Final = 12 << 20


@dataclass(slots=True, eq=False)
class Flight:
    """One read under way (the lease is this object itself) and those who wait for it."""

    loader: Loader
    ttl: float
    neg_ttl: float
    begun: float
    waiters: dict[Deferred[Any], None] = field(default_factory=dict)

    def land(self, result: object) -> None:
        """Hand the answer, or the Failure, to all who still wait."""
        waiters, self.waiters = self.waiters, {}
        for waiter in waiters:
            if isinstance(result, Failure):
                waiter.errback(result)
            else:
                waiter.callback(result)


class EntityCache:
    """Values by cache key, hits and misses bounded apart.

    :param max_bytes: bound of the hits by a cheap estimate (``mem_cache_size``).
    :param max_entries: bound of the hits by count; ``max_misses`` and ``max_miss_bytes`` bound the misses.
    :param ttl: seconds a hit is kept, 0 until it is purged (``db_cache_ttl``).
    :param neg_ttl: the same for a miss (``db_cache_neg_ttl``); None takes ``ttl``.
    :param resurrect_ttl: seconds an expired value is served again while its read fails
        (``db_resurrect_ttl``); 0 never.
    :param reads: reads at a time: of those that requests wait for, and where they leave room of those that
        refill soft values after :meth:`soft_purge`.
    """

    _log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        *,
        max_bytes: int = 128 << 20,
        max_entries: int = 500_000,
        max_misses: int = 50_000,
        max_miss_bytes: int = MISS_BYTES,
        ttl: float = 0,
        neg_ttl: float | None = None,
        resurrect_ttl: float = 30,
        reads: int = 8,
    ) -> None:
        self._clock, self._seconds = clock, clock.seconds
        self._ttl = ttl
        self._neg_ttl = ttl if neg_ttl is None else neg_ttl
        self._resurrect_ttl = resurrect_ttl
        self._table: CacheTable[Flight] = CacheTable(
            max_bytes=max_bytes,
            max_entries=max_entries,
            max_misses=max_misses,
            max_miss_bytes=max_miss_bytes,
        )
        # The shelves' dicts are never replaced, so peek may hold on to them.
        self._hits = self._table.hits.entries
        self._misses = self._table.misses.entries
        self._refill_queue: OrderedDict[str, Flight] = OrderedDict()
        # Flights that wait for their place; they hold no lease yet, so a purge does not concern them.
        self._waiting: dict[str, Flight] = {}
        self._places = Places(clock, reads, self._next_refill)
        self._trouble = Trouble(self._log)
        self._count_hits = self._count_misses = self._count_absents = 0
        self._loads = self._load_errors = self._resurrections = self._voided = self._reading = 0

    # The data path's look: everything inlined, the clock asked only for an entry that can expire.
    def peek(self, key: str) -> Any | Mark:
        """The fresh value, MISS if the database is known to have none, ABSENT if :meth:`get` must ask."""
        entry = self._hits.get(key)
        if entry is not None:
            if entry.generation == self._table.generation and (
                entry.until is None or self._seconds() < entry.until
            ):
                self._hits.move_to_end(key)
                self._count_hits += 1
                return entry.value
        else:
            entry = self._misses.get(key)
            if (
                entry is not None
                and entry.generation == self._table.generation
                and (entry.until is None or self._seconds() < entry.until)
            ):
                self._misses.move_to_end(key)
                self._count_misses += 1
                return MISS
        self._count_absents += 1
        return ABSENT

    async def get(
        self, key: str, loader: Loader, *, ttl: float | None = None, neg_ttl: float | None = None
    ) -> Any | None:
        """The value of a key, read by ``loader`` unless it is cached; None if there is none.

        :param ttl: instead of the cache's own; 0 for ever, negative: do not keep.
        :param neg_ttl: the same should there be none.
        :raises Exception: whatever the loader raises, unless an expired value can be resurrected.

        A waiter may be cancelled; the read goes on for the others, and for the cache.
        """
        value = self.peek(key)
        if value is not ABSENT:
            return None if value is MISS else value
        ttl, neg_ttl = self._ttl if ttl is None else ttl, self._neg_ttl if neg_ttl is None else neg_ttl
        flight = Flight(loader, ttl, neg_ttl, self._seconds())
        entry = self._table.find(key)
        if entry is not None and self._table.is_soft(entry, flight.begun):
            self._queue_refill(key, flight)
            return _answer(entry)
        return await self._join(key, flight)

    def gather(self) -> Gathering:
        """The lease of a read of many rows that is about to begin; :meth:`fill` must end it."""
        return self._table.gatherings.begin()

    def fill(self, gathering: Gathering, loaded: Iterable[tuple[str, Any]]) -> int:
        """Keep what was read under a lease, unless purged meanwhile or known by now; tells how many.

        Neither is kept what is, or was meanwhile, read by itself: of two reads that overlap nobody knows
        which is the older one, and what was served of one may not be followed by the other.
        """
        self._table.gatherings.end(gathering)
        now, count = self._seconds(), 0
        for key, each in loaded:
            entry = self._table.find(key)
            if not gathering.allows(key) or self._table.lease_of(key) is not None:
                continue
            if entry is None or not self._table.is_fresh(entry, now):
                value, lifetime = lifetime_of(each)
                self._table.store(key, value, now, self._ttl, lifetime)
                count += 1
        return count

    def probe(self, key: str) -> Listed | None:
        """What is cached under a key, without reading, filling or counting as a use."""
        return next(self._table.list(iter((key,)), self._seconds()), None)

    async def listed(self, wanted: Wanted) -> list[Listed]:
        """What is cached, hits first, as far as it is wanted; requests are served meanwhile."""
        return await list_entries([*self._hits, *self._misses], self.probe, wanted, self._clock)

    def invalidate(self, key: str) -> bool:
        """Purge a key, hit or miss; a read under way is not stored. Tells whether anything was there."""
        return self._table.drop(key)

    def purge(self) -> None:
        """Purge everything; no read under way is stored."""
        self._table.clear()
        self._refill_queue.clear()

    def soft_purge(self) -> None:
        """Let every value be read again at its next use, which is still answered with the value as it is.

        At most ``reads`` of them run at a time. No read under way now is stored.
        """
        self._table.soften()

    @property
    def statistics(self) -> CacheStatistics:
        """The counters, for metrics and ``/status``."""
        hits, misses = self._table.hits, self._table.misses
        return CacheStatistics(
            hits=self._count_hits,
            misses=self._count_misses,
            absents=self._count_absents,
            loads=self._loads,
            load_errors=self._load_errors,
            resurrections=self._resurrections,
            voided=self._voided,
            evictions=hits.evictions + misses.evictions,
            entries=len(hits.entries),
            miss_entries=len(misses.entries),
            bytes=hits.bytes,
            miss_bytes=misses.bytes,
            reading=self._reading,
            waiting=len(self._waiting),
            refill_queue=len(self._refill_queue),
        )

    def _join(self, key: str, flight: Flight) -> Deferred[Any]:
        under_way = self._table.lease_of(key)
        # One that hangs should have been given up by the store: whoever comes now does not wait for it too.
        if under_way is not None and flight.begun - under_way.begun > PATIENCE:
            under_way = None
        under_way = under_way or self._waiting.get(key)
        flight = under_way or flight
        waiter: Deferred[Any] = Deferred(lambda cancelled: flight.waiters.pop(cancelled, None))
        flight.waiters[waiter] = None
        if under_way is None:
            self._waiting[key] = flight
            self._places.ask(partial(self._begin, key, flight), partial(self._give_up, key, flight))
        return waiter

    def _begin(self, key: str, flight: Flight) -> Deferred[None]:
        del self._waiting[key]
        # Nobody waits any more for what has not begun.
        return self._take_off(key, flight) if flight.waiters else succeed(None)

    def _give_up(self, key: str, flight: Flight) -> None:
        del self._waiting[key]
        self._table.grant(key, flight)
        late = DatabaseUnavailable("the database does not keep up with reads of what is not cached")
        flight.land(self._failed(key, flight, Failure(late)))

    def _take_off(self, key: str, flight: Flight) -> Deferred[None]:
        flight.begun = self._seconds()
        self._table.grant(key, flight)
        return Deferred.fromCoroutine(self._fly(key, flight)).addBoth(flight.land)

    async def _fly(self, key: str, flight: Flight) -> Any:
        """Read, store if the lease still allows; the answer. Never fails: a Failure is an answer too."""
        self._loads += 1
        self._reading += 1
        try:
            return self._arrived(key, flight, await flight.loader())
        except Exception:
            return self._failed(key, flight, Failure())
        finally:
            self._reading -= 1

    def _arrived(self, key: str, flight: Flight, loaded: Any) -> Any | None:
        self._trouble.over("entities can be read again")
        value, lifetime = lifetime_of(loaded)
        if self._table.redeem(key, flight):
            ttl = flight.neg_ttl if value is None else flight.ttl
            self._table.store(key, value, self._seconds(), ttl, lifetime)
        else:
            self._voided += 1
        return value

    def _failed(self, key: str, flight: Flight, failure: Failure) -> Any | None:
        self._load_errors += 1
        entry = None
        if self._table.redeem(key, flight):
            entry = self._table.resurrect(key, self._seconds(), self._resurrect_ttl)
        # Not the key: what follows its first part may be the credential that a client has sent.
        self._trouble.met(failure, "could not read an entity of {kind}", kind=key.partition(":")[0])
        if entry is None:
            return failure
        self._resurrections += 1
        return _answer(entry)

    def _queue_refill(self, key: str, flight: Flight) -> None:
        if self._table.lease_of(key) is not None or len(self._refill_queue) >= REFILL_QUEUE:
            return
        self._refill_queue.setdefault(key, flight)
        self._places.advance()

    def _next_refill(self) -> Begin | None:
        """The next of the queued reads that is still of use."""
        while self._refill_queue:
            key, flight = self._refill_queue.popitem(last=False)
            # Else purged, or being read for another reason: nothing is left to refill.
            if self._table.find(key) is not None and self._table.lease_of(key) is None:
                return partial(self._take_off, key, flight)
        return None


def _answer(entry: Entry) -> Any | None:
    return None if entry.value is MISS else entry.value
