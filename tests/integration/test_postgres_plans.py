"""How PostgreSQL carries out what the strategy asks: by an index, however much there is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.kit.postgres import requires_postgres, shared_server
from tests.kit.small_kinds import SmallKinds
from tests.kit.write_context import write_context
from twisted_kong.db.interfaces import Selection, TagFilter
from twisted_kong.db.positions import LogPosition
from twisted_kong.db.schemas import tables_of
from twisted_kong.db.strategies.postgres import log, members, rows
from twisted_kong.db.strategies.postgres.migrations import STEPS
from twisted_kong.db.strategies.postgres.proof import SHOWN, Question
from twisted_kong.db.strategies.postgres.reading import proven
from twisted_kong.db.strategies.postgres.statement import Statement
from twisted_kong.db.tables import Unique

pytestmark = [pytest.mark.integration, requires_postgres]

TABLES = tables_of(SmallKinds(), lambda schema, new, old: (), write_context)
SERVICES, ROUTES = TABLES["services"], TABLES["routes"]
COUNT = 20_000
NOW = 1e9
KEY = "8" * 32
# Each Service has a common tag and a few a rare one; each Route belongs to one of a hundred Services.
_FILL = f"""
    create temporary table numbers as select i, md5(i::text) as id from generate_series(1, {COUNT}) as i;
    insert into entities
        select kind, id, '{{}}', null from numbers, (values ('services'), ('routes')) as kinds (kind);
    update entities set expires = 5 where kind = 'services' and id < '01';
    insert into unique_values select 'services', 'name', '["n' || i || '"]', id from numbers;
    insert into foreign_keys select 'routes', 'service', md5((i % 100)::text), id from numbers;
    insert into tags select id, 1, 'services', 'common' || i % 10 from numbers;
    insert into tags select id, 2, 'services', 'rare' from numbers where i % 1000 = 0;
    insert into changes select i, left(id, 8), 'services', 'create', id, '[]', '', i, null from numbers;
    analyze
"""


@pytest.fixture(scope="module")
def cursor() -> Iterator[Any]:
    """A database with much in it."""
    connection = shared_server().fresh_database().connect()
    cursor = connection.cursor()
    for step in STEPS:
        cursor.execute(step.text)
    cursor.execute(_FILL)
    yield cursor
    connection.close()


def plan(cursor: Any, statement: Statement) -> dict[str, Any]:
    """How a statement is carried out, and what that took."""
    cursor.execute(f"explain (analyze, buffers, format json) {statement.text}".encode(), statement.parameters)
    found = cursor.fetchone()[0]
    whole: dict[str, Any] = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    return whole


def parts(whole: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All parts of a plan."""
    yield whole
    for part in whole.get("Plans", ()):
        yield from parts(part)


def rows_looked_at(whole: dict[str, Any]) -> int:
    """How many rows a plan had to look at, at most by one of its parts."""
    return int(max(part["Actual Rows"] + part.get("Rows Removed by Filter", 0) for part in parts(whole)))


def check(cursor: Any, statement: Statement, most: int) -> None:
    """It must be carried out by indexes, looking at no more than so many rows."""
    whole = plan(cursor, statement)
    scans = {part["Node Type"] for part in parts(whole) if "Scan" in part["Node Type"]}
    assert "Seq Scan" not in scans, whole
    assert rows_looked_at(whole) <= most, whole


QUESTION = Question(frozenset({LogPosition(COUNT, "x" * 8), LogPosition(COUNT - 1, "y" * 8)}), 0)


@pytest.mark.parametrize(
    ("query", "most"),
    [
        (rows.select(SERVICES, KEY, NOW), 2),
        (rows.select_by(SERVICES, Unique(("name",)), '["n77"]', NOW), 2),
        (rows.page(SERVICES, 100, None, Selection(), NOW), 300),
        (rows.page(SERVICES, 100, [KEY], Selection(), NOW), 102),
        (rows.page(SERVICES, 100, [KEY], Selection(tags=TagFilter(("common3",), every=True)), NOW), 102),
        (rows.page(SERVICES, 100, None, Selection(tags=TagFilter(("rare", "no"), every=False)), NOW), 102),
        (
            rows.page(SERVICES, 100, None, Selection(tags=TagFilter(("rare", "common1"), every=True)), NOW),
            102,
        ),
        (rows.page(ROUTES, 100, [KEY], Selection(foreign=("service", "c" * 32)), NOW), 102),
        (
            rows.page(SERVICES, 100, None, Selection(tags=TagFilter(("common1", "rare"), every=True)), NOW),
            COUNT // 10 + 1,
        ),
        (rows.page(SERVICES, 100, None, Selection(descending=True), NOW), 102),
        (rows.page(SERVICES, 100, [KEY], Selection(descending=True), NOW), 102),
        (
            rows.page(SERVICES, 100, [KEY], Selection(TagFilter(("common3",), True), descending=True), NOW),
            102,
        ),
        (
            rows.page(SERVICES, 100, None, Selection(TagFilter(("rare", "no"), False), None, True), NOW),
            102,
        ),
        (
            rows.page(SERVICES, 100, None, Selection(TagFilter(("rare", "common1"), True), None, True), NOW),
            102,
        ),
        (rows.page(ROUTES, 100, [KEY], Selection(foreign=("service", "c" * 32), descending=True), NOW), 102),
        (rows.tags_after(100, (KEY, 1, ""), None, NOW), 103),
        (rows.tags_after(100, (KEY, 1, ""), "common3", NOW), 103),
        (rows.expired(["services"], 20, 10.0), 21),
        (log.changes_after(LogPosition(COUNT, "x" * 8), 1000), 2),
        (log.changes_after(LogPosition(COUNT - 100, "x" * 8), 1000), 102),
        (log.beginning(100), 102),
    ],
    ids=lambda value: (
        str(value.text).split("from")[1].split("where")[0].strip()[:40]
        if isinstance(value, Statement)
        else None
    ),
)
def test_reads(cursor: Any, query: Statement, most: int) -> None:
    """Each read, and the proof beside it, looks at little more than it returns."""
    check(cursor, proven(QUESTION, query), max(most, SHOWN))


def test_the_head(cursor: Any) -> None:
    """So does the proof alone."""
    check(cursor, proven(QUESTION), SHOWN)


def test_a_step_of_forgetting(cursor: Any) -> None:
    """One step looks at so many rows as it may remove, not at the log."""
    cursor.execute("begin")
    check(cursor, log.trim(COUNT / 2), log.TRIM_STEP)
    cursor.execute("rollback")


def test_members(cursor: Any) -> None:
    """A report touches one row, whatever there is in the log."""
    cursor.execute("begin")
    head = members.head()
    assert rows_looked_at(plan(cursor, head)) <= 1
    cursor.execute("rollback")
