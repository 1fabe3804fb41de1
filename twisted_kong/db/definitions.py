"""By which definition of its kind an entity was written, and what a later definition makes of it.

Unique values, references and tags are derived from documents by rules that come from schemas.
When a new version, of ours or of a plugin, makes another field unique or adds a reference, rows written
before would not be found by it.
When it adds a field, they lack it.
So a store remembers by which definition each kind was written, and when that has changed the kind's rows are
completed and indexed anew at the start.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import orjson

from twisted_kong.core.errors import SchemaViolation
from twisted_kong.db.documents import encode
from twisted_kong.db.interfaces import Stored
from twisted_kong.db.tables import Table


def layout_of(table: Table) -> str:
    """The definition of a kind and the rules by which it is indexed, as text."""
    uniques = sorted(list(unique.fields) for unique in table.uniques)
    references = sorted([reference.field, reference.parent] for reference in table.references)
    return orjson.dumps({"version": table.version, "uniques": uniques, "references": references}).decode()


def changed(tables: Iterable[Table], known: Mapping[str, str]) -> list[Table]:
    """The kinds whose definition is not the one, by :func:`layout_of`, that a store knows them by."""
    return [table for table in tables if known.get(table.name) != layout_of(table)]


def completed(table: Table, row: Stored) -> Stored:
    """A row as the kind's present definition wants it, or as it is where it does not fit any longer.

    The next update of such an entity will tell; until then it is kept.
    """
    try:
        entity = table.complete(row.entity)
    except SchemaViolation:
        return row
    return Stored(entity, encode(entity), row.expires)
