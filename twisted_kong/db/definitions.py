"""By which definition of its kind an entity was written, and what a later definition makes of it.

Unique values, references and tags are derived from documents by rules that come from schemas.
When a new version, of ours or of a plugin, makes another field unique or adds a reference, rows written
before would not be found by it.
When it adds a field, they lack it.
So a store remembers by which definition each kind was written, and when that has changed the kind's rows are
completed and indexed anew at the start.

An older version that starts beside a newer one must not bring a definition back: what the newer one has made
unique would not be enforced any longer, for no node, and nobody would be told.
When no newer one lives any more, an upgrade is being taken back, and that is fine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import orjson

from twisted_kong.core.errors import DatabaseError, SchemaViolation
from twisted_kong.db.documents import encode
from twisted_kong.db.interfaces import Member, Stored, is_live
from twisted_kong.db.tables import Table
from twisted_kong.db.versions import is_newer


def layout_of(table: Table) -> str:
    """The definition of a kind and the rules by which it is indexed, as text."""
    uniques = sorted(list(unique.fields) for unique in table.uniques)
    references = sorted([reference.field, reference.parent] for reference in table.references)
    return orjson.dumps({"version": table.version, "uniques": uniques, "references": references}).decode()


def changed(tables: Iterable[Table], known: Mapping[str, str]) -> list[Table]:
    """The kinds whose definition is not the one, by :func:`layout_of`, that a store knows them by."""
    return [table for table in tables if known.get(table.name) != layout_of(table)]


class NewerNode(DatabaseError):
    """A node of a newer version runs by a definition that this version would bring back."""


def require_newest(
    stale: Iterable[Table], known: Mapping[str, str], members: Iterable[Member], version: str | None
) -> None:
    """Refuse to bring back what a living node of a newer version goes by.

    To be asked under the lock under which the definitions are written.

    :param stale: the kinds whose definition would be written, see :func:`changed`.
    :param known: the definitions that the store knows.
    :param version: our own; None for tests of what comes after: nothing is refused.
    :raises NewerNode: naming the kinds, the node, and what to do
    """
    brought_back = [table.name for table in stale if table.name in known]
    if version is None or not brought_back:
        return
    for member in members:
        if is_live(member) and is_newer(member.version, version):
            kinds, newer = ", ".join(brought_back), member.version
            raise NewerNode(
                f"version {version} cannot join while {member.hostname} runs {newer}: it would bring back an"
                f" older definition of {kinds}; start version {newer} here, or stop every newer node first"
            )


def completed(table: Table, row: Stored) -> Stored:
    """A row as the kind's present definition wants it, or as it is where it does not fit any longer.

    The next update of such an entity will tell; until then it is kept.
    """
    try:
        entity = table.complete(row.entity)
    except SchemaViolation:
        return row
    return Stored(entity, encode(entity), row.expires)
