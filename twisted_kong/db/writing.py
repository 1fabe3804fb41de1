"""How one kind of entity is written: the parts of which the verbs are made, and what kinds refine of them.

A write is decided on what was read before and applied only if that still stands.
When somebody else was faster it is decided anew (:mod:`twisted_kong.db.races`); so nothing is ever merged
into, or validated against, an entity that is no longer there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from twisted_kong.core.changes import Change, Entity, Position
from twisted_kong.core.errors import DatabaseError, OutcomeUnknown
from twisted_kong.core.schema.schema import Schema
from twisted_kong.db.interfaces import Commit, Committed, Stored, Write
from twisted_kong.db.races import Races
from twisted_kong.db.reading import Context, Reading
from twisted_kong.db.references import resolve_references
from twisted_kong.db.schemas import lasting
from twisted_kong.db.tables import Table
from twisted_kong.db.terms import Terms
from twisted_kong.db.ttl import Ttl


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


class Writing(Reading):
    """The parts of writing one kind of entity; see :class:`twisted_kong.db.dao.Dao` for the whole."""

    def __init__(self, schema: Schema, table: Table, context: Context) -> None:
        super().__init__(schema, table, context)
        self._races = Races()

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
