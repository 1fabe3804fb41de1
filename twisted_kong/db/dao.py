"""One DAO a kind of entity: processes records by the schema, writes them, tells what changed.

A write is decided on what was read before and applied only if that still stands.
When somebody else was faster the DAO reads again, decides again and writes again, a bounded number of times;
so nothing is ever merged into, or validated against, an entity that is no longer there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from twisted_kong.core.changes import Change, Entity, Position
from twisted_kong.core.errors import DatabaseError, PrimaryKeyViolation, UniqueViolation
from twisted_kong.core.schema.context import WriteContext
from twisted_kong.core.schema.schema import Schema
from twisted_kong.db.interfaces import Commit, IStrategy, LostRace, Selection, Stored, Write
from twisted_kong.db.paging import bad_offset, check_size, decode_offset, encode_offset, parse_tags
from twisted_kong.db.references import resolve_references
from twisted_kong.db.tables import Table
from twisted_kong.db.ttl import Ttl, remaining, take_ttl
from twisted_kong.db.violations import not_found, not_found_by

# How often a write is decided anew because others were faster, before it is given up.
ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class Page:
    """Rows by ascending primary key; ``offset`` asks for the next page and is None on the last."""

    rows: tuple[Entity, ...]
    offset: str | None


@dataclass(frozen=True, slots=True)
class Written:
    """What a write left behind.

    ``entity`` is None after a delete.  ``changes`` holds one change for each entity written, those of a
    cascade before their parent's; it is empty where there was nothing to delete.  ``position`` is the log's
    end just after the write: whoever has applied it knows of the write.
    """

    entity: Entity | None
    position: Position
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Context:
    """What DAOs share: where they write, in whose name, and the moment's context for schemas."""

    strategy: IStrategy
    write_context: Callable[[], WriteContext]
    origin: str
    daos: Mapping[str, Dao]


class Dao:
    """Reads and writes one kind of entity.

    Entities handed out are complete (every schema field present) and must not be changed.
    Those of a kind with a time to live also carry ``ttl``: the whole seconds that remain, rounded down, or
    None.  A cache may keep such an entity for at most this long; 0 means not at all.
    """

    def __init__(self, schema: Schema, table: Table, context: Context) -> None:
        self.schema = schema
        self.table = table
        self._context = context

    async def select(self, pk: Any) -> Entity | None:
        """The entity with a primary key; InvalidPrimaryKey when that cannot be one."""
        stored = await self._stored(pk)
        return None if stored is None else await self._shown(stored)

    async def select_by(self, field: str, value: Any) -> Entity | None:
        """The entity with a value in a unique field; InvalidUnique when that cannot be one."""
        stored = await self._stored_by(field, value)
        return None if stored is None else await self._shown(stored)

    async def page(
        self,
        size: object = 100,
        offset: str | None = None,
        *,
        tags: str | None = None,
        foreign: tuple[str, str] | None = None,
    ) -> Page:
        """One page, by ascending primary key.

        :param size: 1 to 1000, as a number or as the text of a query argument.
        :param tags: Kong's filter: ``a,b`` for both, ``a/b`` for either; ignored for a kind without tags.
        :param foreign: a field of this kind and the primary key of the parent it must refer to.
        """
        selection = Selection(self._tag_filter(tags), foreign)
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

    async def insert(
        self, record: Mapping[str, Any], *, ttl: object = None, author: str | None = None
    ) -> Written:
        """Write a new entity.

        :param ttl: seconds to live, for kinds that have it (the record's own ``ttl`` serves as well); 0 is
            for ever.
        :param author: who asked for it, for the log.
        """
        record, lifetime = take_ttl(self.schema, record, ttl)
        record = await resolve_references(self.schema, record, self._context.daos)

        async def attempt() -> Written:
            context = self._context.write_context()
            entity = self.schema.process_insert(record, context)
            key = self.table.key_of(entity)
            expires = lifetime.from_now(context.now)
            write = Write(self.table.name, "insert", key, self._lasting(entity), expires=expires)
            return await self._put(write, entity, None, record, author)

        return await _until_won(attempt)

    async def update(
        self, pk: Any, record: Mapping[str, Any], *, ttl: object = None, author: str | None = None
    ) -> Written:
        """Merge a record into the entity with a primary key; NotFound where there is none.

        Without a ``ttl`` the entity keeps the end it has.
        """
        key = self._key(pk)
        record, lifetime = take_ttl(self.schema, record, ttl)
        record = await resolve_references(self.schema, record, self._context.daos)

        async def attempt() -> Written:
            current = await self._context.strategy.select(self.table, key)
            if current is None:
                raise not_found(self._primary_key(pk))
            return await self._merge(current, record, lifetime, author)

        return await _until_won(attempt)

    async def update_by(
        self,
        field: str,
        value: Any,
        record: Mapping[str, Any],
        *,
        ttl: object = None,
        author: str | None = None,
    ) -> Written:
        """Merge a record into the entity with a value in a unique field; NotFound where there is none."""
        record, lifetime = take_ttl(self.schema, record, ttl)
        record = await resolve_references(self.schema, record, self._context.daos)

        async def attempt() -> Written:
            current = await self._stored_by(field, value)
            if current is None:
                raise not_found_by(field, value)
            return await self._merge(current, record, lifetime, author)

        return await _until_won(attempt)

    async def upsert(
        self, pk: Any, record: Mapping[str, Any], *, ttl: object = None, author: str | None = None
    ) -> Written:
        """Put a full record in the place of the entity with a primary key, or make it."""
        key = self._key(pk)
        record, lifetime = take_ttl(self.schema, {**record, **self._primary_key(pk)}, ttl)
        record = await resolve_references(self.schema, record, self._context.daos)

        async def attempt() -> Written:
            current = await self._context.strategy.select(self.table, key)
            try:
                return await self._replace(current, record, lifetime, author)
            except PrimaryKeyViolation as violation:
                raise LostRace(key) from violation

        return await _until_won(attempt)

    async def upsert_by(
        self,
        field: str,
        value: Any,
        record: Mapping[str, Any],
        *,
        ttl: object = None,
        author: str | None = None,
    ) -> Written:
        """Put a full record in the place of the entity with a value in a unique field, or make it.

        An entity that exists keeps its primary key whatever the record says.
        """
        record, lifetime = take_ttl(self.schema, {**record, field: value}, ttl)
        record = await resolve_references(self.schema, record, self._context.daos)

        async def attempt() -> Written:
            current = await self._stored_by(field, value)
            full = dict(record)
            if current is not None:
                full.update(self.table.primary_key_of(current.entity))
            try:
                return await self._replace(current, full, lifetime, author)
            except UniqueViolation as violation:
                if current is None and set(violation.fields or ()) == {field}:
                    raise LostRace(field) from violation
                raise

        return await _until_won(attempt)

    async def delete(self, pk: Any, *, author: str | None = None) -> Written:
        """Remove the entity with a primary key and what cascades from it; content when there is none."""
        key = self._key(pk)

        async def attempt() -> Written:
            return await self._remove(await self._context.strategy.select(self.table, key), author)

        return await _until_won(attempt)

    async def delete_by(self, field: str, value: Any, *, author: str | None = None) -> Written:
        """Remove the entity with a value in a unique field; content when there is none."""

        async def attempt() -> Written:
            return await self._remove(await self._stored_by(field, value), author)

        return await _until_won(attempt)

    # What kinds with rules of their own refine (db/kinds).

    async def _check(self, entity: Entity, current: Entity | None) -> None:
        """Refuse what only a look at other entities can tell is wrong."""

    async def _check_removal(self, current: Entity) -> None:
        """Refuse to remove an entity on grounds that references do not show."""

    async def _companions(
        self, entity: Entity | None, current: Entity | None, record: Mapping[str, Any]
    ) -> tuple[tuple[Write, ...], tuple[Write, ...]]:
        """Writes that must happen together with this one, before it and after it."""
        return (), ()

    async def _decorate(self, entities: tuple[Entity, ...]) -> tuple[Entity, ...]:
        """Add to entities what is shown with them but not stored in them."""
        return entities

    # Parts of the verbs.

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
        try:
            text = unique.value_of({field: value})
        except TypeError:
            # half a surrogate pair: nothing like it is ever stored
            return None
        return None if text is None else await self._context.strategy.select_by(self.table, unique, text)

    def _lasting(self, entity: Entity) -> Entity:
        """What of an entity is stored: all but the fields that only pass through."""
        if not self.schema.transient:
            return entity
        return {field: value for field, value in entity.items() if field not in self.schema.transient}

    def _tag_filter(self, tags: str | None) -> Any:
        return parse_tags(tags) if "tags" in self.schema.fields else None

    async def _merge(
        self, current: Stored, record: Mapping[str, Any], lifetime: Ttl, author: str | None
    ) -> Written:
        context = self._context.write_context()
        entity = self.schema.process_update(record, current.entity, context)
        write = Write(
            self.table.name,
            "update",
            self.table.key_of(current.entity),
            self._lasting(entity),
            expected=current.document,
            expires=lifetime.from_now(context.now),
            keeps_expiry=not lifetime.given,
        )
        if write.keeps_expiry:
            write = replace(write, expires=current.expires)
        return await self._put(write, entity, current.entity, record, author)

    async def _replace(
        self, current: Stored | None, record: Mapping[str, Any], lifetime: Ttl, author: str | None
    ) -> Written:
        context = self._context.write_context()
        before = None if current is None else current.entity
        entity = self.schema.process_upsert(record, context, before)
        write = Write(
            self.table.name,
            "insert" if current is None else "update",
            self.table.key_of(entity),
            self._lasting(entity),
            expected=None if current is None else current.document,
            expires=lifetime.from_now(context.now),
        )
        return await self._put(write, entity, before, record, author)

    async def _put(
        self,
        write: Write,
        entity: Entity,
        before: Entity | None,
        record: Mapping[str, Any],
        author: str | None,
    ) -> Written:
        await self._check(entity, before)
        first, then = await self._companions(entity, before, record)
        committed = await self._context.strategy.apply(self._commit((*first, write, *then), author))
        shown = await self._shown(Stored(entity, b"", write.expires))
        return Written(shown, committed.position, committed.changes)

    async def _remove(self, current: Stored | None, author: str | None) -> Written:
        if current is None:
            return Written(None, await self._context.strategy.head(), ())
        await self._check_removal(current.entity)
        first, then = await self._companions(None, current.entity, {})
        write = Write(self.table.name, "delete", self.table.key_of(current.entity))
        committed = await self._context.strategy.apply(self._commit((*first, write, *then), author))
        return Written(None, committed.position, committed.changes)

    def _commit(self, writes: tuple[Write, ...], author: str | None) -> Commit:
        return Commit(writes, self._context.origin, self._context.write_context().now, author)

    async def _shown(self, stored: Stored) -> Entity:
        return (await self._all_shown((stored,)))[0]

    async def _all_shown(self, rows: tuple[Stored, ...]) -> tuple[Entity, ...]:
        if self.schema.ttl:
            now = self._context.write_context().now
            entities = tuple({**row.entity, "ttl": remaining(row.expires, now)} for row in rows)
        else:
            entities = tuple(row.entity for row in rows)
        return await self._decorate(entities)


async def _until_won(attempt: Callable[[], Awaitable[Written]]) -> Written:
    for _ in range(ATTEMPTS):
        try:
            return await attempt()
        except LostRace as lost:
            reason = str(lost)
    raise DatabaseError(f"gave up writing after {ATTEMPTS} attempts: others kept changing {reason}")
