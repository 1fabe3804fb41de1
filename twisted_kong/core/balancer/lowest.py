"""The value of the lowest score: what ``least-connections`` and ``latency`` have in common.

A heap of scores; a score that changes is pushed anew and the old one ignored when it comes up, so that a
choice costs O(log n).  Of equal scores the one that was pushed first wins, so they take turns.
"""

from __future__ import annotations

from abc import abstractmethod
from heapq import heapify, heappop, heappush
from typing import Any, Generic

from typing_extensions import override

from twisted_kong.core.balancer.algorithm import Algorithm, T, Usable


class Scored(Generic[T]):
    """A value with its weight and statistics; ``place`` is its one item of the heap that counts."""

    __slots__ = ("connections", "ewma", "place", "touched", "value", "weight")

    def __init__(self, value: T, weight: int) -> None:
        self.value, self.weight = value, weight
        self.connections = 0
        self.ewma = 0.0
        self.touched = float("-inf")
        self.place: tuple[float, int, Any] | None = None


class Lowest(Algorithm[T]):
    """Chooses the value of the lowest score; subclasses say what that is."""

    def __init__(self) -> None:
        self._known: dict[T, Scored[T]] = {}
        self._heap: list[tuple[float, int, Scored[T]]] = []
        self._pushed = 0

    @abstractmethod
    def _score(self, scored: Scored[T]) -> float:
        """The lower the better; never asked again until the value is pushed anew."""

    def _joined(self, scored: Scored[T]) -> None:
        """A new value is about to be pushed."""

    @override
    def put(self, value: T, weight: int) -> None:
        if weight <= 0:
            self.remove(value)
            return
        scored = self._known.get(value)
        if scored is None:
            scored = self._known[value] = Scored(value, weight)
            self._joined(scored)
        elif scored.weight == weight:
            return
        scored.weight = weight
        self._push(scored)

    @override
    def remove(self, value: T) -> None:
        scored = self._known.pop(value, None)
        if scored is not None:
            scored.place = None

    def _push(self, scored: Scored[T]) -> None:
        self._pushed += 1
        place = scored.place = (self._score(scored), self._pushed, scored)
        heappush(self._heap, place)
        if len(self._heap) > 4 * len(self._known) + 64:
            self._heap = [each.place for each in self._known.values() if each.place is not None]
            heapify(self._heap)

    @override
    def pick(self, usable: Usable[T] | None = None, key: bytes = b"") -> T | None:
        heap, passed = self._heap, []
        chosen: Scored[T] | None = None
        while heap:
            place = heap[0]
            scored = place[2]
            if scored.place is not place:
                heappop(heap)
            elif usable is None or usable(scored.value):
                chosen = scored
                break
            else:
                passed.append(heappop(heap))
        for place in passed:
            heappush(heap, place)
        if chosen is None:
            return None
        self._push(chosen)
        return chosen.value
