"""How entities of one kind are read: one by a key, page by page, or all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from twisted_kong.core.changes import Entity
from twisted_kong.core.schema.context import WriteContext
from twisted_kong.core.schema.schema import Schema
from twisted_kong.db.aside import Aside, at_once
from twisted_kong.db.interfaces import IStrategy, Selection, Stored, TagFilter
from twisted_kong.db.paging import bad_offset, check_size, decode_offset, encode_offset, parse_tags
from twisted_kong.db.tables import Table
from twisted_kong.db.ttl import remaining


@dataclass(frozen=True, slots=True)
class Page:
    """Rows by primary key; ``offset`` asks for the next page and is None on the last."""

    rows: tuple[Entity, ...]
    offset: str | None


@dataclass(frozen=True, slots=True)
class Context:
    """What DAOs share: where they write, in whose name, the moment's context for schemas, and one another.

    :param aside: does what takes so long that others must have their turn meanwhile.
    """

    strategy: IStrategy
    write_context: Callable[[], WriteContext]
    origin: str
    daos: Mapping[str, Reading]
    aside: Aside = at_once


class Reading:
    """Reads one kind of entity.

    Entities handed out are complete (every schema field present) and must not be changed.
    Those of a kind with a time to live also carry ``ttl``: the whole seconds that remain, rounded down, or
    None.  A cache may keep such an entity for at most this long; 0 means not at all.
    """

    def __init__(self, schema: Schema, table: Table, context: Context) -> None:
        self.schema = schema
        self.table = table
        self._context = context
        self._fields = frozenset(schema.fields) - schema.transient

    async def select(self, pk: Any) -> Entity | None:
        """The entity with a primary key; InvalidPrimaryKey when that cannot be one."""
        stored = await self._stored(pk)
        return None if stored is None else await self._shown(stored)

    async def select_by(self, field: str, value: Any) -> Entity | None:
        """The entity with a value in a unique field; InvalidUnique when that cannot be one."""
        stored = await self._stored_by(field, value)
        return None if stored is None else await self._shown(stored)

    async def select_by_cache_key(self, values: Mapping[str, Any]) -> Entity | None:
        """The entity with these values in the fields of its kind's composite ``cache_key``."""
        unique = self.table.unique_on(*self.schema.cache_key)
        text = unique.value_of(values)
        stored = None if text is None else await self._context.strategy.select_by(self.table, unique, text)
        return None if stored is None else await self._shown(stored)

    async def page(
        self,
        size: object = 100,
        offset: str | None = None,
        *,
        tags: str | None = None,
        foreign: tuple[str, str] | None = None,
        descending: bool = False,
    ) -> Page:
        """One page, by ascending primary key unless told otherwise.

        :param offset: where the page before it ended; one of the other order leads back from there.
        :param size: 1 to 1000, as a number or as the text of a query argument.
        :param tags: Kong's filter: ``a,b`` for both, ``a/b`` for either; ignored for a kind without tags.
        :param foreign: a field of this kind and the primary key of the parent it must refer to.
        """
        selection = Selection(self._tag_filter(tags), foreign, descending)
        count = check_size(size)
        cursor = decode_offset(offset)
        try:
            stored = await self._context.strategy.page(self.table, count, cursor, selection)
        except ValueError as error:
            raise bad_offset(offset) from error
        return Page(await self._all_shown(stored.rows), encode_offset(stored.cursor))

    async def each(
        self, page_size: int = 1000, *, foreign: tuple[str, str] | None = None
    ) -> AsyncIterator[Entity]:
        """Every entity by ascending primary key, read page by page.

        What is written meanwhile may or may not be among them; an entity there throughout is, once.
        """
        selection = Selection(None, foreign)
        cursor = None
        while True:
            stored = await self._context.strategy.page(self.table, page_size, cursor, selection)
            for entity in await self._all_shown(stored.rows):
                yield entity
            cursor = stored.cursor
            if cursor is None:
                return

    async def state_of(self, stored: Stored) -> Entity:
        """An entity as it was written and not as it ages: as it is shown, but without ``ttl``."""
        return (await self._decorate((self._fitted(stored.entity),)))[0]

    async def _decorate(self, entities: tuple[Entity, ...]) -> tuple[Entity, ...]:
        """Add to entities what is shown with them but not stored in them."""
        return entities

    def _key(self, pk: Any) -> str:
        self.schema.validate_primary_key(pk)
        return self.table.key_of(self._primary_key(pk))

    def _primary_key(self, pk: Any) -> dict[str, Any]:
        if isinstance(pk, Mapping):
            return {field: pk[field] for field in self.table.primary_key}
        return {self.table.primary_key[0]: pk}

    async def _stored(self, pk: Any) -> Stored | None:
        return await self._context.strategy.select(self.table, self._key(pk))

    async def _stored_by(self, field: str, value: Any) -> Stored | None:
        self.schema.validate_unique(field, value)
        unique = self.table.unique_on(field)
        text = unique.value_of({field: value})
        return None if text is None else await self._context.strategy.select_by(self.table, unique, text)

    def _tag_filter(self, tags: str | None) -> TagFilter | None:
        return parse_tags(tags) if "tags" in self.schema.fields else None

    async def _shown(self, stored: Stored) -> Entity:
        return (await self._all_shown((stored,)))[0]

    async def _all_shown(self, rows: tuple[Stored, ...]) -> tuple[Entity, ...]:
        entities = tuple(self._fitted(row.entity) for row in rows)
        if self.schema.ttl:
            now = self._context.write_context().now
            entities = tuple(
                {**entity, "ttl": remaining(row.expires, now)}
                for entity, row in zip(entities, rows, strict=True)
            )
        return await self._decorate(entities)

    def _fitted(self, entity: Entity) -> Entity:
        """An entity with just the fields of its schema, although another version may have stored it."""
        if entity.keys() == self._fields:
            return entity
        complete = self.table.complete(entity)
        return {field: complete[field] for field in self.schema.fields if field in self._fields}
