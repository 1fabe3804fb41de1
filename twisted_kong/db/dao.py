"""One DAO a kind of entity: the verbs by which its entities are read and written, told what changed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from twisted_kong.core.changes import Entity
from twisted_kong.core.errors import PrimaryKeyViolation, UniqueViolation
from twisted_kong.db.interfaces import LostRace, Stored, Write
from twisted_kong.db.reading import Context, Page
from twisted_kong.db.schemas import lasting
from twisted_kong.db.terms import NO_TERMS, Terms
from twisted_kong.db.ttl import take_ttl
from twisted_kong.db.violations import not_found, not_found_by
from twisted_kong.db.writing import Writing, Written

__all__ = ["Context", "Dao", "Page", "Written"]


class Dao(Writing):
    """Reads and writes one kind of entity; see :class:`~twisted_kong.db.reading.Reading` for the latter."""

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
