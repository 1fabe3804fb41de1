"""The fewest requests in flight."""

from __future__ import annotations

from collections import Counter, deque

from hypothesis import given
from hypothesis import strategies as st

from twisted_kong.core.balancer.least_connections import LeastConnections


def begin(balancer: LeastConnections[str]) -> str:
    """Choose, and begin a request."""
    chosen = balancer.pick()
    assert chosen is not None
    balancer.started(chosen)
    return chosen


def made(**weights: int) -> LeastConnections[str]:
    """A balancer of letters."""
    balancer: LeastConnections[str] = LeastConnections()
    for value, weight in weights.items():
        balancer.put(value, weight)
    return balancer


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 10), min_size=1), st.integers(1, 4))
def test_requests_in_flight_are_as_the_weights(weights: dict[str, int], times: int) -> None:
    """As long as none ends."""
    balancer = made(**weights)
    seen = Counter(begin(balancer) for _ in range(times * sum(weights.values())))
    assert seen == {value: times * weight for value, weight in weights.items()}


def test_the_fast_get_more() -> None:
    """Who answers at once is chosen whenever the slow ones still have their requests."""
    balancer = made(fast=1, slow=1)
    in_flight: deque[str] = deque()
    seen: Counter[str] = Counter()
    for _ in range(100):
        chosen = begin(balancer)
        seen[chosen] += 1
        if chosen == "fast":
            balancer.ended(chosen, 0.1, 1, False)
        else:
            in_flight.append(chosen)
    assert seen["slow"] == 1
    balancer.ended("slow", 9.0, 1, False)
    assert balancer.connections("slow") == 0


def test_the_idle_take_turns() -> None:
    """Of equals it is not always the first."""
    balancer = made(a=1, b=1, c=1)
    seen = []
    for _ in range(6):
        seen.append(begin(balancer))
        balancer.ended(seen[-1], 0.1, 1, False)
    assert Counter(seen) == {"a": 2, "b": 2, "c": 2}


def test_the_lowest_usable_one() -> None:
    """Those that failed or are down are passed over, and are back in their place afterwards."""
    balancer = made(a=3, b=2, c=1)
    assert balancer.pick(lambda value: value != "a") == "b"
    assert balancer.pick(lambda value: value == "c") == "c"
    assert balancer.pick(lambda _: False) is None
    assert balancer.pick() == "a"


def test_counts_outlive_a_change_of_weight() -> None:
    """But not the value's going; what ends then is not counted twice."""
    balancer = made(a=1, b=1)
    first = begin(balancer)
    balancer.put(first, 2)
    assert balancer.connections(first) == 1
    balancer.put(first, 2)
    balancer.put(first, 0)
    balancer.ended(first, 0.1, 1, False)
    balancer.put(first, 1)
    balancer.ended(first, 0.1, 1, False)
    assert balancer.connections(first) == 0


def test_old_scores_take_no_room() -> None:
    """However many requests there were."""
    balancer = made(a=1, b=1)
    for _ in range(1000):
        balancer.ended(begin(balancer), 0.1, 1, False)
    assert len(balancer._heap) < 100
