"""Times to live of entities: what is asked for, and what remains."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from twisted_kong.core.schema.schema import Schema
from twisted_kong.db.violations import invalid_option

LONGEST = 100_000_000


@dataclass(frozen=True, slots=True)
class Ttl:
    """A time to live as a write asks for it; ``seconds`` None is for ever."""

    given: bool
    seconds: int | None = None

    def from_now(self, now: float) -> float | None:
        """The epoch second at which it ends."""
        return None if self.seconds is None else now + self.seconds


def take_ttl(schema: Schema, record: Mapping[str, Any], ttl: object) -> tuple[Mapping[str, Any], Ttl]:
    """Part a record from its ``ttl``, which an explicit one overrides.

    Where the kind has no time to live, a ``ttl`` in the record is left for the schema to refuse.
    Kong: code 11 unless a whole number from 0 to 100000000; 0 is for ever.
    """
    if not schema.ttl:
        return record, Ttl(given=False)
    given = ttl is not None or "ttl" in record
    value = ttl if ttl is not None else record.get("ttl")
    rest = {field: record[field] for field in record if field != "ttl"}
    return rest, Ttl(given, _checked(value))


def _checked(value: object) -> int | None:
    if value is None:
        return None
    whole = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not isinstance(value, int | float) or not whole or value != int(value) or not 0 <= value <= LONGEST:
        raise invalid_option("ttl", f"must be an integer between 0 and {LONGEST}")
    return int(value) or None


def remaining(expires: float | None, now: float) -> int | None:
    """The whole seconds that remain, rounded down as Kong does: no cache may keep the entity too long."""
    return None if expires is None else max(0, math.floor(expires - now))
