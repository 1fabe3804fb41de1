"""The rules of the entity cache: what is fresh, what may be stored, what leaves first.

Theory.  A key is *fresh* (served at once), *soft* (served while it is read again), *expired* (kept only to be
resurrected should the read fail) or unknown.  That the database holds no such entity is known too: a miss is
a value of its own, :data:`MISS`, on a shelf of its own, so that requests for keys that do not exist can
never push out those that do.

A database read is *leased* (:meth:`CacheTable.grant`): only the newest lease of a key lets its holder store,
and dropping the key or clearing the table voids it.  Identity decides; no version numbers are compared.
Without this rule a read that began before a change could be stored after the purge and stay for ever.
Doubt means stale: what cannot be shown to be fresh is absent.  Time is an argument, ``now``, in seconds.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from sys import getsizeof
from typing import Any, Final, Generic, Literal, TypeVar

from twisted_kong.core.gathering import Gatherings


class Mark(Enum):
    """What a look into the cache may tell instead of a value."""

    MISS = "miss"
    ABSENT = "absent"


# The database is known to hold nothing under this key.
MISS: Final = Mark.MISS
# Nothing is known: the database must be asked.
ABSENT: Final = Mark.ABSENT

L = TypeVar("L")


@dataclass(frozen=True, slots=True)
class Expiring:
    """A value that ends by itself: what a loader returns for a credential with a ttl of its own.

    ``lifetime`` seconds from now it must not be served any more, not even while the database is away.
    """

    value: Any
    lifetime: float


def lifetime_of(loaded: Any) -> tuple[Any, float]:
    """What a loader returned, as (value, seconds it may be kept; infinite unless it ends by itself).

    An entity read with a ``ttl`` (the whole seconds that remain of a credential) bounds itself: its row
    leaves no trace in the log of changes when it expires, so nobody would ever purge it.
    """
    if isinstance(loaded, Expiring):
        return (loaded.value, loaded.lifetime) if loaded.lifetime > 0 else (None, math.inf)
    if isinstance(loaded, dict) and type(loaded.get("ttl")) is int:
        return loaded, loaded["ttl"]
    return loaded, math.inf


@dataclass(slots=True)
class Entry:
    """One cached value, or :data:`MISS`.

    ``until`` is when it expires (None: never), ``ends`` when it must no longer be served at all,
    ``generation`` that of the table when it was stored: after a soft purge it differs and the entry is soft.
    """

    value: Any
    stored: float
    until: float | None
    ends: float
    size: int
    generation: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A cache entry as ``GET /cache`` shows it; ``ttl`` is what remains in seconds, None for ever."""

    key: str
    state: Literal["hit", "miss"]
    value: Any
    age: float
    ttl: float | None
    soft: bool


# Python's dict entry, the Entry with its floats, the linked list of the OrderedDict.
ENTRY_OVERHEAD: Final = 350
# A value with more parts than this is estimated from the first ones.
SIZED_PARTS: Final = 2000


def estimate_size(value: Any) -> int:
    """About how many bytes a JSON-like value occupies; cheap, never exact, other objects count as 1 KiB."""
    containers, leaves, parts, stack = 0, 0, 0, [value]
    while stack and parts < SIZED_PARTS:
        part = stack.pop()
        parts += 1
        if isinstance(part, Mapping):
            # The keys are names of fields, shared by all entities of a kind.
            stack.extend(part.values())
            containers += 64 + 50 * len(part)
        elif isinstance(part, list | tuple | set | frozenset):
            stack.extend(part)
            containers += 64 + 8 * len(part)
        elif part is None or isinstance(part, str | bytes | int | float):
            leaves += getsizeof(part)
        else:
            leaves += 1024
    # What was not looked at is taken to be like what was.
    return containers + leaves + leaves * len(stack) // parts


class Shelf:
    """Entries in order of use, bounded by count and by estimated bytes; the least recently used leave."""

    __slots__ = ("bytes", "entries", "evictions", "max_bytes", "max_entries")

    def __init__(self, max_entries: int, max_bytes: int) -> None:
        self.entries: OrderedDict[str, Entry] = OrderedDict()
        self.max_entries = max_entries
        self.max_bytes = max_bytes
        self.bytes = 0
        self.evictions = 0

    def put(self, key: str, entry: Entry) -> None:
        """Store an entry as the newest; one that alone exceeds the bound is not kept."""
        self.drop(key)
        if entry.size > self.max_bytes:
            self.evictions += 1
            return
        self.entries[key] = entry
        self.bytes += entry.size
        while self.bytes > self.max_bytes or len(self.entries) > self.max_entries:
            _, oldest = self.entries.popitem(last=False)
            self.bytes -= oldest.size
            self.evictions += 1

    def drop(self, key: str) -> bool:
        """Forget a key; tells whether it was there."""
        entry = self.entries.pop(key, None)
        if entry is None:
            return False
        self.bytes -= entry.size
        return True

    def clear(self) -> None:
        """Forget everything."""
        self.entries.clear()
        self.bytes = 0


class CacheTable(Generic[L]):
    """What is known, on two shelves, and who may add to it.

    The entries may be read directly (``hits.entries``, ``misses.entries``) by whoever must be very fast; only
    the methods here change them.
    """

    def __init__(self, *, max_bytes: int, max_entries: int, max_misses: int, max_miss_bytes: int) -> None:
        self.hits = Shelf(max_entries, max_bytes)
        self.misses = Shelf(max_misses, max_miss_bytes)
        self.generation = 0
        self._leases: dict[str, L] = {}
        self.gatherings = Gatherings()

    def find(self, key: str) -> Entry | None:
        """The entry of a key in whatever state, without counting as a use."""
        entry = self.hits.entries.get(key)
        return entry if entry is not None else self.misses.entries.get(key)

    def is_fresh(self, entry: Entry, now: float) -> bool:
        """Whether the entry may be served without asking the database."""
        return entry.generation == self.generation and (entry.until is None or now < entry.until)

    def is_soft(self, entry: Entry, now: float) -> bool:
        """Whether the entry may be served while it is read again."""
        return entry.generation != self.generation and (entry.until is None or now < entry.until)

    def lease_of(self, key: str) -> L | None:
        """The lease under which the key is being read, if any."""
        return self._leases.get(key)

    def grant(self, key: str, lease: L) -> None:
        """Give the right to store this key to ``lease`` alone; what a page brings of it may be older."""
        self._leases[key] = lease
        self.gatherings.drop(key)

    def redeem(self, key: str, lease: L) -> bool:
        """End a lease; tells whether it was still good, that is: whether its holder may store now."""
        if self._leases.get(key) is not lease:
            return False
        del self._leases[key]
        return True

    def store(self, key: str, value: Any, now: float, ttl: float, lifetime: float = math.inf) -> None:
        """Put a value (None: a miss) on its shelf.

        :param ttl: seconds until it expires; 0 never, negative: do not store at all (as in Kong).
        :param lifetime: seconds after which it must not be served whatever happens.
        """
        self.hits.drop(key)
        self.misses.drop(key)
        if ttl < 0 or lifetime <= 0:
            return
        ends = now + lifetime
        until = min(now + ttl if ttl else math.inf, ends)
        is_miss = value is None
        size = ENTRY_OVERHEAD + len(key) + (0 if is_miss else estimate_size(value))
        entry = Entry(
            MISS if is_miss else value, now, None if until == math.inf else until, ends, size, self.generation
        )
        (self.misses if is_miss else self.hits).put(key, entry)

    def resurrect(self, key: str, now: float, ttl: float) -> Entry | None:
        """The entry of a key whose read has failed, good for ``ttl`` more seconds; None if there is none.

        Kong: db_resurrect_ttl does the same for hits and misses; what has ended by itself stays dead here.
        """
        entry = self.find(key)
        if entry is None or ttl <= 0 or entry.ends <= now:
            return None
        entry.until = min(now + ttl, entry.ends)
        entry.generation = self.generation
        return entry

    def drop(self, key: str) -> bool:
        """Purge one key: its hit or miss, and the lease of a read. Tells whether anything was there."""
        self.gatherings.drop(key)
        leased = self._leases.pop(key, None) is not None
        hit, miss = self.hits.drop(key), self.misses.drop(key)
        return leased or hit or miss

    def clear(self) -> None:
        """Purge everything, and void every lease."""
        self._leases.clear()
        self.gatherings.void()
        self.hits.clear()
        self.misses.clear()

    def soften(self) -> None:
        """Make every entry soft and void every lease; costs the same however many there are."""
        self._leases.clear()
        self.gatherings.void()
        self.generation += 1

    def list(self, keys: Iterator[str], now: float) -> Iterator[Listed]:
        """Describe those of ``keys`` that may be served; lazily, so the table may change in between."""
        for key in keys:
            entry = self.find(key)
            if entry is None or (entry.until is not None and entry.until <= now):
                continue
            is_miss = entry.value is MISS
            yield Listed(
                key=key,
                state="miss" if is_miss else "hit",
                value=None if is_miss else entry.value,
                age=now - entry.stored,
                ttl=None if entry.until is None else entry.until - now,
                soft=entry.generation != self.generation,
            )
