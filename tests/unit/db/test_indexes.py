"""The rows beside an entity."""

from __future__ import annotations

from twisted_kong.db.documents import encode
from twisted_kong.db.indexes import foreign_rows, name_of, tag_rows, unique_rows
from twisted_kong.db.interfaces import Stored
from twisted_kong.db.tables import Reference, Table, Unique

TABLE = Table(
    "things",
    ("id",),
    (Unique(("name",)), Unique(("code", "parent"))),
    (Reference("parent", "parents"), Reference("other", "parents")),
    (),
    lambda new, old: (),
)


def stored(**entity: object) -> Stored:
    """A row."""
    return Stored(entity, encode(entity))


def test_unique_rows() -> None:
    """One for each constraint that binds: a single field does not when it is unset, several do."""
    assert unique_rows(TABLE, "1", stored(id="1", name="a", code=None, parent={"id": "9"})) == {
        ("things", "name", '["a"]', "1"),
        ("things", "code,parent", '[null,"9"]', "1"),
    }
    assert unique_rows(TABLE, "1", stored(id="1", name=None, code=None, parent=None)) == {
        ("things", "code,parent", "[null,null]", "1")
    }


def test_foreign_rows() -> None:
    """One for each reference that is set."""
    row = stored(id="1", parent={"id": "9"}, other=None)
    assert foreign_rows(TABLE, "1", row) == {("things", "parent", "9", "1")}


def test_tag_rows() -> None:
    """Tags keep their order by their places; one that is repeated counts once."""
    row = stored(id="1", tags=["b", "a", "b"])
    assert tag_rows(TABLE, "1", row) == {("1", 1, "things", "b"), ("1", 2, "things", "a")}


def test_no_row() -> None:
    """What is not there is found by nothing."""
    assert (
        unique_rows(TABLE, "1", None) == foreign_rows(TABLE, "1", None) == tag_rows(TABLE, "1", None) == set()
    )


def test_names() -> None:
    """A constraint's name is its fields."""
    assert name_of(Unique(("a", "b"))) == "a,b"
