"""``least-connections``: the address with the fewest requests in flight for its weight.

Kong: the score is (connections + 1) / weight, so that of idle addresses the heaviest comes first.
"""

from __future__ import annotations

from typing_extensions import override

from twisted_kong.core.balancer.algorithm import T
from twisted_kong.core.balancer.lowest import Lowest, Scored


class LeastConnections(Lowest[T]):
    """Counts the requests in flight."""

    def connections(self, value: T) -> int:
        """How many requests are in flight to a value."""
        scored = self._known.get(value)
        return 0 if scored is None else scored.connections

    @override
    def _score(self, scored: Scored[T]) -> float:
        return (scored.connections + 1) / scored.weight

    @override
    def started(self, value: T) -> None:
        self._count(value, 1)

    @override
    def ended(self, value: T, took: float | None, now: float, failed: bool) -> None:
        self._count(value, -1)

    def _count(self, value: T, change: int) -> None:
        scored = self._known.get(value)
        if scored is not None:
            # A request that began before the value was put here, or before its weight was 0, was not counted.
            scored.connections = max(0, scored.connections + change)
            self._push(scored)
