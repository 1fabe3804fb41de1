"""How entities are asked for and written; what the answers are is for the contract of stores."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kit.deferreds import success_of
from tests.kit.small_kinds import SmallKinds
from tests.kit.write_context import write_context
from twisted_kong.core.errors import SchemaViolation
from twisted_kong.db.documents import encode
from twisted_kong.db.interfaces import Selection, Stored, StoredPage, TagFilter, TagRow
from twisted_kong.db.schemas import tables_of
from twisted_kong.db.strategies.postgres import rows
from twisted_kong.db.strategies.postgres.rows import PostgresRows, index, indexed
from twisted_kong.db.strategies.postgres.statement import Rows, Statement
from twisted_kong.db.tables import Unique

TABLES = tables_of(SmallKinds(), lambda schema, new, old: (), write_context)
SERVICES, ROUTES = TABLES["services"], TABLES["routes"]


def stored(**entity: Any) -> Stored:
    """A row."""
    return Stored(entity, encode(entity))


class FakeTransaction:
    """Takes down what it is asked, and answers with what it is given."""

    def __init__(self, *answers: Rows) -> None:
        self.asked: list[tuple[str, tuple[Any, ...]]] = []
        self._answers = list(answers)

    async def run(self, query: str, parameters: tuple[Any, ...]) -> Rows:
        """The next answer."""
        self.asked.append((query, parameters))
        return self._answers.pop(0)


def test_rows_are_locked() -> None:
    """Who writes locks what it looks at, for what was decided must stand until the end."""
    transaction = FakeTransaction([('{"id":"1"}', None)])
    found = success_of(PostgresRows(transaction).get(SERVICES, "1"))
    assert found == Stored({"id": "1"}, b'{"id":"1"}')
    assert transaction.asked[0][0].endswith("for update")


def test_what_is_not_there() -> None:
    """No row is no error, whichever way it is looked for."""
    look = PostgresRows(FakeTransaction([], [], []))
    assert success_of(look.get(SERVICES, "1")) is None
    assert success_of(look.holder(SERVICES, Unique(("name",)), '["a"]')) is None
    assert success_of(look.referring(ROUTES, "service", "1")) == []


def test_writes_travel_with_the_next_question() -> None:
    """What is written costs no round trip of its own, and comes before what is asked next."""
    transaction = FakeTransaction([])
    writing = PostgresRows(transaction)
    success_of(writing.put(SERVICES, "1", stored(id="1", name="a"), None))
    assert transaction.asked == []
    success_of(writing.get(SERVICES, "2"))
    [(query, _)] = transaction.asked
    statements = query.split(";\n")
    assert [each.split(" ")[0] for each in statements] == ["insert", "insert", "select"]
    assert writing.pending == []


def test_only_what_differs_is_touched() -> None:
    """A change of nothing that finds the row writes one row and no more."""
    old, new = stored(id="1", name="a", tags=["x"], port=1), stored(id="1", name="a", tags=["x"], port=2)
    writing = PostgresRows(FakeTransaction())
    success_of(writing.put(SERVICES, "1", new, old))
    [only] = writing.pending
    assert only.text.startswith("update entities")


def test_what_finds_a_row_follows_it() -> None:
    """Unique values, references and tags that are no longer its own go, and new ones come, in one order."""
    first = stored(id="1", name="a", service={"id": "9"}, tags=["x", "y"])
    second = stored(id="1", name="b", service=None, tags=["y"])
    assert index(ROUTES, "1", second, first) == [
        Statement(
            "delete from unique_values where (kind, fields, value, id) in %s",
            ((("routes", "name", '["a"]', "1"),),),
        ),
        Statement(
            "insert into unique_values (kind, fields, value, id) values %s",
            (("routes", "name", '["b"]', "1"),),
        ),
        Statement(
            "delete from foreign_keys where (kind, field, parent, id) in %s",
            ((("routes", "service", "9", "1"),),),
        ),
        Statement(
            "delete from tags where (id, ordinal, kind, tag) in %s",
            ((("1", 1, "routes", "x"), ("1", 2, "routes", "y")),),
        ),
        Statement("insert into tags (id, ordinal, kind, tag) values %s", (("1", 1, "routes", "y"),)),
    ]


def test_long_values_are_found_by_their_digest() -> None:
    """A value that no index can hold is stood for by its digest, which is no value."""
    short, long = '["a"]', f'["{"a" * 5000}"]'
    assert indexed(short) == short
    assert len(indexed("\N{EURO SIGN}" * 900)) < 100
    assert len(indexed(long)) < 100
    assert indexed(long) != indexed(long.replace("a", "b"))
    assert not indexed(long).startswith("[")
    statement = index(SERVICES, "1", stored(id="1", name="a" * 5000), None)[0]
    assert statement.parameters == (("services", "name", indexed(long), "1"),)
    assert rows.select_by(SERVICES, Unique(("name",)), long, 0.0).parameters[2] == indexed(long)


@pytest.mark.parametrize("tag", ["a\0", "\N{EURO SIGN}" * 700])
def test_what_cannot_be_found_by(tag: str) -> None:
    """A tag that no index of PostgreSQL can hold is the sender's mistake."""
    with pytest.raises(SchemaViolation, match="cannot be stored"):
        index(SERVICES, "1", stored(id="1", tags=[tag]), None)


def test_pages() -> None:
    """One row more than the page is asked for, and tells whether there is a next one."""
    assert rows.page(SERVICES, 2, ["a"], Selection(), 5.0).parameters == ("services", "a", 5.0, 3)
    found: Rows = [(key, f'{{"id":"{key}"}}', None) for key in "123"]
    page = rows.page_of(found, 2)
    assert [each.entity["id"] for each in page.rows] == ["1", "2"]
    assert page.cursor == ["2"]
    assert rows.page_of(found, 3).cursor is None
    assert rows.page_of([], 3) == StoredPage((), None)


@pytest.mark.parametrize("cursor", [[], ["a", "b"], [1], ["a\0"]])
def test_cursors_of_others(cursor: list[Any]) -> None:
    """What is no cursor of a page is refused."""
    with pytest.raises(ValueError, match="no cursor"):
        rows.page(SERVICES, 2, cursor, Selection(), 5.0)


def test_where_pages_are_cut_from() -> None:
    """A page is cut from the index that leads to the fewest rows: of a parent, of a tag, of all."""
    both = TagFilter(("x", "y"), every=True)
    either = TagFilter(("x", "y"), every=False)
    for selection, source, values in (
        (Selection(), "from entities e", ("services", "")),
        (Selection(foreign=("service", "9")), "from foreign_keys d", ("services", "service", "9", "")),
        (Selection(tags=both), "from tags d", ("services", "x", "", "y")),
        (Selection(tags=either), "from entities e", ("services", "", "services", ("x", "y"), "")),
        (
            Selection(tags=both, foreign=("service", "9")),
            "from foreign_keys d",
            ("services", "service", "9", "", "x", "y"),
        ),
    ):
        statement = rows.page(SERVICES, 2, None, selection, 5.0)
        assert source in statement.text
        assert statement.parameters == (*values, 5.0, 3)
        assert statement.text.count("%s") == len(statement.parameters)


def test_pages_the_other_way_round() -> None:
    """A descending list goes down from the end of all keys, or from a cursor, wherever it is cut from."""
    for selection, key, times in (
        (Selection(descending=True), "e.id", 1),
        (Selection(foreign=("service", "9"), descending=True), "d.id", 1),
        (Selection(tags=TagFilter(("x",), every=True), descending=True), "d.id", 1),
        (Selection(tags=TagFilter(("x", "y"), every=False), descending=True), "e.id", 2),
    ):
        for cursor, place in ((None, "\U0010ffff"), (["k"], "k")):
            statement = rows.page(SERVICES, 2, cursor, selection, 5.0)
            assert f" and {key} < %s" in statement.text
            assert f" order by {key} desc limit " in statement.text
            assert "id >" not in statement.text
            assert statement.order == "id desc"
            assert statement.parameters.count(place) == times


def test_tags() -> None:
    """Tags are asked for behind a place in their order, of one tag or of all."""
    for tag, values in ((None, ()), ("x", ("x",))):
        statement = rows.tags_after(9, ("k", 1, "services"), tag, 5.0)
        assert statement.parameters == ("k", 1, "services", *values, 5.0, 9)
        assert statement.text.count("%s") == len(statement.parameters)
    assert rows.tags_of_rows([("x", "services", "1", 1)]) == [TagRow("x", "services", "1", 1)]
