"""What every strategy's log of changes must promise to those who read it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from twisted.internet.task import deferLater

from tests.contract.conftest import OpenDatabase
from tests.kit.stores import MovableClock
from twisted_kong.core.changes import ChangeBatch, Position
from twisted_kong.core.errors import UniqueViolation
from twisted_kong.db.database import Database
from twisted_kong.db.terms import Terms


async def write(database: Database, *names: str) -> Position:
    """Write services of these names; the last position."""
    position = await database.log.head()
    for name in names:
        position = (await database.services.upsert_by("name", name, {})).position
    return position


async def heard(database: Database) -> bool:
    """Whether there is news, which a store that pushes tells as soon as it comes."""
    from twisted.internet import reactor

    for _ in range(200):
        if database.log.has_news():
            return True
        await deferLater(reactor, 0.01)
    return False


def told(batch: ChangeBatch) -> list[tuple[str, str]]:
    """Kind and operation of each change."""
    return [(change.entity, change.operation) for change in batch.changes]


async def test_changes_follow_in_order(database: Database) -> None:
    """A reader is given what came after its position, in order, and then stands at the end."""
    start = await database.log.head()
    await write(database, "a", "b")
    await database.services.delete_by("name", "a")
    batch = await database.log.changes_after(start)
    assert told(batch) == [("services", "create"), ("services", "create"), ("services", "delete")]
    assert (batch.continuous, batch.more) == (True, False)
    assert batch.position == batch.changes[-1].position == await database.log.head()
    positions = [change.position for change in batch.changes]
    assert all(later >= earlier for earlier, later in pairwise(positions))
    assert not start >= positions[0]


async def test_nothing_new(database: Database) -> None:
    """Who stands at the end is given nothing and stays there, without doubt."""
    end = await write(database, "a")
    batch = await database.log.changes_after(end)
    assert batch == ChangeBatch(changes=(), position=end, continuous=True, more=False)


async def test_changes_are_whole(database: Database) -> None:
    """What the log tells of a change is what the writer was told."""
    start = await database.log.head()
    written = await database.services.insert({"name": "a"}, terms=Terms("alice"))
    assert (await database.log.changes_after(start)).changes == written.changes


async def test_a_limit_cuts(database: Database) -> None:
    """A batch is cut at the limit, says so, and is taken up where it ended."""
    position = await database.log.head()
    await write(database, "a", "b", "c")
    seen: list[str] = []
    more = True
    while more:
        batch = await database.log.changes_after(position, 2)
        assert batch.continuous
        assert len(batch.changes) <= 2
        seen += [change.id for change in batch.changes]
        position, more = batch.position, batch.more
    assert len(set(seen)) == 3


async def test_exactly_the_limit(database: Database) -> None:
    """A batch that holds all there is says that there is no more."""
    position = await database.log.head()
    await write(database, "a", "b")
    assert not (await database.log.changes_after(position, 2)).more


async def test_positions_can_be_printed(database: Database) -> None:
    """A position is read again from its text; no other text is taken for one."""
    start = await database.log.head()
    await write(database, "a")
    assert told(await database.log.changes_after(database.log.parse_position(str(start)))) == [
        ("services", "create")
    ]
    for text in ("", "1", "x-1", f"{start} ", "-1-00000000", "１-00000000"):
        with pytest.raises(ValueError, match="is not a position"):
            database.log.parse_position(text)


async def test_a_position_of_another_history_is_doubt(database: Database) -> None:
    """A position whose tag is not the row's own belongs to a log that is no more."""
    end = await write(database, "a", "b")
    number, tag = str(end).split("-")
    stranger = database.log.parse_position(f"{number}-{'0' * 8 if tag != '0' * 8 else '1' * 8}")
    assert await database.log.changes_after(stranger) == ChangeBatch(
        changes=(), position=end, continuous=False, more=False
    )


async def test_a_position_ahead_of_the_log_is_doubt(database: Database) -> None:
    """Who has read further than the log reaches has read another log."""
    end = await write(database, "a")
    ahead = database.log.parse_position("999999-00000000")
    batch = await database.log.changes_after(ahead)
    assert (batch.continuous, batch.position) == (False, end)


async def test_a_refused_write_leaves_no_gap(database: Database) -> None:
    """A write that is refused leaves no trace in the log, and continuity is still shown."""
    start = await write(database, "a")
    with pytest.raises(UniqueViolation):
        await database.services.insert({"name": "a"})
    await write(database, "b")
    batch = await database.log.changes_after(start)
    assert (told(batch), batch.continuous) == ([("services", "create")], True)


async def test_retention(database: Database, clock: MovableClock) -> None:
    """Old changes are forgotten; who stood before them is in doubt, who stands behind them is not."""
    start = await database.log.head()
    middle = await write(database, "a", "b")
    clock.advance(100)
    end = await write(database, "c")
    assert await database.strategy.trim_log(clock.seconds() - 50) > 0
    assert not (await database.log.changes_after(start)).continuous
    assert not (await database.log.changes_after(middle)).continuous
    assert (await database.log.changes_after(end)).continuous
    assert await database.log.head() == end


async def test_the_newest_change_stays(database: Database, clock: MovableClock) -> None:
    """However old it is, the newest change is kept, so that readers at the end stay without doubt."""
    end = await write(database, "a", "b")
    clock.advance(1e6)
    await database.strategy.trim_log(clock.seconds())
    assert (await database.log.changes_after(end)).continuous
    further = await write(database, "c")
    batch = await database.log.changes_after(end)
    assert (told(batch), batch.position, batch.continuous) == ([("services", "create")], further, True)


async def test_a_wrong_clock_makes_no_gap(database: Database, clock: MovableClock) -> None:
    """Changes from a clock that went back are forgotten only with all that came before them."""
    clock.advance(1000)
    start = await write(database, "a")
    clock.advance(-1000)
    await write(database, "b")
    clock.advance(500)
    await write(database, "c")
    await database.strategy.trim_log(clock.seconds() - 100)
    batch = await database.log.changes_after(start)
    assert (len(batch.changes), batch.continuous) == (2, True)


async def test_upkeep_trims_by_retention(open_database: OpenDatabase, clock: MovableClock) -> None:
    """The upkeep forgets what is older than the retention."""
    database = await open_database(retention=60.0)
    start = await write(database, "a", "b")
    await write(database, "c")
    clock.advance(61)
    await database.upkeep.work()
    assert not (await database.log.changes_after(start)).continuous


async def test_two_databases_see_each_other(open_database: OpenDatabase) -> None:
    """What one process writes, another reads at once, and learns of from the log with its origin."""
    one, two = await open_database("one"), await open_database("two")
    assert one.workspace == two.workspace
    start = await two.log.head()
    written = await one.services.insert({"name": "a"})
    assert await two.services.select_by("name", "a") == written.entity
    batch = await two.log.changes_after(start)
    assert batch.changes == written.changes
    assert batch.changes[0].origin == "one"


async def test_news(open_database: OpenDatabase) -> None:
    """A commit by another is news until the log is read; where that cannot be told the answer is no."""
    one, two = await open_database("one"), await open_database("two")
    position = (await two.log.changes_after(await two.log.head())).position
    assert not two.log.has_news()
    await write(one, "a")
    assert await heard(two)
    assert two.log.has_news()
    assert told(await two.log.changes_after(position)) == [("services", "create")]
    assert not two.log.has_news()


async def test_restart(open_database: OpenDatabase) -> None:
    """What was written, and where the log ended, outlives the process."""
    first = await open_database("first")
    position = await write(first, "a")
    await first.stop()
    second = await open_database("second")
    assert second.workspace == first.workspace
    assert await second.services.select_by("name", "a") is not None
    assert (await second.log.changes_after(position)).continuous


async def test_readers_see_whole_commits(open_database: OpenDatabase) -> None:
    """A reader is never shown a part of a cascade: the log ends with the parent of whatever it tells."""
    from twisted.internet.defer import ensureDeferred, gatherResults

    one, two = await open_database("one"), await open_database("two")
    start = await two.log.head()

    async def cascade(number: int) -> None:
        consumer = (await one.consumers.insert({"username": f"c{number}"})).entity
        for index in range(3):
            await one.plugins.insert({"name": f"p{index}", "consumer": {"id": consumer["id"]}})
        await one.consumers.delete(consumer["id"])

    async def watch() -> list[Any]:
        seen: list[Any] = []
        position = start
        while len(seen) < 5 * 8:
            batch = await two.log.changes_after(position)
            assert batch.continuous
            if batch.changes and batch.changes[-1].operation == "delete":
                assert batch.changes[-1].entity == "consumers"
            seen += batch.changes
            position = batch.position
        return seen

    writers = [ensureDeferred(cascade(number)) for number in range(5)]
    results = await gatherResults([ensureDeferred(watch()), *writers])
    assert len(results[0]) == 5 * 8
