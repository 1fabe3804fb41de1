"""What the steps are asked of; running them on a real server is the integration tests'."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest

from tests.kit.deferreds import success_of
from twisted_kong.core.errors import DatabaseError
from twisted_kong.db.strategies.postgres.driver import Rows
from twisted_kong.db.strategies.postgres.migrations import STEPS, TABLES, state, where
from twisted_kong.db.strategies.postgres.settings import Settings
from twisted_kong.db.transaction import run_unsuspended


class Schema:
    """A schema with a table ``migrations`` of these columns and rows."""

    def __init__(self, columns: list[str], *names: str) -> None:
        self._columns, self._names = columns, names

    async def run(self, query: str, parameters: Sequence[Any] = ()) -> Rows:
        """What it answers."""
        return [(self._columns,)] if "pg_attribute" in query else [(name,) for name in self._names]


def test_state() -> None:
    """A table of our columns is ours; none, and another program's, mean that nothing has run."""
    names = tuple(step.name for step in STEPS)
    found = success_of(state(Schema(["name", "at"], *names), "x"))
    assert (found.executed, found.pending) == (names, ())
    for columns in ([], ["id", "migration", "batch"]):
        found = success_of(state(Schema(columns, "theirs"), "x"))
        assert (found.executed, found.pending) == ((), names)


def test_later_version() -> None:
    """Steps that we do not know are refused, with the database's name."""
    with pytest.raises(DatabaseError, match="the database was used by a later version"):
        run_unsuspended(state(Schema(["name", "at"], "9999_later"), "the database"))


def test_all_tables_are_known() -> None:
    """What the steps make is what reset drops."""
    made = {name for step in STEPS for name in re.findall(r"^create table (\w+)", step.text, re.MULTILINE)}
    assert made | {"migrations"} == set(TABLES)


def test_where() -> None:
    """As the operator knows it: every server, and the schema where one was chosen."""
    hosts = (("db", 5432), ("/run/postgresql", 5433))
    assert where(Settings(hosts)) == "the database kong at db:5432, /run/postgresql/.s.PGSQL.5433"
    assert where(Settings(hosts[:1], "d", schema="s")) == "the database d at db:5432, schema s"
