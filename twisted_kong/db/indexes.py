"""The rows that stand beside an entity so that it is found: its unique values, its references, its tags."""

from __future__ import annotations

from collections.abc import Iterable

from twisted_kong.db.interfaces import Stored
from twisted_kong.db.tables import Table, Unique, tags_of


def name_of(unique: Unique) -> str:
    """The name under which a constraint's values are kept."""
    return ",".join(unique.fields)


def unique_rows(table: Table, key: str, row: Stored | None) -> set[tuple[str, str, str, str]]:
    """(kind, constraint, value, key) for each constraint that binds an entity; none of no entity."""
    values = ((unique, unique.value_of(row.entity)) for unique in table.uniques) if row is not None else ()
    return {(table.name, name_of(unique), value, key) for unique, value in values if value is not None}


def foreign_rows(table: Table, key: str, row: Stored | None) -> set[tuple[str, str, str, str]]:
    """(kind, field, parent, key) for each reference of an entity that is set."""
    parents: Iterable[tuple[str, str | None]] = ()
    if row is not None:
        parents = ((reference.field, reference.parent_of(row.entity)) for reference in table.references)
    return {(table.name, field, parent, key) for field, parent in parents if parent is not None}


def tag_rows(table: Table, key: str, row: Stored | None) -> set[tuple[str, int, str, str]]:
    """(key, place from 1, kind, tag) for each tag of an entity."""
    tags = tags_of(row.entity) if row is not None else []
    return {(key, ordinal, table.name, tag) for ordinal, tag in enumerate(tags, 1)}
