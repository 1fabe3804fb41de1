"""What a store holds and a document does not: which of it goes when both shall be alike."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection

from twisted_kong.core.changes import Entity
from twisted_kong.core.declarative.items import Flat
from twisted_kong.core.declarative.kinds import RUNTIME, Kinds
from twisted_kong.db.database import Database
from twisted_kong.db.declarative.options import Options
from twisted_kong.db.interfaces import Selection, Stored, TagFilter
from twisted_kong.db.scanning import all_rows
from twisted_kong.db.turns import Turns


class Surplus:
    """Which stored entities a document would have removed.

    :param keys: by kind, the primary keys of the document's own entities, as they become known.
    """

    def __init__(self, database: Database, kinds: Kinds, flat: Flat, options: Options) -> None:
        self._database = database
        self._syncs = options.mode == "sync"
        self.tags = tuple(dict.fromkeys((*options.select_tags, *flat.select_tags)))
        self.keys: dict[str, set[str]] = {}
        mentioned = tuple(name for name in kinds.names if name in RUNTIME and name in flat.mentioned)
        names = (*kinds.managed, *mentioned) if self._syncs else ()
        self.kinds = tuple(name for name in kinds.names if name in names and self._is_told_apart(name))

    def covers(self, kind: str, entity: Entity) -> bool:
        """Whether a stored entity goes unless the document holds it."""
        return kind in self.kinds and set(self.tags).issubset(entity.get("tags") or ())

    def is_surplus(self, kind: str, entity: Entity) -> bool:
        """Whether a stored entity goes; to be asked when all of the document's of its kind are known."""
        key = self._database[kind].table.key_of(entity)
        return self.covers(kind, entity) and key not in self.keys.get(kind, ())

    async def rows(self, kind: str, turns: Turns) -> AsyncIterator[Stored]:
        """The stored entities of a kind that go; others have their turn between them."""
        table = self._database[kind].table
        selection = Selection(TagFilter(self.tags, every=True) if self.tags else None)
        kept: Collection[str] = self.keys.get(kind, set())
        async for row in all_rows(self._database.strategy, table, selection):
            if table.key_of(row.entity) not in kept:
                yield row
            await turns.pause()

    def _is_told_apart(self, kind: str) -> bool:
        """Whether entities of a kind can be selected at all: without tags of its own none is meant by any."""
        return not self.tags or "tags" in self._database[kind].schema.fields
