"""Positions, and when they prove that nothing was missed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twisted_kong.core.changes import Change
from twisted_kong.db.positions import LogPosition, batch_from, beginning_of, changes_between, parse


def change(number: int, tag: str = "aaaaaaaa") -> Change:
    """A row of the log."""
    return Change(LogPosition(number, tag), "services", "create", str(number), (), "x", 0.0)


def rows(first: int, last: int) -> list[Change]:
    """Consecutive rows."""
    return [change(number) for number in range(first, last + 1)]


HERE = LogPosition(3, "aaaaaaaa")


@given(st.integers(0, 10**17), st.integers(0, 2**32 - 1))
def test_printing(number: int, tag: int) -> None:
    """A position is read again from what it prints."""
    position = LogPosition(number, f"{tag:08x}")
    assert parse(str(position)) == position


@pytest.mark.parametrize("text", ["", "1", "1-", "01-aaaaaaaa", "1-AAAAAAAA", "1-aaaaaaaa\n", "+1-aaaaaaaa"])
def test_what_is_no_position(text: str) -> None:
    """Nothing but a printed position is taken for one."""
    with pytest.raises(ValueError, match="is not a position"):
        parse(text)


def test_order() -> None:
    """Positions are ordered by their numbers."""
    assert LogPosition(2, "b" * 8) >= LogPosition(1, "c" * 8)
    assert LogPosition(1, "b" * 8) < LogPosition(2, "a" * 8)
    assert LogPosition(1, "b" * 8) >= LogPosition(1, "b" * 8)


def test_a_continuous_batch() -> None:
    """With the reader's own row and consecutive ones after it, these are what it missed."""
    batch = batch_from(HERE, rows(3, 6), 10)
    assert batch is not None
    assert [each.id for each in batch.changes] == ["4", "5", "6"]
    assert (batch.position, batch.continuous, batch.more) == (LogPosition(6, "aaaaaaaa"), True, False)


def test_nothing_new() -> None:
    """With only its own row, the reader stays where it is."""
    batch = batch_from(HERE, rows(3, 3), 10)
    assert batch is not None
    assert (batch.changes, batch.position, batch.more) == ((), HERE, False)


def test_a_cut_batch() -> None:
    """One row more than the limit tells that there is more."""
    batch = batch_from(HERE, rows(3, 6), 2)
    assert batch is not None
    assert ([each.id for each in batch.changes], batch.more) == (["4", "5"], True)
    exact = batch_from(HERE, rows(3, 5), 2)
    assert exact is not None
    assert not exact.more


@pytest.mark.parametrize(
    "found",
    [
        [],
        rows(4, 6),
        [change(3, "bbbbbbbb"), change(4)],
        [change(3), change(5)],
        [change(3), change(4), change(4)],
    ],
    ids=["gone", "own row gone", "another history", "a gap", "twice"],
)
def test_doubt(found: list[Change]) -> None:
    """Whenever the rows are not the reader's own and its successors, nothing is shown."""
    assert batch_from(HERE, found, 10) is None


def test_the_beginning() -> None:
    """The oldest changes are told from the first row on, without the row that records none."""
    batch = beginning_of(rows(0, 3), 3)
    assert ([each.id for each in batch.changes], batch.more) == (["1", "2", "3"], False)
    batch = beginning_of(rows(0, 3), 2)
    assert ([each.id for each in batch.changes], batch.more) == (["1", "2"], True)
    assert batch.position == batch.changes[-1].position
    batch = beginning_of(rows(3, 6), 3)
    assert ([each.id for each in batch.changes], batch.more) == (["3", "4", "5"], True)


def test_the_beginning_of_an_empty_log() -> None:
    """A log without changes is told as such, from the row that it begins with."""
    (first,) = rows(0, 0)
    batch = beginning_of([first], 10)
    assert (batch.changes, batch.position, batch.continuous, batch.more) == ((), first.position, True, False)


def test_how_many_changes_lie_between() -> None:
    """Counted by the numbers; nothing is said where the first is not the earlier one, or of another kind."""
    assert changes_between(HERE, LogPosition(HERE.number + 4, "00000000")) == 4
    assert changes_between(HERE, HERE) == 0
    assert changes_between(LogPosition(HERE.number + 1, "00000000"), HERE) is None
    assert changes_between(3, 5) is None
