"""Weighted round robin, spread evenly: the choice of 2:1 is a b a, not a a b.

Theory.  A value of weight w is due at the times (k + ½)/w, k = 0, 1, 2 …; whoever is due first is chosen.  In
each unit of time a value is chosen exactly as often as its weight says, and at every moment in between its
share is right to within one choice (the divisor method of Webster and Sainte-Laguë).  A heap finds the first
in O(log n), a new value joins at the present time, and nobody else's turn moves.  A value that cannot be used
when it is due loses that turn, so it does not make up for lost ones when it is back.

Kong shuffles a wheel of weights instead; the shares are the same, the order is not.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush, heapreplace
from math import ceil
from typing import Generic

from typing_extensions import override

from twisted_kong.core.balancer.algorithm import Algorithm, T, Usable


class _Turn(Generic[T]):
    """When a value is due; ``order`` decides between those that are due together."""

    __slots__ = ("due", "gone", "order", "taken", "value", "weight")

    def __init__(self, value: T, weight: int, order: int, now: float) -> None:
        self.value, self.weight, self.order = value, weight, order
        self.gone = False
        self.taken = max(0, ceil(now * weight - 0.5))
        self.due = (self.taken + 0.5) / weight

    def __lt__(self, other: _Turn[T]) -> bool:
        return (self.due, self.order) < (other.due, other.order)

    def pass_on(self) -> None:
        """Be due again later."""
        self.taken += 1
        # From a whole number, so that no error adds up.
        self.due = (self.taken + 0.5) / self.weight


class RoundRobin(Algorithm[T]):
    """Values with weights, chosen in turn."""

    def __init__(self) -> None:
        self._turns: dict[T, _Turn[T]] = {}
        self._heap: list[_Turn[T]] = []
        self._now = 0.0
        self._made = 0

    def __len__(self) -> int:
        return len(self._turns)

    @override
    def put(self, value: T, weight: int) -> None:
        known = self._turns.get(value)
        if known is not None:
            if known.weight == weight:
                return
            self.remove(value)
        if weight > 0:
            self._made += 1
            turn = self._turns[value] = _Turn(value, weight, self._made, self._now)
            heappush(self._heap, turn)

    @override
    def remove(self, value: T) -> None:
        turn = self._turns.pop(value, None)
        if turn is not None:
            turn.gone = True
            if len(self._heap) > 2 * len(self._turns) + 16:
                self._heap = [each for each in self._heap if not each.gone]
                heapify(self._heap)

    @override
    def pick(self, usable: Usable[T] | None = None, key: bytes = b"") -> T | None:
        heap, passed = self._heap, []
        chosen: T | None = None
        while heap:
            turn = heap[0]
            if turn.gone:
                heappop(heap)
            elif usable is None or usable(turn.value):
                chosen = turn.value
                self._now = turn.due
                turn.pass_on()
                heapreplace(heap, turn)
                break
            else:
                passed.append(heappop(heap))
        for turn in passed:
            if chosen is not None:
                turn.pass_on()
            heappush(heap, turn)
        return chosen
