"""Tables, derived from schemas."""

from __future__ import annotations

from collections.abc import Iterator

from tests.kit.small_kinds import SmallKinds
from tests.kit.stores import core_schemas
from tests.kit.write_context import write_context
from twisted_kong.db.schemas import lasting, tables_of
from twisted_kong.db.tables import Child, Reference, Unique

TABLES = tables_of(SmallKinds(), lambda schema, new, old: (schema.name, str(new), str(old)), write_context)


def test_uniques() -> None:
    """Single unique fields come first, then the composite key; a cache key of one field adds nothing."""
    assert TABLES["plugins"].uniques == (
        Unique(("instance_name",)),
        Unique(("name", "route", "service", "consumer")),
    )
    assert TABLES["consumers"].uniques == (Unique(("username",)), Unique(("custom_id",)))
    assert TABLES["keyauth_credentials"].uniques == (Unique(("key",)),)


def test_relations() -> None:
    """A table knows its parents by field, and its children with what becomes of them."""
    assert TABLES["routes"].references == (Reference("service", "services"),)
    assert TABLES["services"].children == (
        Child("routes", "service", "restrict"),
        Child("plugins", "service", "cascade"),
    )


def test_stale_keys() -> None:
    """The cache keys of a write are asked for with the table's own schema."""
    assert TABLES["routes"].stale_keys({"id": 1}, None) == ("routes", "{'id': 1}", "None")


def test_views_have_no_table() -> None:
    """A kind that is a view of others has no rows."""

    class WithTags(SmallKinds):
        def __iter__(self) -> Iterator[str]:
            return iter([*super().__iter__(), "tags"])

    assert set(tables_of(WithTags(), lambda schema, new, old: (), write_context)) == set(TABLES)


def test_versions() -> None:
    """A kind's version follows from its definition, and from nothing else."""
    again = tables_of(SmallKinds(), lambda schema, new, old: (), write_context)
    assert {name: table.version for name, table in TABLES.items()} == {
        name: table.version for name, table in again.items()
    }
    assert len({table.version for table in TABLES.values()}) == len(TABLES)


def test_completion() -> None:
    """An entity of another version gets the fields it lacks, at their defaults and nested ones too."""
    old = {"id": "1", "options": {"a": 1}, "name": "r"}
    assert TABLES["routes"].complete(old) == {
        "id": "1",
        "name": "r",
        "options": {"a": 1, "b": None},
        "created_at": None,
        "service": None,
        "tags": None,
    }


def test_what_only_passes_through() -> None:
    """Fields that are not stored are left out, also of what is completed."""
    schema = core_schemas()["certificates"]
    assert "snis" not in lasting(schema, {"id": "1", "snis": []})
    tables = tables_of(core_schemas(), lambda schema, new, old: (), write_context)
    assert "snis" not in tables["certificates"].complete({"id": "1"})
