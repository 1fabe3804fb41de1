"""Tests of several writes that are made as one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.kit.deferreds import failure_of, success_of
from tests.kit.stores import memory_database
from twisted_kong.core.errors import DatabaseUnavailable, NotFound, UniqueViolation
from twisted_kong.db.database import Database
from twisted_kong.db.races import ATTEMPTS
from twisted_kong.db.staging import JointWrites
from twisted_kong.db.terms import Terms


@pytest.fixture
def database() -> Iterator[Database]:
    """A database with a Service ``s``."""
    with memory_database() as opened:
        success_of(opened.services.insert({"name": "s", "port": 0}))
        yield opened


def port(database: Database) -> Any:
    """The port of the Service ``s``."""
    return success_of(database.services.select_by("name", "s"))["port"]


def test_all_writes_are_one_commit(database: Database) -> None:
    """What the work returns is handed on, and its writes have one position and one author."""

    async def work(twin: Database) -> str:
        await twin.services.insert({"name": "t"})
        await twin.routes.insert({"name": "r", "service": {"name": "t"}})
        return "done"

    made = success_of(JointWrites(database).make(work, Terms("alice")))
    assert made.result == "done"
    assert [(change.entity, change.author) for change in made.committed.changes] == [
        ("services", "alice"),
        ("routes", "alice"),
    ]
    assert made.committed.position == success_of(database.log.head())


def test_work_that_fails_writes_nothing(database: Database) -> None:
    """What the work raises comes out, and nothing is written."""

    async def work(twin: Database) -> None:
        await twin.services.insert({"name": "t"})
        await twin.routes.update_by("name", "r", {})

    failure_of(JointWrites(database).make(work), NotFound)
    assert success_of(database.services.select_by("name", "t")) is None


def test_a_lost_race_is_decided_anew(database: Database) -> None:
    """Whatever was changed in between, the work is done again on what is there then."""
    others = iter([1, 2])

    async def work(twin: Database) -> int:
        seen = (await twin.services.select_by("name", "s"))["port"]
        await twin.services.update_by("name", "s", {"port": seen + 10})
        for other in others:
            await database.services.update_by("name", "s", {"port": other})
            break
        return seen

    assert success_of(JointWrites(database).make(work)).result == 2
    assert port(database) == 12


def test_a_value_taken_meanwhile_is_refused_by_the_work(database: Database) -> None:
    """The write that comes too late is refused as if it had come later, by the work itself."""
    refused = []

    async def work(twin: Database) -> None:
        try:
            await twin.services.insert({"name": "t"})
        except UniqueViolation:
            refused.append(True)
            raise
        await database.services.insert({"name": "t"})

    failure_of(JointWrites(database).make(work), UniqueViolation)
    assert refused == [True]


def test_a_race_is_not_run_for_ever(database: Database) -> None:
    """Where others are faster again and again it is given up, and the client may try again."""
    times = []

    async def work(twin: Database) -> None:
        await twin.services.update_by("name", "s", {"port": 1})
        times.append(1)
        await database.services.update_by("name", "s", {"port": 100 + len(times)})

    error = failure_of(JointWrites(database).make(work), DatabaseUnavailable)
    assert "others kept changing" in str(error)
    assert len(times) == ATTEMPTS + 1


def test_joint_writes_can_be_staged(database: Database) -> None:
    """Within other joint writes they are part of them."""

    async def inner(twin: Database) -> None:
        await twin.services.insert({"name": "t"})

    async def outer(twin: Database) -> None:
        await JointWrites(twin).make(inner)
        assert await twin.services.select_by("name", "t") is not None
        assert await database.services.select_by("name", "t") is None

    made = success_of(JointWrites(database).make(outer))
    assert len(made.committed.changes) == 1


@pytest.mark.parametrize(("caught_up", "times"), [(True, 0), (False, 1)])
def test_reads_are_caught_up_once(database: Database, caught_up: bool, times: int) -> None:
    """However many writes there are, and not at all where the caller has seen to it."""
    seen = []

    async def catch_up() -> None:
        seen.append(1)

    async def work(twin: Database) -> None:
        for name in "abc":
            await twin.services.insert({"name": name}, terms=terms)

    terms = Terms(caught_up=caught_up)
    database.strategy.catch_up = catch_up  # type: ignore[method-assign]
    success_of(JointWrites(database).make(work, terms))
    assert len(seen) == times
