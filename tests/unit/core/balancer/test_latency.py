"""The fastest of late."""

from __future__ import annotations

from collections import Counter
from math import exp, isclose

from hypothesis import given
from hypothesis import strategies as st

from twisted_kong.core.balancer.latency import Latency


def made(**weights: int) -> Latency[str]:
    """A balancer of letters."""
    balancer: Latency[str] = Latency()
    for value, weight in weights.items():
        balancer.put(value, weight)
    return balancer


EVENTS = st.lists(
    st.tuples(st.sampled_from("abcd"), st.floats(0.001, 5), st.floats(0.01, 30)), min_size=4, max_size=40
)


@given(EVENTS, st.dictionaries(st.sampled_from("abcd"), st.integers(1, 9), min_size=2))
def test_the_lowest_faded_average_for_its_weight_is_chosen(
    events: list[tuple[str, float, float]], weights: dict[str, int]
) -> None:
    """As Kong computes it, which fades every average at every choice."""
    balancer = made(**weights)
    averages: dict[str, tuple[float, float]] = {}
    now = 1000.0
    for value, took, later in events:
        now += later
        balancer.ended(value, took, now, False)
        if value in weights:
            old, told = averages.get(value, (0.0, float("-inf")))
            kept = exp(-(now - told) / 10)
            averages[value] = old * kept + took * (1 - kept), now
    if averages.keys() == weights.keys():
        score = {v: a * exp(-(now - t) / 10) / weights[v] for v, (a, t) in averages.items()}
        chosen = balancer.pick()
        assert chosen is not None
        assert score[chosen] <= min(score.values()) * (1 + 1e-6)


def test_before_anything_is_measured_all_take_turns() -> None:
    """Nobody is known to be fast."""
    balancer = made(a=1, b=1, c=1)
    assert Counter(balancer.pick() for _ in range(9)) == {"a": 3, "b": 3, "c": 3}


def test_a_new_one_starts_at_the_average() -> None:
    """So it is neither flooded nor shunned."""
    balancer = made(a=1, b=1)
    balancer.ended("a", 0.1, 100, False)
    balancer.ended("b", 0.3, 100, False)
    balancer.put("c", 1)
    assert isclose(balancer.average(), 0.2)
    assert balancer.pick() == "a"
    assert balancer.pick(lambda value: value != "a") == "c"


def test_a_slow_one_is_asked_again_some_time() -> None:
    """What is not asked fades, what is asked does not."""
    balancer = made(fast=1, slow=1)
    balancer.ended("slow", 1.0, 100, False)
    for second in range(100, 160):
        balancer.ended("fast", 0.1, second, False)
    assert balancer.pick() == "slow"


def test_a_failure_does_not_attract() -> None:
    """A refusal is fast; a try that was given up tells nothing."""
    balancer = made(a=1, b=1)
    balancer.ended("a", 0.1, 100, False)
    balancer.ended("b", 0.1, 100, False)
    balancer.ended("a", 0.0001, 110, True)
    balancer.ended("b", 0.1, 110, False)
    assert balancer.pick() == "b"
    balancer.ended("b", None, 120, False)
    assert balancer.pick() == "b"


def test_an_answer_from_before_its_request_does_no_harm() -> None:
    """The clock that it was measured by may have been set back: it counts as one that took no time."""
    balancer = made(a=1, b=1)
    for value, took in (("a", 0.1), ("b", 0.2)):
        balancer.ended(value, took, 100, False)
    balancer.ended("a", -3600.0, 110, False)
    assert balancer.pick() == "a"
    assert balancer.average() > 0
