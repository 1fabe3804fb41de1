"""Targets as they are written."""

from __future__ import annotations

from twisted_kong.core.balancer.targets import parse_target, weight_of


def test_targets_as_they_are_written() -> None:
    """Kong's default port is 8000."""
    assert parse_target("a.test:80") == ("a.test", 80)
    assert parse_target("a.test") == ("a.test", 8000)
    assert parse_target("[::1]:80") == ("::1", 80)
    assert parse_target("::1") == ("::1", 8000)
    assert parse_target("[::1]") == ("::1", 8000)


def test_the_newest_row_of_a_target_counts() -> None:
    """Of two of the same moment the one of the higher id; no weight is 100."""
    old, new = {"id": "b", "created_at": 1, "weight": 5}, {"id": "a", "created_at": 2, "weight": 7}
    assert weight_of([new, old]) == 7
    assert weight_of([old, {**new, "created_at": 1}]) == 5
    assert weight_of([{"id": "c", "weight": None}]) == 100
