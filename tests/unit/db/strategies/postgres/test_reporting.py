"""Reports of a node on a server of the imagination."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.kit.deferreds import started, success_of
from tests.kit.postgres_driver import FakeServer, PostgresClock
from twisted_kong.db.definitions import layout_of
from twisted_kong.db.interfaces import DEAD_AFTER, Member
from twisted_kong.db.positions import LogPosition
from twisted_kong.db.strategies.postgres.pool import Pool
from twisted_kong.db.strategies.postgres.reporting import Reporting
from twisted_kong.db.strategies.postgres.settings import Settings
from twisted_kong.db.tables import Table, Unique

TABLE = Table("things", ("id",), (Unique(("name",)),), (), (), lambda new, old: ())
KNOWN = [("things", layout_of(TABLE))]
MEMBER = Member("a", "b", "c", "1.0", 5.0, None)
HEAD = [(4, "aaaaaaaa")]


class World:
    """A node of version 1.0, and the server that it reports itself to."""

    def __init__(self) -> None:
        self.clock, self.server = PostgresClock(), FakeServer()
        settings = Settings(hosts=(("10.0.0.1", 5432),), pool_size=1)
        self.pool = Pool(settings, self.clock, writable=True, make_driver=self.server.make)
        self.reporting = Reporting(self.pool, self.clock, "1.0")

    def report(self, *answers: Any) -> LogPosition:
        """Report the node; one answer for each message."""
        report = started(self.reporting.report(MEMBER, [TABLE]))
        for answer in answers:
            self.server.answer(answer)
        return success_of(report)


@pytest.fixture
def world() -> Iterator[World]:
    """A server that answers; the connections are closed in the end."""
    world = World()
    yield world
    success_of(world.pool.close())


def test_first_report_waits_for_who_is_at_the_definitions(world: World) -> None:
    """And then tells the head as it is after that; later ones are one message each."""
    assert world.report([(3, "99999999")], [], KNOWN, [], HEAD) == LogPosition(4, "aaaaaaaa")
    assert world.report(HEAD) == LogPosition(4, "aaaaaaaa")


def test_who_was_taken_for_dead_looks_again(world: World) -> None:
    """An older node may have started meanwhile."""
    world.report(HEAD, [], KNOWN, [], HEAD)
    world.clock.advance(DEAD_AFTER)
    assert world.report([(3, "99999999")], [], KNOWN, [], HEAD) == LogPosition(4, "aaaaaaaa")


def test_older_node_that_runs_goes_on(world: World) -> None:
    """It brings back nothing that a newer one has written, and is a member as before."""
    newer = ("n", "n", "newer", "2.0", 5.0, 4, "aaaaaaaa", 0.0)
    assert world.report(HEAD, [], [("things", "newer")], [newer], [], HEAD) == LogPosition(4, "aaaaaaaa")


def test_members(world: World) -> None:
    """They are told, leave and are forgotten by one statement each."""
    asked = started(world.reporting.members())
    world.server.answer([("a", "b", "c", "1.0", 5.0, None, None, 1.0)])
    assert [member.age for member in success_of(asked)] == [1.0]
    leaving = started(world.reporting.leave("a"))
    world.server.answer([])
    success_of(leaving)
    forgetting = started(world.reporting.forget(60.0))
    world.server.answer([(2,)])
    assert success_of(forgetting) == 2
