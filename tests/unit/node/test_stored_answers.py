"""Answers that are kept to be given again."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock

from twisted_kong.node.stored_answers import StoredAnswers


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> StoredAnswers:
    return StoredAnswers(clock, max_bytes=100)


def test_an_answer_is_kept_for_its_lifetime(store: StoredAnswers, clock: Clock) -> None:
    """Not a moment longer, and then its place is free."""
    assert store.put("k", {"status": 200}, size=40, lifetime=10)
    clock.advance(9.9)
    assert store.get("k") == {"status": 200}
    assert store.used == 40
    clock.advance(0.1)
    assert store.get("k") is None
    assert (len(store), store.used) == (0, 0)


def test_what_was_not_asked_for_longest_makes_room(store: StoredAnswers) -> None:
    """The bytes are bounded; what alone is too big is not kept, nor is what is over already."""
    for key in "abc":
        store.put(key, {"key": key}, size=30, lifetime=10)
    store.get("a")
    store.put("d", {}, size=40, lifetime=10)
    assert [key for key in "abcd" if store.get(key) is not None] == ["a", "c", "d"]
    assert store.used == 100
    assert not store.put("e", {}, size=101, lifetime=10)
    assert not store.put("f", {}, size=1, lifetime=0)
    assert store.used == 100


def test_a_new_answer_replaces_the_old(store: StoredAnswers) -> None:
    """Also where it cannot be kept itself: the old one is out of date."""
    store.put("k", {"n": 1}, size=60, lifetime=10)
    store.put("k", {"n": 2}, size=70, lifetime=10)
    assert (store.get("k"), store.used) == ({"n": 2}, 70)
    store.put("k", {"n": 3}, size=101, lifetime=10)
    assert (store.get("k"), store.used) == (None, 0)


def test_answers_can_be_dropped(store: StoredAnswers, clock: Clock) -> None:
    """One by its key, which tells whether it was there; or all."""
    for key in "ab":
        store.put(key, {}, size=10, lifetime=10)
    assert store.drop("a")
    assert not store.drop("a")
    clock.advance(10)
    assert not store.drop("b")
    store.put("c", {}, size=10, lifetime=10)
    store.purge()
    assert (len(store), store.used) == (0, 0)
