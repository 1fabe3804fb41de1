"""Filling the cache before the first request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred

from tests.kit.bundled import bundled
from tests.kit.deferreds import failure_of, no_result, started, success_of
from tests.kit.logs import caught_infos, caught_warnings
from tests.kit.stores import MemoryStore, epoch_clock, make_ids
from twisted_kong.core.cache import ABSENT
from twisted_kong.core.changes import Entity
from twisted_kong.core.errors import DatabaseUnavailable
from twisted_kong.core.schema.registry import build_schemas
from twisted_kong.db.database import Database
from twisted_kong.node.cache import EntityCache
from twisted_kong.node.warm_up import PAGE_SIZE, warm_up


class World:
    """A database with key-auth, and an empty cache."""

    def __init__(self) -> None:
        self.clock = epoch_clock()
        schemas = build_schemas(bundled("key-auth"))
        self.database = Database(MemoryStore().handle(self.clock), schemas, self.clock, make_ids())
        success_of(self.database.start())
        self.cache = EntityCache(self.clock)

    def warm_up(self, *kinds: str) -> Deferred[None]:
        daos: Any = self.database.daos
        return started(warm_up(self.cache, daos, kinds, self.database.workspace, self.clock))

    def insert(self, kind: str, record: dict[str, Any]) -> Entity:
        entity: Any = success_of(self.database[kind].insert(record)).entity
        return entity

    def cached(self, kind: str, part: str) -> Any:
        return self.cache.peek(f"{kind}:{part}:::::{self.database.workspace}")


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    yield world
    success_of(world.database.stop())


def test_what_authentication_looks_for_is_there(world: World) -> None:
    """Credentials by their key and Consumers by their id: the keys of key-auth's usual path."""
    consumer = world.insert("consumers", {"username": "bob"})
    made = world.insert("keyauth_credentials", {"key": "k", "consumer": {"id": consumer["id"]}})
    success_of(world.warm_up("consumers", "keyauth_credentials"))
    assert world.cached("consumers", consumer["id"]) == consumer
    assert world.cached("keyauth_credentials", "k")["id"] == made["id"]


def test_every_page_is_read(world: World) -> None:
    """However many there are."""
    ids = [world.insert("consumers", {"username": f"c{number}"})["id"] for number in range(PAGE_SIZE + 2)]
    success_of(world.warm_up("consumers"))
    assert all(world.cached("consumers", id) is not ABSENT for id in ids)


def test_a_credential_of_limited_time_is_not_kept_longer(world: World) -> None:
    """Its row goes without a trace in the log, so nobody would ever purge it."""
    consumer = world.insert("consumers", {"username": "bob"})
    record = {"key": "k", "consumer": {"id": consumer["id"]}, "ttl": 10}
    world.insert("keyauth_credentials", record)
    success_of(world.warm_up("keyauth_credentials"))
    world.clock.advance(9)
    assert world.cached("keyauth_credentials", "k") is not ABSENT
    world.clock.advance(1)
    assert world.cached("keyauth_credentials", "k") is ABSENT


class SlowDao:
    """Hands its page out when the test says so."""

    def __init__(self, dao: Any) -> None:
        self.schema = dao.schema
        self._dao = dao
        self.waiting: Deferred[None] = Deferred()

    async def page(self, size: object = 100, offset: str | None = None) -> Any:
        page = await self._dao.page(size, offset)
        await self.waiting
        return page


def test_what_changes_while_its_page_is_read_is_not_kept(world: World) -> None:
    """The page has the old row; storing it after the purge would serve it for ever."""
    changed, unchanged = (world.insert("consumers", {"username": name}) for name in ("a", "b"))
    dao = SlowDao(world.database["consumers"])
    workspace = world.database.workspace
    warming = started(warm_up(world.cache, {"consumers": dao}, ["consumers"], workspace, world.clock))
    no_result(warming)
    written = success_of(world.database["consumers"].update(changed["id"], {"username": "other"}))
    for change in written.changes:
        for key in change.keys:
            world.cache.invalidate(key)
    dao.waiting.callback(None)
    success_of(warming)
    assert world.cached("consumers", changed["id"]) is ABSENT
    assert world.cached("consumers", unchanged["id"]) == unchanged


def test_what_is_held_in_memory_anyway_is_said_so(world: World) -> None:
    """One line, but none for the default value ``services``."""
    with caught_infos() as told:
        success_of(world.warm_up("services", "routes"))
    assert told == [
        "the 'routes' entity is ignored in the list of 'db_cache_warmup_entities' because "
        "routes are kept in memory separately"
    ]


def test_an_unknown_name_is_warned_of(world: World) -> None:
    """And keeps no other kind from being read."""
    consumer = world.insert("consumers", {"username": "bob"})
    with caught_warnings() as warned:
        success_of(world.warm_up("nonsense", "consumers"))
    assert warned == [
        "nonsense is not a valid entity name, please check the value of 'db_cache_warmup_entities'"
    ]
    assert world.cached("consumers", consumer["id"]) is not ABSENT


def test_progress_is_told_in_the_words_of_kong(world: World) -> None:
    """Operators look for these lines."""
    with caught_infos() as told:
        success_of(world.warm_up("consumers"))
    assert told == [
        "Preloading 'consumers' into the core_cache...",
        "finished preloading 'consumers' into the core_cache (in 0ms)",
    ]


def test_a_full_cache_ends_it(world: World) -> None:
    """Reading on would only push out what was read before."""
    for number in range(PAGE_SIZE + 1):
        world.insert("consumers", {"username": f"c{number}"})
    world.cache = EntityCache(world.clock, max_entries=10)
    with caught_warnings() as warned:
        success_of(world.warm_up("consumers", "keyauth_credentials"))
    assert len(warned) == 1
    assert "increasing the value of 'mem_cache_size'" in warned[0]
    assert world.cache.statistics.entries == 10


def test_an_error_of_the_database_ends_it_with_a_warning(world: World) -> None:
    """The node starts all the same: the cache fills as requests come."""
    dao = SlowDao(world.database["consumers"])
    dao.waiting.errback(DatabaseUnavailable("busy"))
    with caught_warnings() as warned:
        success_of(warm_up(world.cache, {"consumers": dao}, ["consumers", "tags"], "", world.clock))
    assert warned == ["cache warmup has been stopped: busy"]


def test_a_start_that_is_broken_off_breaks_it_off(world: World) -> None:
    """It holds up no stop."""
    dao = SlowDao(world.database["consumers"])
    warming = started(warm_up(world.cache, {"consumers": dao}, ["consumers"], "", world.clock))
    warming.cancel()
    failure_of(warming, CancelledError)
