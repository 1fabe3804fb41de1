"""Tables, derived from schemas."""

from __future__ import annotations

from collections.abc import Iterator

from tests.kit.small_kinds import SmallKinds
from twisted_kong.db.schemas import tables_of
from twisted_kong.db.tables import Child, Reference, Unique

TABLES = tables_of(SmallKinds(), lambda schema, new, old: (schema.name, str(new), str(old)))


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

    assert set(tables_of(WithTags(), lambda schema, new, old: ())) == set(TABLES)
