"""The lowest score."""

from __future__ import annotations

from typing_extensions import override

from twisted_kong.core.balancer.lowest import Lowest, Scored


class Lightest(Lowest[str]):
    """The score is the weight."""

    @override
    def _score(self, scored: Scored[str]) -> float:
        return scored.weight


def test_the_lowest_wins_and_equals_take_turns() -> None:
    """A weight that is put again unchanged changes nothing."""
    balancer = Lightest()
    for value, weight in (("a", 2), ("b", 1), ("c", 1)):
        balancer.put(value, weight)
        balancer.put(value, weight)
    assert [balancer.pick() for _ in range(4)] == ["b", "c", "b", "c"]
    balancer.put("a", 1)
    assert {balancer.pick() for _ in range(3)} == {"a", "b", "c"}
