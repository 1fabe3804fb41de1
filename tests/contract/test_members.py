"""What every strategy promises of the nodes that report themselves to it."""

from __future__ import annotations

from dataclasses import replace

from tests.contract.conftest import OpenDatabase
from tests.kit.stores import MovableClock
from twisted_kong.db.database import Database
from twisted_kong.db.interfaces import Member

ALPHA = Member("aaa", "node-1", "alpha.example", "1.0", 1_700_000_000.0, None)
BETA = Member("bbb", "node-2", "beta.example", "1.1", 1_700_000_100.5, None)


async def seen(database: Database) -> list[Member]:
    """The members, whatever their ages."""
    return [replace(member, age=0.0) for member in await database.strategy.members()]


async def test_nobody(database: Database) -> None:
    """A database on which no node has reported has no members."""
    assert await database.strategy.members() == ()


async def test_a_report_makes_a_member(database: Database) -> None:
    """What a node reports is told to all, by ascending instance."""
    await database.strategy.report(BETA)
    await database.strategy.report(ALPHA)
    assert await seen(database) == [ALPHA, BETA]


async def test_a_later_report_counts(database: Database) -> None:
    """A node has one place among the members, with what it reported last."""
    before = await database.log.head()
    after = (await database.services.insert({"name": "a"})).position
    for position in (None, before, after, before):
        await database.strategy.report(replace(ALPHA, position=position))
        (member,) = await seen(database)
        assert member == replace(ALPHA, position=position)


async def test_members_are_shared(open_database: OpenDatabase) -> None:
    """What one process reports another sees."""
    one, two = await open_database("one"), await open_database("two")
    await one.strategy.report(ALPHA)
    assert await seen(two) == [ALPHA]


async def test_who_leaves_is_gone(database: Database) -> None:
    """A node that leaves is a member no longer; leaving twice, or without having come, is no error."""
    await database.strategy.report(ALPHA)
    await database.strategy.report(BETA)
    await database.strategy.leave("aaa")
    await database.strategy.leave("aaa")
    await database.strategy.leave("never-came")
    assert await seen(database) == [BETA]


async def test_who_left_may_come_back(database: Database) -> None:
    """A node that was taken for gone and reports again is a member again."""
    await database.strategy.report(ALPHA)
    await database.strategy.leave("aaa")
    await database.strategy.report(ALPHA)
    assert await seen(database) == [ALPHA]


async def test_a_report_is_young(database: Database) -> None:
    """The age of a report counts from when it was made, and a wrong ``age`` in it means nothing."""
    await database.strategy.report(replace(ALPHA, age=1000.0))
    (member,) = await database.strategy.members()
    assert 0.0 <= member.age < 5.0


async def test_nobody_is_forgotten_too_early(database: Database) -> None:
    """Who has reported within the time is kept."""
    await database.strategy.report(ALPHA)
    assert await database.strategy.forget_members(3600.0) == 0
    assert await seen(database) == [ALPHA]


async def test_the_silent_are_forgotten(database: Database) -> None:
    """Who has not reported for so long is forgotten, and how many that were is told."""
    await database.strategy.report(ALPHA)
    await database.strategy.report(BETA)
    assert await database.strategy.forget_members(0.0) == 2
    assert await database.strategy.members() == ()


async def test_reports_are_no_changes(database: Database) -> None:
    """Members are no entities: the log says nothing of them."""
    before = await database.log.head()
    await database.strategy.report(ALPHA)
    await database.strategy.leave("aaa")
    assert await database.log.head() == before


async def test_members_outlive_a_process(open_database: OpenDatabase, clock: MovableClock) -> None:
    """A process that was killed is still named, so that it can be missed."""
    first = await open_database("first")
    await first.strategy.report(ALPHA)
    await first.stop()
    assert await seen(await open_database("second")) == [ALPHA]


async def test_a_report_tells_how_far_the_log_goes(open_database: OpenDatabase) -> None:
    """All that was committed before others can know of a node lies before what its first report returns."""
    one, two = await open_database("one"), await open_database("two")
    position = (await one.services.insert({"name": "a"})).position
    assert await two.strategy.report(ALPHA) == position
    later = (await one.services.insert({"name": "b"})).position
    assert later >= await two.strategy.report(ALPHA) >= position
