"""What all algorithms have in common."""

from __future__ import annotations

import pytest

from twisted_kong.core.balancer.algorithm import Algorithm
from twisted_kong.core.balancer.choosing import make_algorithm

NAMES = ("round-robin", "least-connections", "latency", "consistent-hashing")


@pytest.fixture(params=NAMES)
def algorithm(request: pytest.FixtureRequest) -> Algorithm[str]:
    """Each of them."""
    made: Algorithm[str] = make_algorithm({"algorithm": request.param}, str)
    return made


def test_who_is_gone_is_not_chosen(algorithm: Algorithm[str]) -> None:
    """Nor who has no weight, nor who cannot be used; what was never there can go too."""
    for value in "abcd":
        algorithm.put(value, 10)
    algorithm.remove("a")
    algorithm.put("b", 0)
    algorithm.remove("nobody")
    keys = [b"%d" % n for n in range(50)]
    assert {algorithm.pick(key=key) for key in keys} == {"c", "d"}
    assert {algorithm.pick(lambda value: value != "c", key) for key in keys} == {"d"}
    algorithm.put("a", 10)
    assert "a" in {algorithm.pick(key=key) for key in keys}


def test_statistics_of_strangers_do_no_harm(algorithm: Algorithm[str]) -> None:
    """A try may end after its address is gone."""
    algorithm.put("a", 1)
    algorithm.started("a")
    algorithm.remove("a")
    algorithm.ended("a", 0.1, 1.0, False)
    algorithm.ended("b", None, 1.0, True)
    assert algorithm.pick() is None
    algorithm.put("a", 1)
    assert algorithm.pick() == "a"
