"""Positions are told apart by whether the log holds them, not by their numbers."""

from __future__ import annotations

from twisted.internet.task import Clock

from tests.kit.deferreds import success_of
from tests.kit.history import HistoryStore, at
from twisted_kong.core.changes import Position
from twisted_kong.node.ancestry import Descent, descent_of, oldest_of


def told(store: HistoryStore, position: Position) -> Descent:
    """What the log says of a position."""
    return success_of(descent_of(position, store))


def test_what_the_log_holds() -> None:
    """Every position that the log holds is ours: the first, the last and those between."""
    store = HistoryStore(Clock())
    beginning = success_of(store.head())
    positions = [beginning, *(store.write() for _ in range(3))]
    assert {told(store, position) for position in positions} == {Descent.OURS}


def test_what_another_history_held() -> None:
    """A change that was lost is not ours, also when the log has given its number to another since."""
    store = HistoryStore(Clock())
    store.write()
    lost = store.write()
    store.lose(1)
    assert told(store, lost) is Descent.FOREIGN
    store.write()
    store.write()
    assert told(store, lost) is Descent.FOREIGN


def test_what_is_ahead() -> None:
    """A position that the log has not reached is not ours, or not yet."""
    store = HistoryStore(Clock())
    store.write()
    assert told(store, at(99)) is Descent.FOREIGN


def test_what_is_forgotten() -> None:
    """What lies before all that is kept is told from what never was."""
    store = HistoryStore(Clock())
    positions = [store.write() for _ in range(3)]
    success_of(store.trim_log(1.0))
    assert success_of(oldest_of(store)) == positions[2]
    assert [told(store, position) for position in positions] == [
        Descent.OLDER,
        Descent.OLDER,
        Descent.OURS,
    ]


def test_the_beginning_of_an_empty_log() -> None:
    """A log without changes begins where it ends."""
    store = HistoryStore(Clock())
    assert success_of(oldest_of(store)) == success_of(store.head())
