"""How a snapshot follows its database, by a clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from tests.kit.deferreds import success_of
from tests.kit.logs import caught_errors
from tests.kit.stores import epoch_clock, small_database
from twisted_kong.core.errors import DatabaseUnavailable
from twisted_kong.db.database import Database
from twisted_kong.db.interfaces import Cursor, Selection, Stored, StoredPage
from twisted_kong.db.last_good.contents import Found
from twisted_kong.db.last_good.recorder import PAGE, RETRY, SETTLE, TOUCH, Recorder
from twisted_kong.db.strategies.memory import MemoryStrategy
from twisted_kong.db.tables import Table


class FakeCopy:
    """A snapshot in memory: what was committed, and what a transaction has changed so far."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], bytes] = {}
        self.position: str | None = None
        self.as_of = 0.0
        self.commits = 0
        self.error: Exception | None = None
        self.stuck: Deferred[None] | None = None
        self._draft: dict[tuple[str, str], bytes] | None = None

    async def open(self, tables: Mapping[str, Table]) -> str | None:
        self._fail()
        return self.position

    async def close(self) -> None:
        self._draft = None
        if self.stuck is not None:
            await self.stuck

    async def begin(self) -> None:
        assert self._draft is None
        self._draft = dict(self.rows)

    async def take(self, found: Sequence[Found]) -> None:
        self._fail()
        assert self._draft is not None
        for table, key, row in found:
            self._draft.pop((table.name, key), None)
            if row is not None:
                self._draft[table.name, key] = row.document

    async def clear(self) -> None:
        assert self._draft is not None
        self._draft.clear()

    async def commit(self, position: str, as_of: float) -> None:
        self._fail()
        assert self._draft is not None
        self.rows, self._draft = self._draft, None
        self.position, self.as_of = position, as_of
        self.commits += 1

    async def rollback(self) -> None:
        self._draft = None

    async def touch(self, as_of: float) -> None:
        assert self._draft is None
        self.as_of = as_of

    def _fail(self) -> None:
        if self.error is not None:
            raise self.error


class Source(MemoryStrategy):
    """The database; counts its queries, and lets the test act between them."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock, lambda: "00c0ffee")
        self.asked: list[str] = []
        self.meanwhile: list[Any] = []
        self.held: Deferred[None] | None = None

    async def select(self, table: Table, key: str) -> Stored | None:
        self.asked.append("select")
        row = await super().select(table, key)
        if self.meanwhile:
            self.meanwhile.pop(0)()
        return row

    async def page(self, table: Table, size: int, cursor: Cursor | None, selection: Selection) -> StoredPage:
        self.asked.append("page")
        page = await super().page(table, size, cursor, selection)
        if self.held is not None:
            await self.held
        if self.meanwhile:
            self.meanwhile.pop(0)()
        return page

    async def history(self, after: Any, limit: int) -> Any:
        self.asked.append("history")
        return await super().history(after, limit)


class World:
    """A database that a recorder follows; its polls are the test's."""

    def __init__(self) -> None:
        self.clock = epoch_clock()
        self.source, self.copy = Source(self.clock), FakeCopy()
        self.database: Database = small_database(self.source, self.clock)
        success_of(self.database.start())
        self.recorder = Recorder(self.source, self.copy, self.clock)

    def start(self) -> None:
        self.recorder.start(self.database.tables)
        self.poll()
        self.source.asked.clear()

    def poll(self, then: float = SETTLE) -> None:
        """The feed sees the log's end; and some time passes."""
        self.recorder.known(success_of(self.source.head()), self.clock.seconds())
        self.pass_time(then)

    def pass_time(self, seconds: float) -> None:
        self.clock.pump([seconds, *[0] * 50])

    def add(self, *names: str) -> None:
        for name in names:
            success_of(self.database["services"].insert({"name": name}))

    @property
    def there(self) -> dict[tuple[str, str], bytes]:
        tables = self.source.data.tables
        return {
            (name, key): document for name in tables for key, (document, _) in tables[name].documents.items()
        }

    def is_in_step(self) -> bool:
        return self.copy.rows == self.there and self.copy.position == str(success_of(self.source.head()))

    def stop(self) -> None:
        success_of(self.recorder.stop())
        success_of(self.database.stop())
        assert self.clock.getDelayedCalls() == []


@pytest.fixture
def world() -> Any:
    world = World()
    yield world
    world.stop()


def test_everything_is_copied_page_by_page(world: World) -> None:
    """The first copy holds everything, although it takes several pages of a kind."""
    world.add(*(str(number) for number in range(2 * PAGE + 10)))
    world.start()
    assert world.is_in_step()
    assert world.copy.commits == 1


def test_changes_that_come_together_are_written_together(world: World) -> None:
    """A burst is read row by row once it has settled, in one transaction; and nothing is asked afterwards."""
    world.start()
    world.add("a", "b")
    world.poll(0.1)
    success_of(world.database["services"].update_by("name", "a", {"port": 1}))
    success_of(world.database["services"].delete_by("name", "b"))
    world.source.asked.clear()
    world.poll()
    assert world.is_in_step()
    assert (world.copy.commits, world.source.asked) == (2, ["history", "select", "select", "history"])
    for _ in range(10):
        world.poll(5.0)
    assert world.source.asked == ["history", "select", "select", "history"]


def test_what_changes_while_it_is_read_is_read_again(world: World) -> None:
    """The snapshot is a state that the database was in, so it waits for a moment in which nothing changes."""
    world.start()
    world.add("a")
    world.source.meanwhile = [lambda: world.add("b"), lambda: world.add("c")]
    world.poll()
    assert world.is_in_step()
    assert world.copy.commits == 2


def test_what_changes_while_everything_is_copied_is_in_the_copy(world: World) -> None:
    """A row that was written behind the page being read is caught up with before the copy counts."""
    world.add("a")
    world.source.meanwhile = [lambda name=name: world.add(name) for name in "bcdef"]
    world.start()
    assert world.is_in_step()
    assert world.copy.commits == 1


def test_a_snapshot_of_before_is_carried_on(world: World) -> None:
    """After a restart only what has changed since is read, if the log still tells."""
    world.add("a")
    world.start()
    success_of(world.recorder.stop())
    world.add("b")
    world.recorder = Recorder(world.source, world.copy, world.clock)
    world.start()
    assert world.is_in_step()
    assert "page" not in world.source.asked


def test_doubt_means_that_everything_is_copied(world: World) -> None:
    """A snapshot whose position is not in the log (any more) is made anew, in one transaction."""
    world.add("a")
    world.start()
    world.copy.rows["services", "ffffffff"] = b"of another history"
    world.add("b")
    success_of(world.source.trim_log(world.clock.seconds() + 1))
    world.add("c")
    world.poll()
    assert "page" in world.source.asked
    assert world.is_in_step()


def test_rows_of_a_lost_history_are_not_kept(world: World) -> None:
    """Where a failover has lost what the snapshot holds, although its position is left, all is copied."""
    world.add("a")
    world.start()
    world.copy.rows["services", "ffffffff"] = b"of a change that was lost"
    world.recorder.doubt()
    world.poll()
    assert "page" in world.source.asked
    assert world.is_in_step()
    world.source.asked.clear()
    world.poll()
    assert world.source.asked == []


def test_a_history_that_is_lost_while_rows_are_read(world: World) -> None:
    """What was read until then is not written, and everything copied instead."""
    world.start()
    world.add("a")
    world.source.meanwhile = [world.recorder.doubt, world.recorder.doubt]
    world.poll()
    assert world.copy.commits == 1
    world.poll()
    assert world.source.asked.count("page") > len(world.database.daos)
    assert world.is_in_step()
    assert world.copy.commits == 2


def test_that_it_is_current_is_noted_now_and_then(world: World) -> None:
    """While polls find nothing new the snapshot's age begins anew, every half minute."""
    world.start()
    begun = world.copy.as_of
    world.poll(TOUCH)
    assert world.copy.as_of == begun
    world.poll(0)
    assert world.copy.as_of == begun + TOUCH
    world.pass_time(600)
    assert world.copy.as_of == begun + TOUCH


def test_a_full_disk_is_told_once_and_tried_again(world: World) -> None:
    """Nobody else notices, and when there is room the snapshot goes on from where it was."""
    world.start()
    world.add("a")
    world.copy.error = DatabaseUnavailable("the disk is full")
    with caught_errors() as lines:
        world.poll()
        world.pass_time(RETRY)
        world.poll()
        world.pass_time(RETRY)
    assert lines == ["the last-good snapshot cannot be kept up to date: the disk is full"]
    world.copy.error = None
    world.poll()
    world.pass_time(RETRY + SETTLE)
    assert world.is_in_step()


def test_the_last_changes_are_written_before_a_node_stops(world: World) -> None:
    """A stop does not wait for the burst to settle."""
    world.start()
    world.add("a")
    world.poll(0)
    success_of(world.recorder.stop())
    assert world.is_in_step()


def test_a_stop_waits_for_no_database(world: World) -> None:
    """A copy under way is given up after a few seconds, and what was there before stays."""
    world.start()
    before = dict(world.copy.rows)
    world.add("a")
    success_of(world.source.trim_log(world.clock.seconds() + 1))
    world.add("b")
    success_of(world.source.trim_log(world.clock.seconds() + 1))
    world.source.held = Deferred()
    world.poll()
    stopped = Deferred.fromCoroutine(world.recorder.stop())
    world.pass_time(2)
    success_of(stopped)
    assert world.copy.rows == before


def test_a_stop_waits_for_no_disk(world: World) -> None:
    """A disk that does not answer any more keeps no node from stopping."""
    world.start()
    world.copy.stuck = Deferred()
    stopped = Deferred.fromCoroutine(world.recorder.stop())
    world.pass_time(2)
    success_of(stopped)
    world.copy.stuck = None
