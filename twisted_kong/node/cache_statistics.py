"""What the entity cache tells of itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CacheStatistics:
    """Counters since the start, and what is held now."""

    hits: int
    misses: int
    absents: int
    loads: int
    load_errors: int
    resurrections: int
    voided: int
    evictions: int
    entries: int
    miss_entries: int
    bytes: int
    miss_bytes: int
    reading: int
    waiting: int
    refill_queue: int
