"""Which of the two is asked: the datastore or its snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import LogLevel

from tests.kit.deferreds import failure_of, no_result, started, success_of
from tests.kit.logs import captured_lines, caught_warnings
from tests.kit.small_kinds import SmallKinds
from tests.kit.stores import epoch_clock
from tests.kit.write_context import write_context
from twisted_kong.core.errors import DatabaseError, DatabaseUnavailable
from twisted_kong.db.documents import encode
from twisted_kong.db.last_good.files import Refused
from twisted_kong.db.last_good.store import ANOTHER_DATABASE, PATIENCE, LastGoodStrategy, in_words
from twisted_kong.db.positions import LogPosition
from twisted_kong.db.schemas import tables_of
from twisted_kong.db.strategies.memory import MemoryStrategy
from twisted_kong.db.tables import Table

NO_TABLES: Mapping[str, Table] = {}
TABLES = tables_of(SmallKinds(), lambda schema, new, old: (), write_context)


class Primary(MemoryStrategy):
    """A datastore that can be away, or hang, when it is opened."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock, lambda: "00c0ffee")
        self.error: Exception | None = DatabaseUnavailable("connection refused")
        self.hangs: Deferred[None] | None = None
        self.starts = 0
        self.heard: Any = None

    async def start(self, tables: Mapping[str, Table], *, migrate: bool = True) -> None:
        self.starts += 1
        if self.hangs is not None:
            await self.hangs
        if self.error is not None:
            raise self.error
        await super().start(tables, migrate=migrate)

    def listen(self, heard: Any) -> None:
        self.heard = heard


class Standby(MemoryStrategy):
    """A snapshot, which may refuse to be used."""

    def __init__(self, clock: Clock, refusal: str | None = None) -> None:
        super().__init__(clock, lambda: "51a9504e")
        self.refusal = refusal
        self.open = False
        self.as_of = clock.seconds() - 7200

    async def start(self, tables: Mapping[str, Table], *, migrate: bool = True) -> None:
        if self.refusal is not None:
            raise Refused(self.refusal)
        self.open = True

    async def stop(self) -> None:
        self.open = False

    async def ping(self) -> None:
        raise DatabaseUnavailable("away")

    @property
    def outdated_since(self) -> float | None:
        return self.as_of


class Recorded:
    """What a recorder is told."""

    def __init__(self) -> None:
        self.running = False
        self.known_positions: list[str] = []
        self.doubts = 0

    def start(self, tables: Mapping[str, Table]) -> None:
        self.running = True

    def doubt(self) -> None:
        self.doubts += 1

    def known(self, position: Any, as_of: float) -> None:
        self.known_positions.append(str(position))

    async def stop(self) -> None:
        self.running = False


class World:
    """The strategy and what it stands on."""

    def __init__(self, refusal: str | None = None, *, snapshot: bool = True) -> None:
        self.clock = epoch_clock()
        self.primary, self.recorder = Primary(self.clock), Recorded()
        self.standby = Standby(self.clock, refusal) if snapshot else None
        recorder: Any = self.recorder
        self.strategy = LastGoodStrategy(self.primary, lambda: self.standby, recorder, self.clock)

    def start(self, seconds: float = 0.0, tables: Mapping[str, Table] = NO_TABLES) -> Deferred[None]:
        starting = started(self.strategy.start(tables))
        self.pass_time(seconds)
        return starting

    def pass_time(self, seconds: float) -> None:
        self.clock.pump([0.25] * int(seconds * 4))

    def stop(self) -> None:
        success_of(self.strategy.stop())
        assert self.clock.getDelayedCalls() == []


def away(tables: Mapping[str, Table] = NO_TABLES) -> World:
    """One that has started from the snapshot."""
    world = World()
    with caught_warnings() as lines:
        success_of(world.start(PATIENCE + 1, tables))
    assert lines == [
        "started from the last-good snapshot, 2 hours old, at position 0-51a9504e: connection refused;"
        " nothing can be written until the database is there"
    ]
    return world


def test_with_the_datastore_it_alone_is_asked() -> None:
    """The snapshot stays closed and follows what polls find."""
    world = World()
    world.primary.error = None
    success_of(world.start())
    position = success_of(world.strategy.head())
    assert str(position) == "0-00c0ffee"
    success_of(world.strategy.changes_after(position))
    assert world.recorder.known_positions == ["0-00c0ffee"]
    assert world.strategy.outdated_since is None
    success_of(world.strategy.ping())
    world.stop()
    assert not world.recorder.running


def test_a_doubt_is_passed_on() -> None:
    """Where the log cannot show continuity, the snapshot is in doubt as all else is."""
    world = World(snapshot=False)
    world.primary.error = None
    success_of(world.start())
    success_of(world.strategy.changes_after(success_of(world.primary.head())))
    assert world.recorder.doubts == 0
    assert not success_of(world.strategy.changes_after(LogPosition(0, "deadbeef"))).continuous
    assert world.recorder.doubts == 1
    world.stop()


def test_a_datastore_that_comes_within_a_few_seconds_is_waited_for() -> None:
    """Who starts a moment before its datastore does not serve old things."""
    world = World()
    starting = world.start(2)
    no_result(starting)
    world.primary.error = None
    world.pass_time(1)
    success_of(starting)
    assert str(success_of(world.strategy.head())) == "0-00c0ffee"
    world.stop()


def test_one_that_hangs_is_given_up() -> None:
    """A datastore that does not even refuse keeps nobody waiting longer than one that does."""
    world = World()
    world.primary.hangs = Deferred()
    with caught_warnings() as lines:
        success_of(world.start(PATIENCE))
    assert "memory did not answer for 5 seconds" in lines[0]
    world.primary.hangs = None
    world.stop()


def test_without_the_datastore_the_snapshot_is_read_and_nothing_written() -> None:
    """It tells how old it is, and that the datastore is away."""
    world = away()
    assert str(success_of(world.strategy.head())) == "0-51a9504e"
    assert world.strategy.outdated_since == world.clock.seconds() - (PATIENCE + 1) - 7200
    failure_of(world.strategy.ping(), DatabaseUnavailable)
    assert not world.recorder.running
    world.stop()
    assert world.standby is not None
    assert not world.standby.open


def test_when_the_datastore_comes_everything_is_in_doubt_once() -> None:
    """Nothing is known of what lies between: whoever follows the log is told so, at once, and told once."""
    world = away()
    heard: list[str] = []
    world.strategy.listen(lambda: heard.append("news"))
    before = success_of(world.strategy.head())
    assert not world.strategy.has_news()
    world.primary.error = None
    world.pass_time(16)
    assert heard == ["news"]
    assert world.strategy.has_news()
    batch = success_of(world.strategy.changes_after(before))
    assert (batch.continuous, str(batch.position)) == (False, "0-00c0ffee")
    assert success_of(world.strategy.changes_after(batch.position)).continuous
    assert not world.strategy.has_news()
    assert world.recorder.running
    assert world.standby is not None
    assert not world.standby.open
    world.primary.heard()
    assert heard == ["news", "news"]
    world.stop()


def test_another_datastore_in_its_place_is_not_gone_over_to() -> None:
    """A node goes by the id of its workspace from the start on: with another one it must be started again."""
    world = away(TABLES)
    entity = {"id": "1", "name": "default"}
    assert world.standby is not None
    world.standby.data.table("workspaces").documents["1"] = (encode(entity), None)
    world.standby.data.table("workspaces").keys.append("1")
    world.primary.error = None
    with captured_lines(LogLevel.critical) as lines:
        world.pass_time(15)
    assert lines == [ANOTHER_DATABASE]
    assert world.strategy.outdated_since is not None
    world.stop()


def test_the_datastore_is_tried_until_it_can_be_used() -> None:
    """Less and less often, and one that is there but not migrated is told and tried again as well."""
    world = away()
    world.primary.error, tried = DatabaseUnavailable("still away"), world.primary.starts
    world.pass_time(60)
    assert 5 <= world.primary.starts - tried <= 9
    assert world.strategy.outdated_since is not None
    world.primary.error = None
    world.pass_time(15)
    assert world.strategy.outdated_since is None
    world.stop()


def test_neither_can_be_used() -> None:
    """Both reasons are told, without waiting where there is no snapshot at all."""
    world = World("config.cache is damaged")
    error = failure_of(world.start(PATIENCE + 1), DatabaseUnavailable)
    assert str(error) == (
        "connection refused; and the last-good snapshot is not used: config.cache is damaged"
    )
    world.stop()
    world = World(snapshot=False)
    assert str(failure_of(world.start(), DatabaseUnavailable)) == "connection refused"
    world.stop()


def test_a_datastore_that_refuses_is_no_outage() -> None:
    """One that is there but needs the operator is never passed over in silence."""
    world = World()
    world.primary.error = DatabaseError("database needs bootstrapping")
    failure_of(world.start(), DatabaseError)
    assert world.primary.starts == 1
    world.stop()


def test_words_for_times() -> None:
    """As an operator reads them."""
    said = [in_words(seconds) for seconds in (-1, 5, 119, 121, 7300, 3 * 86400)]
    assert said == ["0 seconds", "5 seconds", "119 seconds", "2 minutes", "2 hours", "3 days"]
