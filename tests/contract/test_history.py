"""What every strategy promises of its log as history, for people who ask what was changed."""

from __future__ import annotations

from tests.contract.conftest import OpenDatabase
from tests.contract.test_log import heard, told, write
from tests.kit.stores import MovableClock
from twisted_kong.core.changes import ChangeBatch
from twisted_kong.db.database import Database
from twisted_kong.db.terms import Terms


async def test_from_the_beginning(database: Database) -> None:
    """Without a position history begins with the oldest change there is; the empty log's row is none."""
    written = [await database.services.insert({"name": name}, terms=Terms(name)) for name in ("a", "b")]
    batch = await database.log.history(None, 100)
    assert batch.changes[-2:] == tuple(change for each in written for change in each.changes)
    assert all(change.entity for change in batch.changes)
    assert (batch.continuous, batch.more) == (True, False)
    assert batch.position == await database.log.head()


async def test_after_a_position(database: Database) -> None:
    """After a position comes what the readers of the log are given as well."""
    start = await write(database, "a")
    await write(database, "b", "c")
    assert await database.log.history(start, 100) == await database.log.changes_after(start, 100)


async def test_page_by_page(database: Database) -> None:
    """Pages of any size, from the beginning, give every change once and say when there are no more."""
    await write(database, "a", "b", "c")
    whole = (await database.log.history(None, 100)).changes
    for size in (1, 2, len(whole), len(whole) + 1):
        batch = await database.log.history(None, size)
        seen = list(batch.changes)
        while batch.more:
            assert len(batch.changes) == size
            batch = await database.log.history(batch.position, size)
            seen += batch.changes
        assert tuple(seen) == whole


async def test_the_end(database: Database) -> None:
    """After the newest change there is nothing, without doubt."""
    end = await write(database, "a")
    assert await database.log.history(end, 10) == ChangeBatch((), end, continuous=True, more=False)


async def test_a_position_that_is_not_in_the_log(database: Database) -> None:
    """A position of another history, or ahead of the log, is refused and never read on from."""
    end = await write(database, "a", "b")
    number, tag = str(end).split("-")
    other = f"{number}-{'0' * 8 if tag != '0' * 8 else '1' * 8}"
    for text in (other, "999999-00000000"):
        batch = await database.log.history(database.log.parse_position(text), 10)
        assert (batch.continuous, batch.changes) == (False, ())


async def test_what_was_forgotten(database: Database, clock: MovableClock) -> None:
    """What is out of retention is not in history; it begins later, and a position before that is refused."""
    start = await database.log.head()
    await write(database, "a", "b")
    clock.advance(100)
    await write(database, "c")
    assert await database.strategy.trim_log(clock.seconds() - 50) > 0
    batch = await database.log.history(None, 10)
    assert (told(batch), batch.continuous) == ([("services", "create")], True)
    assert not (await database.log.history(start, 10)).continuous


async def test_history_is_no_poll(open_database: OpenDatabase) -> None:
    """Who looks at history has not followed the log: news stay news."""
    one, two = await open_database("one"), await open_database("two")
    start = (await two.log.changes_after(await two.log.head())).position
    await write(one, "a")
    assert await heard(two)
    await two.log.history(None, 10)
    await two.log.history(start, 10)
    assert two.log.has_news()
    assert told(await two.log.changes_after(start)) == [("services", "create")]
    assert not two.log.has_news()


async def test_listening_is_always_possible(database: Database) -> None:
    """Whether or not a store has a push, one may ask for it."""
    database.log.listen(lambda: None)
