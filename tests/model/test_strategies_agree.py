"""Whatever is written, in whatever order: all strategies do, refuse, tell and list the same."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock
from typing_extensions import override

from tests.kit.postgres import PostgresDatabase, requires_postgres, settings_of, shared_server
from tests.kit.small_kinds import SmallKinds
from tests.kit.waiting import PATIENCE
from tests.kit.write_context import write_context
from twisted_kong.core.errors import EntityError
from twisted_kong.db.interfaces import (
    Commit,
    Cursor,
    IStrategy,
    LostRace,
    Selection,
    StoredPage,
    TagFilter,
    TagRow,
    Write,
)
from twisted_kong.db.schemas import tables_of
from twisted_kong.db.strategies.memory import MemoryStrategy
from twisted_kong.db.strategies.postgres.blocking import BlockingDriver, Standstill
from twisted_kong.db.strategies.postgres.store import PostgresStrategy
from twisted_kong.db.strategies.sqlite import log, rows
from twisted_kong.db.strategies.sqlite.connection import transaction
from twisted_kong.db.strategies.sqlite.migrations import migrate
from twisted_kong.db.tables import Table
from twisted_kong.db.transaction import execute, run_unsuspended

T = TypeVar("T")

TABLES = tables_of(SmallKinds(), lambda schema, new, old: (schema.name, str(new), str(old)), write_context)

# Few of each, so that they collide, refer to one another and are found again.
IDS = st.sampled_from("123")
NAMES = st.none() | st.sampled_from("ab")
TAGS = st.none() | st.lists(st.sampled_from("xyz"), max_size=3)


def _reference(required: bool = False) -> Any:
    found = IDS.map(lambda key: {"id": key})
    return found if required else st.none() | found


ENTITIES = {
    "services": st.fixed_dictionaries({"name": NAMES, "tags": TAGS}),
    "routes": st.fixed_dictionaries({"name": NAMES, "service": _reference(), "tags": TAGS}),
    "consumers": st.fixed_dictionaries({"username": NAMES, "custom_id": NAMES, "tags": TAGS}),
    "plugins": st.fixed_dictionaries(
        {
            "name": st.just("p"),
            "instance_name": NAMES,
            "service": _reference(),
            "route": _reference(),
            "consumer": _reference(),
        }
    ),
    "keyauth_credentials": st.fixed_dictionaries(
        {"key": NAMES, "consumer": _reference(required=True), "tags": TAGS}
    ),
    "grants": st.fixed_dictionaries({"credential": _reference(required=True)}),
}


# What most references lead to, lest most of what follows be refused.
PARENTS = tuple(
    Write(table, "insert", key, {"id": key, "tags": None})
    for table in ("consumers", "services")
    for key in "12"
)


@st.composite
def writes(draw: st.DrawFn) -> Write:
    """Some write of some entity; half of the credentials have an end that is near."""
    table = draw(st.sampled_from(sorted(ENTITIES)))
    key = draw(IDS)
    operation: Any = draw(st.sampled_from(["insert", "insert", "update", "delete", "expire"]))
    if operation in ("delete", "expire"):
        return Write(table, operation, key)
    expires = draw(st.none() | st.integers(1, 5)) if table == "keyauth_credentials" else None
    entity = {"id": key, **draw(ENTITIES[table])}
    return Write(table, operation, key, entity, expires=expires, keeps_expiry=draw(st.booleans()))


class IStore(Protocol):
    """A store, driven without a reactor."""

    def apply(self, commit: Commit) -> list[Any]:
        """What a commit is told to have changed."""

    def page(self, table: Table, size: int, cursor: Cursor | None, selection: Selection) -> StoredPage:
        """A page."""

    def tags(self) -> list[TagRow]:
        """All tags."""

    def close(self) -> None:
        """Leave it, empty."""


class Whole:
    """A strategy whose operations never wait."""

    def __init__(self, strategy: IStrategy) -> None:
        self._strategy = strategy
        run_unsuspended(strategy.start(TABLES))

    def apply(self, commit: Commit) -> list[Any]:
        """What a commit is told to have changed."""
        return [_told(change) for change in run_unsuspended(self._strategy.apply(commit)).changes]

    def page(self, table: Table, size: int, cursor: Cursor | None, selection: Selection) -> StoredPage:
        """A page."""
        return run_unsuspended(self._strategy.page(table, size, cursor, selection))

    def tags(self) -> list[TagRow]:
        """All tags."""
        return run_unsuspended(self._strategy.tags_after(99, None, None))

    def close(self) -> None:
        """Nothing to do."""


class Sqlite:
    """SQLite without its threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._connection = sqlite3.connect(":memory:", isolation_level=None)
        migrate(self._connection, Path("kong.db"))

    def apply(self, commit: Commit) -> list[Any]:
        """What a commit is told to have changed."""
        with transaction(self._connection):
            drafts = run_unsuspended(execute(TABLES, rows.SqliteRows(self._connection), commit))
            changes = log.append(self._connection, drafts, commit)
        return [_told(change) for change in changes]

    def page(self, table: Table, size: int, cursor: Cursor | None, selection: Selection) -> StoredPage:
        """A page."""
        return rows.page(self._connection, table, size, cursor, selection, self._clock.seconds())

    def tags(self) -> list[TagRow]:
        """All tags."""
        return rows.tags_after(self._connection, 99, ("", 0, ""), None, self._clock.seconds())

    def close(self) -> None:
        """Close it."""
        self._connection.close()


class Postgres(Whole):
    """PostgreSQL through connections that wait; one database serves all histories, and is emptied between."""

    def __init__(self, clock: Clock) -> None:
        numbers = itertools.count()
        self._postgres = PostgresStrategy(
            settings_of(_database(), pool_size=1),
            None,
            clock,
            new_tag=lambda: f"{next(numbers):08x}",
            make_driver=lambda: BlockingDriver(PATIENCE),
        )
        super().__init__(self._postgres)

    @override
    def close(self) -> None:
        """Empty it and close the connection."""
        run_unsuspended(self._postgres.primary.run(_EMPTY))
        run_unsuspended(self._postgres.stop())


_EMPTY = """
    delete from entities; delete from unique_values; delete from foreign_keys; delete from tags;
    delete from changes where number > 0
"""


@cache
def _database() -> PostgresDatabase:
    return shared_server().fresh_database()


class Side:
    """Stores that are driven side by side."""

    def __init__(self, *stores: Callable[[Clock], IStore]) -> None:
        self._clock = Standstill()
        self._stores = [make(self._clock) for make in stores]

    def apply(self, commit: Commit) -> None:
        """Apply a commit to each; outcome and changes must be the same."""
        self._clock.advance(commit.at - self._clock.seconds())
        first, *others = [_outcome(store, commit) for store in self._stores]
        assert all(each == first for each in others)

    def compare(self) -> None:
        """All lists that can be had must be the same."""
        selections = [Selection()]
        selections += [Selection(tags=TagFilter(("x", "y"), every=every)) for every in (True, False)]
        selections += [Selection(foreign=("consumer", "1")), Selection(foreign=("service", "2"))]
        selections += [replace(each, descending=True) for each in selections]
        for table, selection in itertools.product(TABLES.values(), selections):
            page = self._same(partial(_page, table, 2, None, selection))
            if page.cursor is not None:
                self._same(partial(_page, table, 9, page.cursor, selection))
        self._same(lambda store: store.tags())

    def close(self) -> None:
        """Leave them."""
        for store in self._stores:
            store.close()

    def _same(self, look: Callable[[IStore], T]) -> T:
        first, *others = [look(store) for store in self._stores]
        assert all(each == first for each in others)
        return first


def _page(table: Table, size: int, cursor: Cursor | None, selection: Selection, store: IStore) -> StoredPage:
    return store.page(table, size, cursor, selection)


def _memory(clock: Clock) -> IStore:
    numbers = itertools.count()
    return Whole(MemoryStrategy(clock, lambda: f"{next(numbers):08x}"))


def _told(change: Any) -> Any:
    return change.position.number, change.entity, change.operation, change.id, change.keys


def _outcome(store: IStore, commit: Commit) -> Any:
    try:
        return store.apply(commit)
    except (EntityError, LostRace) as refusal:
        return type(refusal), str(refusal)


def _drive(side: Side, commits: list[tuple[list[Write], int]]) -> None:
    try:
        now = 0.0
        side.apply(Commit(PARENTS, "me", now))
        for batch, seconds in commits:
            now += seconds
            side.apply(Commit(tuple(batch), "me", now))
        side.compare()
    finally:
        side.close()


HISTORIES = st.lists(st.tuples(st.lists(writes(), min_size=1, max_size=3), st.integers(0, 1)), max_size=25)


@settings(max_examples=150, deadline=None)
@given(HISTORIES)
def test_both_do_the_same(commits: list[tuple[list[Write], int]]) -> None:
    """After each commit of a random history, with time going on, memory and SQLite hold and tell the same."""
    _drive(Side(_memory, Sqlite), commits)


@requires_postgres
@pytest.mark.integration
@settings(max_examples=60, deadline=None)
@given(HISTORIES)
def test_postgres_does_the_same(commits: list[tuple[list[Write], int]]) -> None:
    """So does PostgreSQL."""
    _drive(Side(_memory, Postgres), commits)
