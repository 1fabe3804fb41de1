"""Reads of many rows at once, and what they may store."""

from __future__ import annotations

from twisted_kong.core.gathering import Gatherings


def test_what_was_dropped_during_the_read_is_not_allowed() -> None:
    """The row may have been read before the change; every other key is free."""
    gatherings = Gatherings()
    gathering = gatherings.begin()
    gatherings.drop("a")
    gatherings.end(gathering)
    assert not gathering.allows("a")
    assert gathering.allows("b")


def test_what_was_dropped_before_or_after_does_not_matter() -> None:
    """Before, the read sees the change; after, what it stored is dropped."""
    gatherings = Gatherings()
    gatherings.drop("a")
    gathering = gatherings.begin()
    gatherings.end(gathering)
    gatherings.drop("a")
    gatherings.void()
    assert gathering.allows("a")


def test_a_purge_of_everything_voids_every_read() -> None:
    """Whatever was read before it is in doubt."""
    gatherings = Gatherings()
    under_way = [gatherings.begin(), gatherings.begin()]
    gatherings.void()
    later = gatherings.begin()
    assert [each.allows("a") for each in (*under_way, later)] == [False, False, True]
