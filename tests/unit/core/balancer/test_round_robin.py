"""Weighted round robin."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from twisted_kong.core.balancer.round_robin import RoundRobin

WEIGHTS = st.dictionaries(st.integers(0, 9), st.integers(1, 20), min_size=1)


def ring_of(weights: dict[int, int]) -> RoundRobin[int]:
    """A ring of these."""
    ring: RoundRobin[int] = RoundRobin()
    for value, weight in weights.items():
        ring.put(value, weight)
    return ring


def letters(**weights: int) -> RoundRobin[str]:
    """A ring of letters."""
    ring: RoundRobin[str] = RoundRobin()
    for value, weight in weights.items():
        ring.put(value, weight)
    return ring


@given(WEIGHTS, st.integers(1, 3))
def test_shares_are_exactly_the_weights(weights: dict[int, int], rounds: int) -> None:
    """Over as many picks as the sum of weights each is chosen as often as its weight says, each time."""
    ring = ring_of(weights)
    for _ in range(rounds):
        assert Counter(ring.pick() for _ in range(sum(weights.values()))) == Counter(weights)


@given(WEIGHTS, st.integers(1, 60))
def test_shares_are_right_at_every_moment(weights: dict[int, int], picks: int) -> None:
    """Of two, neither is ever ahead of its share by more than one choice of each."""
    ring = ring_of(weights)
    seen = Counter(ring.pick() for _ in range(picks))
    for one, weight in weights.items():
        for other, its in weights.items():
            assert (seen[one] - 1) / weight <= (seen[other] + 1) / its


@given(WEIGHTS, WEIGHTS, st.integers(0, 40))
def test_a_change_leaves_the_turns_of_others(
    before: dict[int, int], after: dict[int, int], picks: int
) -> None:
    """Those that stay come in the order in which they would have come; new shares hold from there."""
    ring, same = ring_of(before), ring_of(before)
    for _ in range(picks):
        ring.pick()
        same.pick()
    stay = {value for value, weight in after.items() if before.get(value) == weight}
    for value in before.keys() - after.keys():
        ring.remove(value)
    for value, weight in after.items():
        ring.put(value, weight)
    assert len(ring) == len(after)
    if stay:
        left = [value for value in (ring.pick() for _ in range(200)) if value in stay]
        would = [value for value in (same.pick() for _ in range(1000)) if value in stay]
        assert left == would[: len(left)] or len(left) > len(would)


def test_choices_are_spread() -> None:
    """The heavy one does not come in one block."""
    ring = letters(a=5, b=1, c=1)
    assert "".join(str(ring.pick()) for _ in range(7)) == "aaabcaa"


def test_no_weight_no_traffic() -> None:
    """What has a weight of 0 is never chosen; without any there is nobody."""
    ring = letters(a=0, b=3)
    assert {ring.pick() for _ in range(5)} == {"b"}
    assert len(ring) == 1
    ring.put("b", 0)
    assert ring.pick() is None
    assert letters().pick() is None


def test_who_cannot_be_used_is_passed_over_and_does_not_catch_up() -> None:
    """A value that was away for a while gets its share from then on, not what it missed."""
    ring = letters(a=1, b=1, c=2)
    assert Counter(ring.pick(lambda value: value != "c") for _ in range(100)) == {"a": 50, "b": 50}
    assert Counter(ring.pick() for _ in range(100)) == {"a": 25, "b": 25, "c": 50}
    assert ring.pick(lambda _: False) is None
    assert Counter(ring.pick() for _ in range(4)) == {"a": 1, "b": 1, "c": 2}


def test_what_is_gone_takes_no_room() -> None:
    """However often values come and go, and though nobody chooses meanwhile."""
    ring = letters(a=1)
    for _ in range(1000):
        ring.put("b", 2)
        ring.remove("b")
    assert len(ring._heap) < 20
    assert {ring.pick() for _ in range(3)} == {"a"}
