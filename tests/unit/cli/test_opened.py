"""Work over the database in a reactor of its own."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.task import deferLater

from twisted_kong.cli.opened import in_reactor, over_database
from twisted_kong.core.conf.loading import Sources, load_conf
from twisted_kong.core.conf.problems import ConfError
from twisted_kong.db.database import Database


def test_work_may_wait_and_has_a_result() -> None:
    """The reactor runs as long as the work takes, and is another one each time."""

    async def work(reactor: Any) -> Any:
        await deferLater(reactor, 0)
        return reactor

    first, second = (in_reactor(work, signals=False) for _ in range(2))
    assert first is not second
    assert not first.running


def test_what_the_work_raises_is_raised() -> None:
    """As it was."""

    async def work(reactor: Any) -> None:
        raise LookupError("nothing there")

    with pytest.raises(LookupError, match="nothing there"):
        in_reactor(work, signals=False)


def test_work_that_is_interrupted_has_no_result() -> None:
    """Whoever stops the reactor has interrupted the command."""

    async def work(reactor: Any) -> None:
        reactor.callLater(0, reactor.stop)
        await deferLater(reactor, 60)

    with pytest.raises(KeyboardInterrupt):
        in_reactor(work, signals=False)


def test_a_database_that_this_version_lacks_is_refused() -> None:
    """Before anything is touched."""

    async def work(database: Database) -> None:
        raise AssertionError("there is no database")

    with pytest.raises(ConfError, match="cassandra"):
        over_database(load_conf(Sources("database = cassandra")).conf, work)
