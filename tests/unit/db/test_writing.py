"""Tests of what kinds with rules of their own may refine of how they are written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from typing_extensions import override

from tests.kit.deferreds import failure_of, success_of
from tests.kit.stores import memory_database
from twisted_kong.core.changes import Entity
from twisted_kong.core.errors import EntityError, SchemaViolation
from twisted_kong.db.dao import Dao
from twisted_kong.db.database import Database
from twisted_kong.db.interfaces import Write

KEY = "11111111-1111-4111-8111-000000000001"
FIRST = "11111111-1111-4111-8111-000000000002"
LAST = "11111111-1111-4111-8111-000000000003"


class Refined(Dao):
    """Refuses what it is told to, notes what it was asked, and writes a Route before and one after."""

    refuses = ""

    def __init__(self, plain: Dao) -> None:
        super().__init__(plain.schema, plain.table, plain._context)
        self.asked: list[str] = []

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if what == self.refuses:
            raise EntityError(what)

    @override
    async def _examine(self, record: Mapping[str, Any], key: str | None) -> None:
        self._ask(f"record of {key}")

    @override
    async def _check(self, entity: Entity, current: Entity | None) -> None:
        self._ask("entity")

    @override
    async def _check_removal(self, current: Entity) -> None:
        self._ask("removal")

    @override
    async def _companions(
        self, entity: Entity | None, current: Entity | None, record: Mapping[str, Any]
    ) -> tuple[tuple[Write, ...], tuple[Write, ...]]:
        self._ask("companions")
        if entity is None:
            return (Write("routes", "delete", FIRST),), ()
        first, last = ({**entity, "id": key, "name": key} for key in (FIRST, LAST))
        return (Write("routes", "insert", FIRST, first),), (Write("routes", "insert", LAST, last),)


@pytest.fixture
def database() -> Iterator[Database]:
    with memory_database() as database:
        yield database


def test_a_write_is_judged_before_and_after_its_schema(database: Database) -> None:
    """And what belongs to it is written with it, in one commit and in order."""
    routes = Refined(database["routes"])
    failure_of(routes.insert({"name": 5}), SchemaViolation)
    assert routes.asked == ["record of None"]
    routes.asked.clear()
    written = success_of(routes.insert({"id": KEY, "name": "r"}))
    assert routes.asked == ["record of None", "entity", "companions"]
    assert [change.id for change in written.changes] == [FIRST, KEY, LAST]


def test_a_removal_is_judged(database: Database) -> None:
    """And what goes with the entity goes first."""
    success_of(database["routes"].insert({"id": KEY, "name": "r"}))
    success_of(database["routes"].insert({"id": FIRST, "name": "f"}))
    routes = Refined(database["routes"])
    written = success_of(routes.delete(KEY))
    assert routes.asked == ["removal", "companions"]
    assert [change.id for change in written.changes] == [FIRST, KEY]


@pytest.mark.parametrize("refused", [f"record of {KEY}", "entity", "companions"])
def test_what_is_refused_is_not_written(database: Database, refused: str) -> None:
    """Whoever of them refuses it."""
    success_of(database["routes"].insert({"id": KEY, "name": "r"}))
    head = success_of(database.log.head())
    routes = Refined(database["routes"])
    routes.refuses = refused
    failure_of(routes.update(KEY, {"name": "s"}), EntityError)
    assert success_of(database.log.head()) == head
