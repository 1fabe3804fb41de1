"""Whatever is written, in whatever order: memory and SQLite do, refuse, tell and list the same."""

from __future__ import annotations

import itertools
import sqlite3
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock

from tests.kit.deferreds import success_of
from tests.kit.small_kinds import SmallKinds
from tests.kit.write_context import write_context
from twisted_kong.core.errors import EntityError
from twisted_kong.db.interfaces import Commit, LostRace, Selection, TagFilter, Write
from twisted_kong.db.schemas import tables_of
from twisted_kong.db.strategies.memory import MemoryStrategy
from twisted_kong.db.strategies.sqlite import log, rows
from twisted_kong.db.strategies.sqlite.connection import transaction
from twisted_kong.db.strategies.sqlite.migrations import migrate
from twisted_kong.db.transaction import execute, run_unsuspended

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


class Both:
    """The two stores, driven side by side."""

    def __init__(self) -> None:
        numbers = itertools.count()
        self._clock = Clock()
        self._memory = MemoryStrategy(self._clock, lambda: f"{next(numbers):08x}")
        success_of(self._memory.start(TABLES))
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        migrate(self.connection, Path("kong.db"))

    def apply(self, commit: Commit) -> None:
        """Apply a commit to both; outcome and changes must be the same."""
        self._clock.advance(commit.at - self._clock.seconds())
        assert _outcome(lambda: self._in_memory(commit)) == _outcome(lambda: self._in_sqlite(commit))

    def compare(self) -> None:
        """All lists that can be had must be the same."""
        selections = [Selection()]
        selections += [Selection(tags=TagFilter(("x", "y"), every=every)) for every in (True, False)]
        selections += [Selection(foreign=("consumer", "1")), Selection(foreign=("service", "2"))]
        for table, selection in itertools.product(TABLES.values(), selections):
            now = self._clock.seconds()
            first = success_of(self._memory.page(table, 2, None, selection))
            assert first == rows.page(self.connection, table, 2, None, selection, now)
            if first.cursor is not None:
                rest = success_of(self._memory.page(table, 9, first.cursor, selection))
                assert rest == rows.page(self.connection, table, 9, first.cursor, selection, now)
        tags = success_of(self._memory.tags_after(99, None, None))
        assert tags == rows.tags_after(self.connection, 99, ("", 0, ""), None, self._clock.seconds())

    def _in_memory(self, commit: Commit) -> Any:
        return [_told(change) for change in success_of(self._memory.apply(commit)).changes]

    def _in_sqlite(self, commit: Commit) -> Any:
        with transaction(self.connection):
            drafts = run_unsuspended(execute(TABLES, rows.SqliteRows(self.connection), commit))
            changes = log.append(self.connection, drafts, commit)
        return [_told(change) for change in changes]


def _told(change: Any) -> Any:
    return change.position.number, change.entity, change.operation, change.id, change.keys


def _outcome(work: Any) -> Any:
    try:
        return work()
    except (EntityError, LostRace) as refusal:
        return type(refusal), str(refusal)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.lists(writes(), min_size=1, max_size=3), st.integers(0, 1)), max_size=25))
def test_both_do_the_same(commits: list[tuple[list[Write], int]]) -> None:
    """After each commit of a random history, with time going on, both stores hold and tell the same."""
    both = Both()
    try:
        now = 0.0
        both.apply(Commit(PARENTS, "me", now))
        for batch, seconds in commits:
            now += seconds
            both.apply(Commit(tuple(batch), "me", now))
        both.compare()
    finally:
        both.connection.close()
