from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from twisted.internet.defer import CancelledError
from twisted.internet.task import Clock

from tests.kit.changelog import change
from tests.kit.deferreds import failure_of, no_result, success_of
from tests.kit.logs import caught_failures
from tests.kit.rows import FakeRows
from twisted_kong.core.changes import Entity
from twisted_kong.node.holder import Holder


class Words(Holder):
    """Holds words and letters; a word refers to its letter."""

    def __init__(self, letters: FakeRows, words: FakeRows, clock: Clock, **options: Any) -> None:
        super().__init__({"letters": letters, "words": words}, clock, **options)
        self.taken: list[tuple[str, str, int | None]] = []
        self.refused = ""

    def _steps(self, kind: str, id: str, old: Entity | None, new: Entity | None) -> Iterator[None]:
        if id == self.refused:
            raise ValueError(f"no {id}")
        if kind == "words" and new is not None and new["letter"] is not None:
            assert new["letter"] in self.rows["letters"]
        self.taken.append((kind, id, None if new is None else new["n"]))
        yield

    def _references(self, kind: str, row: Entity) -> Iterable[tuple[str, str]]:
        return [("letters", row["letter"])] if kind == "words" and row["letter"] is not None else []


class Node:
    """A holder over two kinds of rows."""

    def __init__(self, **options: Any) -> None:
        self.clock, self.letters, self.words = Clock(), FakeRows(), FakeRows()
        self.told = 0
        self.holder = Words(self.letters, self.words, self.clock, changed=self.tell, **options)

    def tell(self) -> None:
        self.told += 1

    def word(self, id: str, n: int = 1, letter: str | None = None) -> None:
        self.words.put({"id": id, "n": n, "letter": letter})

    def letter(self, id: str, n: int = 1) -> None:
        self.letters.put({"id": id, "n": n})

    def turns(self, count: int = 10) -> None:
        self.clock.pump([0] * count)

    @property
    def held(self) -> dict[str, int]:
        return {id: row["n"] for id, row in self.holder.rows["words"].items()}


@pytest.fixture
def node() -> Iterator[Node]:
    """A holder that has been started and is stopped in the end."""
    yield from running()


@pytest.fixture
def bounded() -> Iterator[Node]:
    """The same, with db_cache_ttl = 10."""
    yield from running(ttl=10)


@pytest.fixture
def paged() -> Iterator[Node]:
    """The same, reading pages of two rows."""
    yield from running(page_size=2)


def running(**options: Any) -> Iterator[Node]:
    node = Node(**options)
    node.holder.startService()
    yield node
    node.holder.stopService()
    assert node.clock.getDelayedCalls() == [], "timers left behind"


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[str]]:
    """The failures that were logged."""
    with caught_failures() as lines:
        yield lines


def test_it_is_ready_when_all_was_loaded(node: Node) -> None:
    """The first doubt is the first load."""
    node.word("a")
    assert not node.holder.ready
    success_of(node.holder.doubt())
    assert node.holder.ready
    assert node.held == {"a": 1}


def test_the_first_load_can_be_waited_for(node: Node) -> None:
    """Whoever waits for it asks for no load of its own."""
    loaded = node.holder.loaded()
    no_result(loaded)
    success_of(node.holder.doubt())
    success_of(loaded)
    success_of(node.holder.loaded())
    assert node.words.pages == 1


def test_who_waits_for_the_first_load_is_told_of_a_stop(node: Node) -> None:
    """A node that is stopped while it starts does not hang."""
    node.words.held = True
    loaded = node.holder.loaded()
    node.holder.doubt()
    stopped = node.holder.stopService()
    assert stopped is not None
    success_of(stopped)
    failure_of(loaded, CancelledError)


def test_all_pages_are_read_with_turns_between_them(paged: Node) -> None:
    """A load of many rows does not hold the event loop."""
    for id in "abcdefg":
        paged.word(id)
    loaded = paged.holder.doubt()
    no_result(loaded)
    paged.turns()
    success_of(loaded)
    assert list(paged.held) == list("abcdefg")


def test_a_change_is_read_again_and_applied(node: Node) -> None:
    """Insert, update and delete alike: the row is what the database says now."""
    success_of(node.holder.doubt())
    for n in (1, 2):
        node.word("a", n)
        success_of(node.holder.apply([change(n, "words", "a")]))
        assert node.held == {"a": n}
    del node.words.rows["a"]
    success_of(node.holder.apply([change(3, "words", "a")]))
    assert node.held == {}
    assert node.holder.taken == [("words", "a", 1), ("words", "a", 2), ("words", "a", None)]
    assert node.told == 3


def test_changes_of_other_kinds_are_none_of_its_business(node: Node) -> None:
    """Nothing is read for them."""
    success_of(node.holder.apply([change(1, "consumers", "a")]))
    assert node.words.selected == []


def test_a_change_that_changes_nothing_is_not_applied(node: Node) -> None:
    """Repeated changes cost a read, no more."""
    node.word("a")
    success_of(node.holder.doubt())
    success_of(node.holder.apply([change(1, "words", "a")]))
    assert len(node.holder.taken) == 1


def test_a_row_that_changes_during_its_read_is_read_again(node: Node) -> None:
    """The read under way may have missed the change."""
    success_of(node.holder.doubt())
    node.word("a", 1)
    node.words.held = True
    first = node.holder.apply([change(1, "words", "a")])
    node.word("a", 2)
    second = node.holder.apply([change(2, "words", "a")])
    node.words.release()
    success_of(first)
    no_result(second)
    node.words.release()
    success_of(second)
    assert node.held == {"a": 2}


def test_a_change_during_the_load_is_not_lost(paged: Node) -> None:
    """A row whose page was read before it changed is read by itself."""
    for id in "abcd":
        paged.word(id)
    loaded = paged.holder.doubt()
    paged.word("a", 2)
    applied = paged.holder.apply([change(1, "words", "a")])
    paged.turns()
    success_of(loaded)
    success_of(applied)
    assert paged.held == {"a": 2, "b": 1, "c": 1, "d": 1}


def test_a_row_inserted_behind_the_load_stays(paged: Node) -> None:
    """It was on no page that was read, and yet is there."""
    for id in "bcde":
        paged.word(id)
    loaded = paged.holder.doubt()
    paged.word("a")
    applied = paged.holder.apply([change(1, "words", "a")])
    paged.turns()
    success_of(loaded)
    success_of(applied)
    assert set(paged.held) == set("abcde")


def test_changes_need_not_wait_for_a_long_load(paged: Node) -> None:
    """They are read between two pages."""
    for id in "abcdef":
        paged.word(id)
    paged.words.held = True
    loaded = paged.holder.doubt()
    paged.word("a", 2)
    applied = paged.holder.apply([change(1, "words", "a")])
    paged.words.release()
    assert paged.held == {"a": 1, "b": 1}
    paged.words.release()
    success_of(applied)
    assert paged.held == {"a": 2, "b": 1}
    no_result(loaded)
    paged.words.held = False
    paged.turns()
    success_of(loaded)


def test_a_reload_takes_out_what_is_gone(node: Node) -> None:
    """Deletes that were missed are found out."""
    node.word("a")
    node.word("b")
    success_of(node.holder.doubt())
    del node.words.rows["a"]
    success_of(node.holder.doubt())
    assert node.held == {"b": 1}


def test_a_reload_looks_for_what_is_gone_in_portions(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """Among 50,000 rows too the reactor has its turn in between, and what changes in it is not lost."""
    monkeypatch.setattr("twisted_kong.node.holder.LOOKS", 2)
    for id in "abcde":
        node.word(id)
    node.holder.doubt()
    node.turns()
    for id in "be":
        del node.words.rows[id]
    node.holder.doubt()
    assert set(node.held) == set("acde")
    del node.words.rows["d"]
    node.word("b", 2)
    node.holder.apply([change(1, "words", "b"), change(2, "words", "d")])
    node.turns()
    assert node.held == {"a": 1, "b": 2, "c": 1}


def test_a_reload_applies_only_what_differs(node: Node) -> None:
    """The cost of doubt is reading, not rebuilding."""
    node.word("a")
    node.word("b")
    success_of(node.holder.doubt())
    node.word("b", 2)
    node.holder.taken.clear()
    success_of(node.holder.doubt())
    assert node.holder.taken == [("words", "b", 2)]


def test_an_error_leaves_what_is_held_and_is_retried(node: Node, logged: list[str]) -> None:
    """The database away: the old state serves on, and back-off grows."""
    node.word("a")
    success_of(node.holder.doubt())
    node.word("a", 2)
    node.words.errors = [RuntimeError("down")] * 3
    applied = node.holder.apply([change(1, "words", "a")])
    assert node.held == {"a": 1}
    node.clock.pump([0.25, 0.5])
    assert len(node.words.selected) == 3
    assert node.holder.errors == 3
    node.clock.advance(0.9)
    no_result(applied)
    node.clock.advance(0.1)
    success_of(applied)
    assert node.held == {"a": 2}
    assert node.holder.last_error is None


def test_a_failed_load_is_retried_from_the_beginning(paged: Node) -> None:
    """It is ready only once a whole load has succeeded."""
    for id in "abcd":
        paged.word(id)
    loaded = paged.holder.doubt()
    paged.words.errors = [RuntimeError("down")]
    paged.turns()
    assert not paged.holder.ready
    paged.clock.advance(0.25)
    paged.turns()
    success_of(loaded)
    assert paged.holder.ready


def test_a_new_change_ends_the_back_off(node: Node) -> None:
    """Whatever told of it has reached the database."""
    node.words.errors = [RuntimeError("down")] * 3
    loaded = node.holder.doubt()
    node.word("a")
    for number in range(3):
        node.holder.apply([change(number, "words", "a")])
    success_of(loaded)


def test_one_unreadable_row_spoils_no_other(node: Node, logged: list[str]) -> None:
    """It stays marked and is retried; all else goes on, also the first load."""
    node.word("a")
    node.words.broken.add("b")
    applied = node.holder.apply([change(1, "words", "b"), change(2, "words", "a")])
    loaded = node.holder.doubt()
    node.turns()
    success_of(loaded)
    assert node.held == {"a": 1}
    no_result(applied)
    node.words.broken.clear()
    node.word("b")
    node.clock.advance(10)
    success_of(applied)
    assert node.held == {"a": 1, "b": 1}


def test_a_row_that_cannot_be_used_is_logged_and_left_out(node: Node, logged: list[str]) -> None:
    """A bug for one row keeps no other from being applied."""
    node.holder.refused = "a"
    node.word("a")
    node.word("b")
    success_of(node.holder.doubt())
    assert logged == ["no a"]
    assert node.holder.taken == [("words", "b", 1)]


def test_what_a_row_refers_to_is_read_before_it(node: Node) -> None:
    """A row may name another that is too new to have been heard of."""
    success_of(node.holder.doubt())
    node.letter("x")
    node.word("a", letter="x")
    success_of(node.holder.apply([change(1, "words", "a")]))
    assert node.holder.taken == [("letters", "x", 1), ("words", "a", 1)]


def test_a_row_whose_reference_cannot_be_read_waits_for_it(node: Node) -> None:
    """It is not applied without what it needs, and is tried again."""
    success_of(node.holder.doubt())
    node.letter("x")
    node.word("a", letter="x")
    node.letters.broken.add("x")
    applied = node.holder.apply([change(1, "words", "a")])
    assert node.held == {}
    node.letters.broken.clear()
    node.clock.advance(0.25)
    success_of(applied)
    assert node.held == {"a": 1}


def test_a_ttl_bounds_staleness_when_changes_are_lost(bounded: Node) -> None:
    """db_cache_ttl = 10: everything is read again every ten seconds, without being told of anything."""
    bounded.word("a", 1)
    success_of(bounded.holder.doubt())
    bounded.word("a", 2)
    bounded.clock.advance(9.9)
    assert bounded.held == {"a": 1}
    bounded.clock.advance(0.1)
    assert bounded.held == {"a": 2}
    bounded.word("a", 3)
    bounded.clock.advance(10)
    assert bounded.held == {"a": 3}


def test_a_long_load_begins_earlier_so_that_it_ends_in_time(bounded: Node) -> None:
    """The bound holds for the end of the read, not for its begin."""
    bounded.words.held = True
    bounded.holder.doubt()
    bounded.clock.advance(2)
    bounded.words.release()
    bounded.words.held = False
    pages = bounded.words.pages
    bounded.clock.advance(5.9)
    assert bounded.words.pages == pages
    bounded.clock.advance(0.1)
    assert bounded.words.pages == pages + 1


def test_a_load_for_another_reason_puts_the_next_one_off(bounded: Node) -> None:
    """The bound is counted from the latest load."""
    success_of(bounded.holder.doubt())
    bounded.clock.advance(6)
    success_of(bounded.holder.doubt())
    pages = bounded.words.pages
    bounded.clock.advance(9.9)
    assert bounded.words.pages == pages
    bounded.clock.advance(0.1)
    assert bounded.words.pages == pages + 1


def test_without_ttl_nothing_is_read_again_by_itself(node: Node) -> None:
    """db_cache_ttl = 0: changes tell all there is to tell."""
    success_of(node.holder.doubt())
    assert node.clock.getDelayedCalls() == []


def test_stopping_ends_a_read_under_way(node: Node) -> None:
    """Nobody is kept waiting, and nothing is applied any more."""
    node.words.held = True
    node.word("a")
    loaded = node.holder.doubt()
    stopped = node.holder.stopService()
    assert stopped is not None
    success_of(stopped)
    failure_of(loaded, CancelledError)
    node.words.release()
    assert node.held == {}


def test_stopping_during_a_load_ends_it_where_it_is(paged: Node) -> None:
    """Also while it reads a row that changed between two pages."""
    for id in "abcd":
        paged.word(id)
    paged.words.held = True
    loaded = paged.holder.doubt()
    applied = paged.holder.apply([change(1, "words", "a")])
    paged.words.release()
    assert paged.words.selected == ["a"]
    paged.holder.stopService()
    failure_of(loaded, CancelledError)
    failure_of(applied, CancelledError)
    assert paged.holder.pending == 2
    assert not paged.holder.ready


def test_stopping_during_a_rest_ends_it(node: Node) -> None:
    """Back-off delays no shutdown."""
    node.words.errors = [RuntimeError("down")]
    loaded = node.holder.doubt()
    success_of(node.holder.stopService() or loaded)
    failure_of(loaded, CancelledError)


def test_what_is_marked_before_the_start_is_read_at_the_start() -> None:
    """The order in which services start does not matter; stopping unstarted ones answers too."""
    node = Node()
    node.word("a")
    loaded = node.holder.doubt()
    no_result(loaded)
    node.holder.startService()
    success_of(loaded)
    node.holder.stopService()
    late = node.holder.doubt()
    node.holder.startService()
    success_of(late)
    node.holder.stopService()
