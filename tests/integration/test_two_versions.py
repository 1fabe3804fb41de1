"""Two versions of this program on one database: which definitions of the kinds count."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.kit.databases import make_strategy
from tests.kit.stores import small_database
from twisted_kong.core.errors import UniqueViolation
from twisted_kong.db.database import Database
from twisted_kong.db.definitions import NewerNode
from twisted_kong.db.interfaces import Member

pytestmark = [pytest.mark.integration, pytest.mark.each_database]

# What the newer version adds: a field whose values must differ.
ADDED = {"services": {"code": {"type": "string", "unique": True}}}


class World:
    """Nodes of some versions on one database."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.opened: list[Database] = []

    async def open(self, version: str, host: str) -> Database:
        """Start a node, as far as its database goes; it has not reported itself."""
        from twisted.internet import reactor

        strategy = make_strategy(self.directory, reactor, version)
        added = ADDED if version.startswith("2") else None
        database = small_database(strategy, reactor, host, added)
        self.opened.append(database)
        await database.start()
        return database

    async def join(self, version: str, host: str) -> Database:
        """Start a node that the others know of."""
        database = await self.open(version, host)
        await report(database, version)
        return database


async def report(database: Database, version: str) -> None:
    """Report a node."""
    host = database.instance
    await database.strategy.report(Member(host, host, host, version, 0.0, None))


@asynccontextmanager
async def world(directory: Path) -> AsyncIterator[World]:
    """A database, whose nodes are stopped in the end."""
    it = World(directory)
    try:
        yield it
    finally:
        for database in it.opened:
            await database.stop()


async def test_older_node_does_not_join_newer_ones(tmp_path: Path) -> None:
    """What is unique stays so; when the last newer node has left, an upgrade may be taken back."""
    async with world(tmp_path) as nodes:
        newer = await nodes.join("2.0", "newer")
        await newer.services.insert({"name": "a", "code": "x"})
        with pytest.raises(NewerNode, match=r"version 1\.9 cannot join while newer runs 2\.0.* services;"):
            await nodes.open("1.9", "older")
        with pytest.raises(UniqueViolation):
            await newer.services.insert({"name": "b", "code": "x"})
        await newer.strategy.leave(newer.instance)
        older = await nodes.join("1.9", "older")
        assert (await older.services.insert({"name": "b"})).entity is not None


async def test_newer_node_joins_older_ones(tmp_path: Path) -> None:
    """The order of an upgrade; from then on an older one does not start again."""
    async with world(tmp_path) as nodes:
        older = await nodes.join("1.9", "older")
        await older.services.insert({"name": "a"})
        newer = await nodes.join("2.0rc1", "newer")
        await newer.services.insert({"name": "b", "code": "x"})
        with pytest.raises(NewerNode):
            await nodes.open("1.9", "restarted")


async def test_older_node_that_runs_goes_on(tmp_path: Path) -> None:
    """A newer one may join between its start and its first report: that is an upgrade, too."""
    async with world(tmp_path) as nodes:
        older = await nodes.open("1.9", "older")
        newer = await nodes.join("2.0", "newer")
        await report(older, "1.9")
        assert {member.hostname for member in await newer.strategy.members()} == {"older", "newer"}
        await newer.services.insert({"name": "a", "code": "x"})
        with pytest.raises(UniqueViolation):
            await newer.services.insert({"name": "b", "code": "x"})


async def test_older_node_that_is_faster_than_the_report_of_a_newer_one(tmp_path: Path) -> None:
    """It could not know of the newer one, which sets the definition right as soon as it is known."""
    async with world(tmp_path) as nodes:
        newer = await nodes.open("2.0", "newer")
        await newer.services.insert({"name": "a", "code": "x"})
        await nodes.join("1.9", "older")
        await report(newer, "2.0")
        with pytest.raises(UniqueViolation):
            await newer.services.insert({"name": "b", "code": "x"})
        with pytest.raises(NewerNode):
            await nodes.open("1.9", "restarted")
