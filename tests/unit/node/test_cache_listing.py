"""Listings of what is cached."""

from __future__ import annotations

from twisted.internet.task import Clock

from tests.kit.deferreds import no_result, started, success_of
from twisted_kong.core.cache import Listed
from twisted_kong.node.cache_listing import SLICE, Wanted, list_entries


def entry(key: str) -> Listed:
    """A cached value."""
    return Listed(key, "hit", {"id": key}, 0.0, None, soft=False)


def test_a_long_listing_gives_way() -> None:
    """After so many keys the reactor has its turn, also where none of them is wanted."""
    clock = Clock()
    keys = [str(number) for number in range(2 * SLICE + 1)]
    listing = started(list_entries(keys, entry, Wanted(0, 10, id=keys[-1]), clock))
    no_result(listing)
    clock.advance(0)
    assert [listed.key for listed in success_of(listing)] == [keys[-1]]


def test_what_goes_meanwhile_is_left_out() -> None:
    """Each entry is looked at when its turn comes; what has been purged by then is not there."""
    clock, cached = Clock(), {str(number): entry(str(number)) for number in range(SLICE + 1)}
    listing = started(list_entries(list(cached), cached.get, Wanted(SLICE - 2, 10), clock))
    no_result(listing)
    del cached[str(SLICE)]
    clock.advance(0)
    assert [listed.key for listed in success_of(listing)] == [str(SLICE - 2), str(SLICE - 1)]
