"""``consistent-hashing``: the same key goes to the same address, on every node and after every restart.

Theory.  A key falls into one of ``slots`` slots, and a slot goes to the address that wins it: each address
draws for each slot a number u in (0, 1), a hash of both, and the lowest -ln(u)/weight wins (weighted
rendezvous hashing).  So shares are as the weights, to within the noise of the slots; who wins depends on
nothing but who takes part, not on the order in which they came.  An address that comes takes slots from the
others and moves nothing between them; the slots of one that goes, or cannot be used, are spread over the
others by weight.  The best few of a slot are remembered, and compared with those who came since when it is
next asked for, so that a change costs nothing, and a choice no more than the addresses it concerns.

Kong builds a ring of about 160 points per address, whose number depends on all weights: there a change moves
keys between addresses that stay, and shares are off by about 8 %.  The same key may lead elsewhere than in
Kong.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from heapq import nsmallest
from math import log
from typing import Final, Generic
from zlib import crc32

from typing_extensions import override

from twisted_kong.core.balancer.algorithm import Algorithm, T, Usable

_MASK: Final = (1 << 64) - 1
_GOLDEN: Final = 0x9E3779B97F4A7C15
# The best of a slot that are remembered: so many may be out before all have to be compared again.
_BEST: Final = 4


def slot_of(key: bytes, slots: int) -> int:
    """The slot that a key falls into (0.2 µs; a cryptographic hash would take five times that)."""
    return (crc32(key) * slots) >> 32


def draw(seed: int, slot: int) -> float:
    """What an address of weight 1 draws for a slot: -ln of a number in (0, 1) (splitmix64's mixing)."""
    x = (seed + slot * _GOLDEN) & _MASK
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB & _MASK
    return -log(((x ^ (x >> 31)) + 0.5) / 18446744073709551616.0)


class _Rival(Generic[T]):
    """One who takes part."""

    __slots__ = ("gone", "seed", "value", "weight")

    def __init__(self, value: T, weight: int, identity: str) -> None:
        self.value, self.weight = value, weight
        self.seed = int.from_bytes(blake2b(identity.encode(), digest_size=8).digest(), "big")
        self.gone = False

    def bid(self, slot: int) -> tuple[float, int]:
        """The lowest wins."""
        return draw(self.seed, slot) / self.weight, self.seed


class ConsistentHashing(Algorithm[T]):
    """Chooses by key.

    :param slots: into how many parts the keys are divided (``slots`` of the Upstream).
    :param identity: what tells a value from others, the same on every node.
    """

    def __init__(self, slots: int, identity: Callable[[T], str]) -> None:
        self._slots = slots
        self._identity = identity
        self._rivals: dict[T, _Rival[T]] = {}
        # All that have come, in order; and the best of a slot, with how many of those were compared for it.
        self._came: list[_Rival[T]] = []
        self._won: dict[int, tuple[list[_Rival[T]], int]] = {}

    @override
    def put(self, value: T, weight: int) -> None:
        known = self._rivals.get(value)
        if known is not None:
            if known.weight == weight:
                return
            self.remove(value)
        if weight > 0:
            rival = self._rivals[value] = _Rival(value, weight, self._identity(value))
            self._came.append(rival)
            if len(self._came) > 4 * len(self._rivals) + 64:
                self._came = list(self._rivals.values())
                self._won.clear()

    @override
    def remove(self, value: T) -> None:
        rival = self._rivals.pop(value, None)
        if rival is not None:
            rival.gone = True

    @override
    def pick(self, usable: Usable[T] | None = None, key: bytes = b"") -> T | None:
        slot = slot_of(key, self._slots)
        won = self._won.get(slot)
        if won is None or won[1] != len(self._came) or won[0][0].gone:
            best = self._compete(slot, won)
        else:
            best = won[0]
        for rival in best:
            if not rival.gone and (usable is None or usable(rival.value)):
                return rival.value
        others = [] if usable is None else [each for each in self._rivals.values() if usable(each.value)]
        return min(others, key=lambda each: each.bid(slot)).value if others else None

    def _compete(self, slot: int, won: tuple[list[_Rival[T]], int] | None) -> list[_Rival[T]]:
        """The best of a slot, found among those who were the best and those who have come since."""
        best = [] if won is None else [rival for rival in won[0] if not rival.gone]
        if won is None or not best:
            best = nsmallest(_BEST, self._rivals.values(), key=lambda each: each.bid(slot))
        elif won[1] != len(self._came):
            rest = [rival for rival in self._came[won[1] :] if not rival.gone]
            # Of no more than were known to be the best: somebody not remembered may come before the next.
            best = nsmallest(len(best), [*best, *rest], key=lambda each: each.bid(slot))
        if best:
            self._won[slot] = best, len(self._came)
        return best
