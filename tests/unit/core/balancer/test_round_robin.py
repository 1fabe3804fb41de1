"""Weighted round robin."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from twisted_kong.core.balancer.round_robin import RoundRobin


@given(st.dictionaries(st.integers(0, 9), st.integers(1, 20), min_size=1))
def test_shares_are_exactly_the_weights(weights: dict[int, int]) -> None:
    """Over as many picks as the sum of weights each peer is chosen as often as its weight says."""
    ring = RoundRobin(weights.items())
    rounds = len(weights) if len(set(weights.values())) == 1 else sum(weights.values())
    share = Counter(ring.pick() for _ in range(rounds))
    assert share == (Counter(weights.keys()) if rounds == len(weights) else Counter(weights))


def test_choices_are_spread() -> None:
    """The heavy peer does not come in one block."""
    ring = RoundRobin([("a", 5), ("b", 1), ("c", 1)])
    assert "".join(str(ring.pick()) for _ in range(7)) == "aabacaa"


def test_no_weight_no_traffic() -> None:
    """A peer of weight 0 is never chosen; without peers there is nobody."""
    ring = RoundRobin([("a", 0), ("b", 3)])
    assert {ring.pick() for _ in range(5)} == {"b"}
    assert len(ring) == 1
    assert RoundRobin[str]([]).pick() is None


def test_peers_that_failed_are_avoided_while_others_are_left() -> None:
    """A retry goes elsewhere if there is an elsewhere."""
    for weights in ((1, 1), (1, 3)):
        ring = RoundRobin(zip("ab", weights, strict=True))
        assert {ring.pick(["a"]) for _ in range(4)} == {"b"}
        assert ring.pick(["a", "b"]) in ("a", "b")
