"""One DAO a kind of entity: processes records by the schema, writes them, tells what changed.

A write is decided on what was read before and applied only if that still stands.
When somebody else was faster the DAO reads, decides and writes again (:mod:`twisted_kong.db.races`); so nothing
is ever merged into, or validated against, an entity that is no longer there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from twisted_kong.core.changes import Change, Entity, Position
from twisted_kong.core.errors import (
    DatabaseError,
    OutcomeUnknown,
    PrimaryKeyViolation,
    UniqueViolation,
)
from twisted_kong.core.schema.schema import Schema
from twisted_kong.db.interfaces import Commit, Committed, LostRace, Stored, Write
from twisted_kong.db.races import Races
from twisted_kong.db.reading import Context, Page, Reading
from twisted_kong.db.references import resolve_references
from twisted_kong.db.schemas import lasting
from twisted_kong.db.tables import Table
from twisted_kong.db.terms import NO_TERMS, Terms
from twisted_kong.db.ttl import Ttl, take_ttl
from twisted_kong.db.violations import not_found, not_found_by

__all__ = ["Context", "Dao", "Page", "Written"]


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


class Dao(Reading):
    """Reads and writes one kind of entity; see :class:`Reading` for what it hands out."""

    def __init__(self, schema: Schema, table: Table, context: Context) -> None:
        super().__init__(schema, table, context)
        self._races = Races()

    async def insert(
        self, record: Mapping[str, Any], *, ttl: object = None, terms: Terms = NO_TERMS
    ) -> Written:
        """Write a new entity.

        :param ttl: seconds to live, for kinds that have it (the record's own ``ttl`` serves as well); 0 is
            for ever.
        :param terms: in whose name, and what must hold of the entity that is there.
        """
        record, lifetime = take_ttl(self.schema, record, ttl)
        record = await self._resolved(record, terms)

        async def attempt() -> Written:
            await self._judge(terms, None)
            await self._examine(record, None)
            context = self._context.write_context()
            entity = await self._processed(partial(self.schema.process_insert, record, context))
            key = self.table.key_of(entity)
            expires = lifetime.from_now(context.now)
            write = Write(self.table.name, "insert", key, lasting(self.schema, entity), expires=expires)
            return await self._put(write, entity, None, record, terms)

        return await self._until_won(attempt)

    async def update(
        self, pk: Any, record: Mapping[str, Any], *, ttl: object = None, terms: Terms = NO_TERMS
    ) -> Written:
        """Merge a record into the entity with a primary key; NotFound where there is none.

        Without a ``ttl`` the entity keeps the end it has.
        """
        key = self._key(pk)

        async def find() -> Stored:
            current = await self._context.strategy.select(self.table, key)
            if current is None:
                raise not_found(self._primary_key(pk))
            return current

        return await self._update(find, record, ttl, terms)

    async def update_by(
        self,
        field: str,
        value: Any,
        record: Mapping[str, Any],
        *,
        ttl: object = None,
        terms: Terms = NO_TERMS,
    ) -> Written:
        """Merge a record into the entity with a value in a unique field; NotFound where there is none."""

        async def find() -> Stored:
            current = await self._stored_by(field, value)
            if current is None:
                raise not_found_by(field, value)
            return current

        return await self._update(find, record, ttl, terms)

    async def _update(
        self,
        find: Callable[[], Awaitable[Stored]],
        record: Mapping[str, Any],
        ttl: object,
        terms: Terms,
    ) -> Written:
        """Merge a record into whatever ``find`` finds, which is asked again after a lost race."""
        record, lifetime = take_ttl(self.schema, record, ttl)
        record = await self._resolved(record, terms)

        async def attempt() -> Written:
            return await self._merge(await find(), record, lifetime, terms)

        return await self._until_won(attempt)

    async def upsert(
        self, pk: Any, record: Mapping[str, Any], *, ttl: object = None, terms: Terms = NO_TERMS
    ) -> Written:
        """Put a full record in the place of the entity with a primary key, or make it."""
        key = self._key(pk)
        record, lifetime = take_ttl(self.schema, {**record, **self._primary_key(pk)}, ttl)
        record = await self._resolved(record, terms)

        async def attempt() -> Written:
            current = await self._context.strategy.select(self.table, key)
            try:
                return await self._replace(current, record, lifetime, terms)
            except PrimaryKeyViolation as violation:
                raise LostRace(key) from violation

        return await self._until_won(attempt)

    async def upsert_by(
        self,
        field: str,
        value: Any,
        record: Mapping[str, Any],
        *,
        ttl: object = None,
        terms: Terms = NO_TERMS,
    ) -> Written:
        """Put a full record in the place of the entity with a value in a unique field, or make it.

        An entity that exists keeps its primary key whatever the record says.
        """
        record, lifetime = take_ttl(self.schema, {**record, field: value}, ttl)
        record = await self._resolved(record, terms)

        async def attempt() -> Written:
            current = await self._stored_by(field, value)
            full = dict(record)
            if current is not None:
                full.update(self.table.primary_key_of(current.entity))
            try:
                return await self._replace(current, full, lifetime, terms)
            except UniqueViolation as violation:
                if current is None and set(violation.fields or ()) == {field}:
                    raise LostRace(field) from violation
                raise

        return await self._until_won(attempt)

    async def place(
        self,
        entity: Entity,
        current: Stored | None,
        record: Mapping[str, Any],
        *,
        expires: float | None = None,
        terms: Terms = NO_TERMS,
    ) -> None:
        """Write an entity that its schema has processed already, once: a lost race is the caller's to heed.

        :param current: what it takes the place of, which must still be there as it is.
        :param record: what it was made of.
        :param expires: when its time ends, in epoch seconds.
        """
        key = self.table.key_of(entity)
        lasts = lasting(self.schema, entity)
        if current is None:
            write = Write(self.table.name, "insert", key, lasts, expires=expires)
        else:
            write = Write(self.table.name, "update", key, lasts, expected=current.document, expires=expires)
        before = None if current is None else current.entity
        await self._apply(write, entity, before, record, terms)

    async def delete(self, pk: Any, *, terms: Terms = NO_TERMS) -> Written:
        """Remove the entity with a primary key and what cascades from it; content when there is none."""
        key = self._key(pk)

        async def attempt() -> Written:
            return await self._remove(await self._context.strategy.select(self.table, key), terms)

        await self._catch_up(terms)
        return await self._until_won(attempt)

    async def delete_by(self, field: str, value: Any, *, terms: Terms = NO_TERMS) -> Written:
        """Remove the entity with a value in a unique field; content when there is none."""

        async def attempt() -> Written:
            return await self._remove(await self._stored_by(field, value), terms)

        await self._catch_up(terms)
        return await self._until_won(attempt)

    # What kinds with rules of their own refine (db/kinds).

    async def _examine(self, record: Mapping[str, Any], key: str | None) -> None:
        """Refuse a record before its schema does; ``key`` is that of the entity it is meant for, if any."""

    async def _check(self, entity: Entity, current: Entity | None) -> None:
        """Refuse what only a look at other entities can tell is wrong."""

    async def _check_removal(self, current: Entity) -> None:
        """Refuse to remove an entity on grounds that references do not show."""

    async def _companions(
        self, entity: Entity | None, current: Entity | None, record: Mapping[str, Any]
    ) -> tuple[tuple[Write, ...], tuple[Write, ...]]:
        """Writes that must happen together with this one, before it and after it."""
        return (), ()

    # Parts of the verbs.

    async def _catch_up(self, terms: Terms) -> None:
        if not terms.caught_up:
            await self._context.strategy.catch_up()

    async def _resolved(self, record: Mapping[str, Any], terms: Terms) -> Mapping[str, Any]:
        """A record whose references by name are by primary key."""
        await self._catch_up(terms)
        return await resolve_references(self.schema, record, self._context.daos)

    async def _processed(self, work: Callable[[], Entity]) -> Entity:
        """What the schema makes of a record; what is written over meanwhile is a lost race."""
        return await self._context.aside(work) if self.schema.is_slow else work()

    async def _merge(
        self, current: Stored, record: Mapping[str, Any], lifetime: Ttl, terms: Terms
    ) -> Written:
        await self._judge(terms, current)
        await self._examine(record, self.table.key_of(current.entity))
        context = self._context.write_context()
        entity = await self._processed(partial(self.schema.process_update, record, current.entity, context))
        write = Write(
            self.table.name,
            "update",
            self.table.key_of(current.entity),
            lasting(self.schema, entity),
            expected=current.document,
            expires=lifetime.from_now(context.now),
            keeps_expiry=not lifetime.given,
        )
        if write.keeps_expiry:
            write = replace(write, expires=current.expires)
        return await self._put(write, entity, current.entity, record, terms)

    async def _replace(
        self, current: Stored | None, record: Mapping[str, Any], lifetime: Ttl, terms: Terms
    ) -> Written:
        before = None if current is None else current.entity
        await self._judge(terms, current)
        await self._examine(record, None if before is None else self.table.key_of(before))
        context = self._context.write_context()
        entity = await self._processed(partial(self.schema.process_upsert, record, context, before))
        write = Write(
            self.table.name,
            "insert" if current is None else "update",
            self.table.key_of(entity),
            lasting(self.schema, entity),
            expected=None if current is None else current.document,
            expires=lifetime.from_now(context.now),
        )
        return await self._put(write, entity, before, record, terms)

    async def _put(
        self,
        write: Write,
        entity: Entity,
        before: Entity | None,
        record: Mapping[str, Any],
        terms: Terms,
    ) -> Written:
        committed = await self._apply(write, entity, before, record, terms)
        try:
            shown = await self._shown(Stored(entity, b"", write.expires))
        except DatabaseError as error:
            raise OutcomeUnknown(f"it was written, but not read again: {error.message}") from error
        return Written(shown, committed.position, committed.changes)

    async def _apply(
        self,
        write: Write,
        entity: Entity,
        before: Entity | None,
        record: Mapping[str, Any],
        terms: Terms,
    ) -> Committed:
        await self._check(entity, before)
        first, then = await self._companions(entity, before, record)
        return await self._context.strategy.apply(self._commit((*first, write, *then), terms))

    async def _remove(self, current: Stored | None, terms: Terms) -> Written:
        await self._judge(terms, current)
        if current is None:
            return Written(None, await self._context.strategy.head(), ())
        await self._check_removal(current.entity)
        first, then = await self._companions(None, current.entity, {})
        key = self.table.key_of(current.entity)
        write = Write(self.table.name, "delete", key, expected=current.document)
        committed = await self._context.strategy.apply(self._commit((*first, write, *then), terms))
        return Written(None, committed.position, committed.changes)

    async def _judge(self, terms: Terms, current: Stored | None) -> None:
        if terms.precondition is not None:
            terms.check(None if current is None else await self.state_of(current))

    def _commit(self, writes: tuple[Write, ...], terms: Terms) -> Commit:
        return Commit(writes, self._context.origin, self._context.write_context().now, terms.author)

    async def _until_won(self, attempt: Callable[[], Awaitable[Written]]) -> Written:
        async def again() -> Written:
            await self._context.strategy.catch_up()
            return await attempt()

        return await self._races.until_won(attempt, again)
