from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twisted_kong.core.cache import ENTRY_OVERHEAD, MISS, CacheTable, Entry, Shelf, estimate_size


def table(**bounds: Any) -> CacheTable[object]:
    limits = {"max_bytes": 10**6, "max_entries": 100, "max_misses": 10, "max_miss_bytes": 10**5}
    return CacheTable(**(limits | bounds))


def entry(size: int = 1) -> Entry:
    return Entry("v", 0, None, 10**9, size, 0)


def test_an_entry_without_ttl_is_fresh_for_ever() -> None:
    """db_cache_ttl = 0 keeps a value until it is purged."""
    cache = table()
    cache.store("k", "v", 0, 0)
    found = cache.find("k")
    assert found is not None
    assert cache.is_fresh(found, 10**12)


def test_an_entry_expires_when_its_ttl_has_passed() -> None:
    """Fresh before, not at, the end of its ttl."""
    cache = table()
    cache.store("k", "v", 100, 5)
    found = cache.find("k")
    assert found is not None
    assert cache.is_fresh(found, 104.9)
    assert not cache.is_fresh(found, 105)


def test_a_lifetime_of_its_own_cuts_the_ttl() -> None:
    """A credential that ends in 3 s is not served after 3 s, however long the cache keeps others."""
    cache = table()
    cache.store("k", "v", 0, 0, lifetime=3)
    found = cache.find("k")
    assert found is not None
    assert not cache.is_fresh(found, 3)
    assert cache.resurrect("k", 3, 30) is None


def test_a_negative_ttl_is_not_stored() -> None:
    """As in Kong: a loader may forbid keeping what it read; what was there before is gone all the same."""
    cache = table()
    cache.store("k", "old", 0, 0)
    cache.store("k", "new", 0, -1)
    assert cache.find("k") is None


def test_a_miss_is_kept_on_its_own_shelf() -> None:
    """However many keys are asked in vain, no hit has to leave for them."""
    cache = table(max_misses=10)
    cache.store("hit", "v", 0, 0)
    for number in range(1000):
        cache.store(f"miss{number}", None, 0, 0)
    assert cache.find("hit") is not None
    assert len(cache.misses.entries) == 10
    found = cache.find("miss999")
    assert found is not None
    assert found.value is MISS


def test_long_keys_of_misses_are_bounded_by_bytes() -> None:
    """A miss may have a huge key chosen by an attacker: bytes bound that shelf too."""
    cache = table(max_misses=1000, max_miss_bytes=100_000)
    for number in range(100):
        cache.store(f"{number}" + "x" * 10_000, None, 0, 0)
    assert cache.misses.bytes <= 100_000


def test_a_value_replaces_a_miss_and_the_other_way_round() -> None:
    """A key is either a hit or a miss, never both."""
    cache = table()
    cache.store("k", None, 0, 0)
    cache.store("k", "v", 0, 0)
    assert not cache.misses.entries
    cache.store("k", None, 0, 0)
    assert not cache.hits.entries


def test_the_least_recently_used_leaves_first() -> None:
    """The count bounds a shelf; those put longest ago go."""
    shelf = Shelf(2, 100)
    for key in "abc":
        shelf.put(key, entry())
    assert list(shelf.entries) == ["b", "c"]
    assert shelf.evictions == 1


def test_an_entry_larger_than_the_shelf_is_not_kept() -> None:
    """One giant does not empty the shelf."""
    shelf = Shelf(10, 100)
    shelf.put("small", entry(10))
    shelf.put("giant", entry(101))
    assert list(shelf.entries) == ["small"]


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 60), st.booleans())))
def test_a_shelf_knows_its_bytes_and_keeps_its_bounds(steps: list[tuple[str, int, bool]]) -> None:
    """Whatever is put and dropped, the sum is right and within the bounds."""
    shelf = Shelf(4, 100)
    for key, size, put in steps:
        if put:
            shelf.put(key, entry(size))
        else:
            shelf.drop(key)
        assert shelf.bytes == sum(each.size for each in shelf.entries.values())
        assert shelf.bytes <= 100
        assert len(shelf.entries) <= 4


def test_a_lease_lets_its_holder_store_once() -> None:
    """The lease of a read that nothing disturbed is good, once."""
    cache, lease = table(), object()
    cache.grant("k", lease)
    assert cache.redeem("k", lease)
    assert not cache.redeem("k", lease)


@pytest.mark.parametrize("purge", [lambda c: c.drop("k"), lambda c: c.clear(), lambda c: c.soften()])
def test_a_purge_voids_the_lease(purge: Any) -> None:
    """A purge of the key or of everything while a read is under way forbids storing what it brings."""
    cache, lease = table(), object()
    cache.grant("k", lease)
    purge(cache)
    assert not cache.redeem("k", lease)


def test_a_void_lease_leaves_the_newer_one_alone() -> None:
    """After a purge the next read has its own lease, which the old read does not end."""
    cache, old, new = table(), object(), object()
    cache.grant("k", old)
    cache.drop("k")
    cache.grant("k", new)
    assert not cache.redeem("k", old)
    assert cache.lease_of("k") is new
    assert cache.redeem("k", new)


def test_a_purge_of_another_key_leaves_the_lease() -> None:
    """Only what a change touches is read again."""
    cache, lease = table(), object()
    cache.grant("k", lease)
    cache.drop("other")
    assert cache.redeem("k", lease)


def test_soft_entries_are_neither_fresh_nor_gone() -> None:
    """After a soft purge a value may be served, but only while it is read again."""
    cache = table()
    cache.store("k", "v", 0, 0)
    cache.soften()
    found = cache.find("k")
    assert found is not None
    assert cache.is_soft(found, 1)
    assert not cache.is_fresh(found, 1)
    cache.store("k", "new", 1, 0)
    found = cache.find("k")
    assert found is not None
    assert cache.is_fresh(found, 1)


def test_an_expired_entry_is_not_soft() -> None:
    """The ttl bounds a softened value as any other."""
    cache = table()
    cache.store("k", "v", 0, 5)
    cache.soften()
    found = cache.find("k")
    assert found is not None
    assert not cache.is_soft(found, 5)


def test_a_resurrected_entry_is_fresh_for_a_while() -> None:
    """An expired value, hit or miss, is good for the resurrect ttl; 0 resurrects nothing."""
    cache = table()
    cache.store("k", "v", 0, 5)
    cache.store("m", None, 0, 5)
    assert cache.resurrect("k", 10, 0) is None
    for key in "km":
        found = cache.resurrect(key, 10, 30)
        assert found is not None
        assert cache.is_fresh(found, 39)
        assert not cache.is_fresh(found, 40)
    assert cache.resurrect("unknown", 10, 30) is None


def test_the_listing_tells_state_age_and_remaining_ttl() -> None:
    """What GET /cache shows: hits, misses, age, what remains; nothing that has expired."""
    cache = table()
    cache.store("a", {"id": "1"}, 0, 10)
    cache.store("b", None, 2, 0)
    cache.store("c", "gone", 0, 3)
    listed = list(cache.list(iter("abcd"), 4))
    assert [(x.key, x.state, x.value, x.age, x.ttl, x.soft) for x in listed] == [
        ("a", "hit", {"id": "1"}, 4, 6, False),
        ("b", "miss", None, 2, None, False),
    ]


def test_a_size_grows_with_the_value() -> None:
    """The estimate counts nested strings, so large values weigh more."""
    small = estimate_size({"id": "x", "tags": ["a"], "n": 1, "o": None})
    large = estimate_size({"id": "x", "cert": "y" * 5000, "tags": ["a"]})
    assert 200 < small < 1000
    assert large > 5000
    assert estimate_size(object()) == 1024


def test_the_size_of_a_huge_value_is_extrapolated() -> None:
    """The estimate is cheap for any value, and still of the right order."""
    size = estimate_size(["x" * 51] * 100_000)
    assert 5 * 10**6 < size < 3 * 10**7


def test_an_entry_costs_something_even_when_empty() -> None:
    """Keys and bookkeeping count, or a million tiny entries would be free."""
    cache = table()
    cache.store("k", "", 0, 0)
    assert cache.hits.bytes > ENTRY_OVERHEAD


def test_every_way_of_purging_is_told_to_reads_of_many_rows() -> None:
    """A key dropped, all cleared, all softened: each may have come after the row was read."""
    for purge in (lambda t: t.drop("a"), lambda t: t.clear(), lambda t: t.soften()):
        cache = table()
        gathering = cache.gatherings.begin()
        purge(cache)
        assert not gathering.allows("a")
