"""The upkeep of a store, by a clock."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from tests.kit.deferreds import no_result, started, success_of
from twisted_kong.core.errors import DatabaseUnavailable, ForeignKeyViolation
from twisted_kong.db.interfaces import Commit, LostRace
from twisted_kong.db.upkeep import INTERVAL, Upkeep


class Store:
    """Records what the upkeep asks of it, and fails when told to."""

    def __init__(self) -> None:
        self.over: list[tuple[str, str]] = []
        self.asked: list[Any] = []
        self.error: Exception | None = None
        self.refused: set[str] = set()
        self.faster: set[str] = set()
        self.held: Deferred[None] | None = None

    async def expired(self, limit: int) -> list[tuple[str, str]]:
        if self.error is not None:
            raise self.error
        if self.held is not None:
            await self.held
        return self.over[:limit]

    async def apply(self, commit: Commit) -> None:
        (write,) = commit.writes
        if write.key in self.refused:
            raise ForeignKeyViolation("still referenced")
        if write.key in self.faster:
            raise LostRace(write.key)
        self.asked.append((write.operation, write.table, write.key, commit.at, commit.origin))
        self.over.remove((write.table, write.key))

    async def trim_log(self, before: float) -> int:
        self.asked.append(("trim", before))
        return 0


def make(retention: float = 100.0) -> tuple[Store, Clock, Upkeep]:
    """An upkeep by a clock that stands at 1000."""
    store, clock = Store(), Clock()
    clock.advance(1000.0)
    return store, clock, Upkeep(store, clock, "me", retention)  # type: ignore[arg-type]


def test_regular_work() -> None:
    """Every minute expired rows are removed and changes older than the retention are forgotten."""
    store, clock, upkeep = make()
    store.over = [("keys", "a"), ("keys", "b")]
    upkeep.start()
    assert store.asked == []
    clock.advance(INTERVAL)
    assert store.asked == [
        ("expire", "keys", "a", 1060.0, "me"),
        ("expire", "keys", "b", 1060.0, "me"),
        ("trim", 960.0),
    ]
    clock.advance(INTERVAL)
    assert store.asked[3:] == [("trim", 1020.0)]
    success_of(upkeep.stop())
    clock.advance(INTERVAL)
    assert len(store.asked) == 4


def test_many_expired_rows() -> None:
    """However many rows are over, all are removed in one go of work, in batches."""
    store, _, upkeep = make()
    store.over = [("keys", str(number)) for number in range(500)]
    success_of(upkeep.work())
    assert store.over == []


def test_a_row_that_must_stay_holds_back_no_other() -> None:
    """A row that is still referred to stays, the others go."""
    store, _, upkeep = make()
    store.over = [("keys", "a"), ("keys", "b")]
    store.refused = {"a"}
    success_of(upkeep.work())
    assert store.over == [("keys", "a")]
    assert store.asked[-1] == ("trim", 900.0)


def test_errors_do_not_end_it() -> None:
    """A store that fails is looked after again a minute later."""
    store, clock, upkeep = make()
    store.error = DatabaseUnavailable("gone")
    upkeep.start()
    clock.advance(INTERVAL)
    store.error = None
    clock.advance(INTERVAL)
    assert store.asked == [("trim", 1020.0)]
    success_of(upkeep.stop())


def test_stop_waits_for_the_work_under_way() -> None:
    """Nothing is asked of the store after the upkeep has ended."""
    store, clock, upkeep = make()
    store.held = Deferred()
    upkeep.start()
    clock.advance(INTERVAL)
    stopped = started(upkeep.stop())
    no_result(stopped)
    store.held.callback(None)
    success_of(stopped)


def test_stop_without_start() -> None:
    """What was never started can be stopped."""
    _, _, upkeep = make()
    success_of(upkeep.stop())


def test_another_node_at_the_same_work() -> None:
    """A row that somebody else is removing at the same moment is passed over, without a word."""
    store, _, upkeep = make()
    store.over, store.faster = [("keys", "a"), ("keys", "b")], {"a"}
    success_of(upkeep.work())
    assert [asked[:3] for asked in store.asked] == [("expire", "keys", "b"), ("trim", 900.0)]
