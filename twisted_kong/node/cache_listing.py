"""Lists what is cached, a slice at a time: half a million keys must not keep requests waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from twisted_kong.core.cache import Listed

# Keys that are looked at before the reactor has its turn: about two milliseconds' work.
SLICE: Final = 500


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries a listing is to have: ``count`` of those that fit, after the first ``start`` of them.

    :param entity: only keys of this kind (``services:…``).
    :param id: only keys with this part, or whose value has this id.
    """

    start: int
    count: int
    entity: str | None = None
    id: str | None = None

    def may_be(self, key: str) -> bool:
        """Whether a key is of the kind."""
        return self.entity is None or key.startswith(f"{self.entity}:")

    def fits(self, listed: Listed) -> bool:
        """Whether an entry is of the id."""
        if self.id is None or self.id in listed.key.split(":"):
            return True
        return isinstance(listed.value, dict) and listed.value.get("id") == self.id


async def list_entries(
    keys: Iterable[str], probe: Callable[[str], Listed | None], wanted: Wanted, clock: IReactorTime
) -> list[Listed]:
    """The wanted entries under some keys, as each of them is when its turn comes."""
    found: list[Listed] = []
    skipped = 0
    for number, key in enumerate(keys, 1):
        if number % SLICE == 0:
            await deferLater(clock, 0, lambda: None)
        listed = probe(key) if wanted.may_be(key) else None
        if listed is None or not wanted.fits(listed):
            continue
        if skipped < wanted.start:
            skipped += 1
            continue
        found.append(listed)
        if len(found) >= wanted.count:
            break
    return found
