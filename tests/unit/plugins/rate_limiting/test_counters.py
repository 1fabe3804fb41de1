"""Counts are kept per client and window, and no flood of clients makes them grow without bound."""

from __future__ import annotations

from twisted_kong.plugins.rate_limiting.counters import Counters

HOUR = [2]
START, COUNT = 4, 5


def starts(hour: int) -> list[int]:
    return [0, 0, hour, 0, 0, 0]


def hour(counters: Counters, scope: str, client: str, second: int) -> tuple[int, int]:
    windows = counters.used((scope, client), HOUR, starts(second))
    return windows[START], windows[COUNT]


def test_counting() -> None:
    """What a caller adds is there the next time, for this client only."""
    counters = Counters()
    counters.used(("r", "a"), HOUR, starts(3600))[COUNT] += 1
    assert hour(counters, "r", "a", 3600) == (3600, 1)
    assert hour(counters, "r", "b", 3600) == (3600, 0)


def test_a_new_window_starts_from_nothing() -> None:
    """And one that is over does not come back: a late request counts in the newer window."""
    counters = Counters()
    counters.used(("r", "a"), HOUR, starts(3600))[COUNT] += 5
    counters.used(("r", "a"), HOUR, starts(7200))[COUNT] += 1
    assert hour(counters, "r", "a", 3600) == (7200, 1)


def test_a_clock_put_back() -> None:
    """Windows that lie in the future are given up, or clients would be refused until it comes."""
    counters = Counters()
    counters.used(("r", "a"), HOUR, starts(36_000))[COUNT] += 5
    assert hour(counters, "r", "a", 32_400) == (36_000, 5)
    assert hour(counters, "r", "a", 28_800) == (28_800, 0)


def test_bounds() -> None:
    """Clients not seen for long are forgotten; long names cost no more than short ones."""
    counters = Counters(most=100)
    counters.used(("r", "kept"), HOUR, starts(0))[COUNT] += 1
    for number in range(1000):
        counters.used(("r", f"client-{number}"), HOUR, starts(0))
        counters.used(("r", "kept"), HOUR, starts(0))
    assert len(counters) <= 100
    assert hour(counters, "r", "kept", 0) == (0, 1)
    counters.used(("r", "x" * 60_000), HOUR, starts(0))[COUNT] += 1
    assert hour(counters, "r", "x" * 60_000, 0) == (0, 1)
    assert max(len(name) for _, name in counters._young) < 200


def test_who_comes_again_is_kept() -> None:
    """Whoever is seen once among every half as many clients as fit keeps the count, at every moment."""
    counters = Counters(most=100)
    for number in range(400):
        counters.used(("r", f"flood-{number}"), HOUR, starts(0))
        if number % 49 == 0:
            counters.used(("r", "seldom"), HOUR, starts(0))[COUNT] += 1
            assert hour(counters, "r", "seldom", 0) == (0, number // 49 + 1)
