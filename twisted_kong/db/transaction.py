"""What a list of writes means: constraints, references, cascades; the same for every transactional store.

A strategy opens a transaction, hands over a few row operations (:class:`IRows`) and awaits :func:`execute`;
then it logs the drafts and commits, or rolls back upon whatever is raised.
Looking first and writing then is enough because nobody else can write in between: either the strategy is the
only writer, or it locks each row that it looks at and fails where another one inserts what was not there.

The order of refusals is PostgreSQL's, which Kong's users know: primary key, unique constraints in
their order, references.
A row whose time is over counts as absent: whoever stumbles upon it removes it.
"""

from __future__ import annotations

from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from twisted_kong.core.changes import Change, Entity, Operation, Position
from twisted_kong.db.documents import encode
from twisted_kong.db.interfaces import Commit, LostRace, Stored, Write
from twisted_kong.db.tables import Reference, Table, Unique
from twisted_kong.db.violations import (
    dangling_reference,
    primary_key_violation,
    still_referenced,
    unique_violation,
)

T = TypeVar("T")

# Up to so many writes are looked at one by one; of more, so many together.
FEW = 20
TOGETHER = 50


class IRows(Protocol):
    """Row operations inside one transaction; they see what the transaction itself has written."""

    async def foresee(self, tables: Mapping[str, Table], writes: Sequence[Write]) -> None:
        """Some writes are about to be applied: what they look at may be read at once."""
        return None

    async def get(self, table: Table, key: str) -> Stored | None:
        """The row with a key, expired or not."""

    async def holder(self, table: Table, unique: Unique, value: str) -> str | None:
        """The key of the row that holds a value under a unique constraint."""

    async def referring(self, table: Table, field: str, parent: str) -> list[str]:
        """The keys of the rows whose reference leads to a parent."""

    async def put(self, table: Table, key: str, new: Stored, old: Stored | None) -> None:
        """Write a row in place of ``old``, with its unique values, references and tags."""

    async def remove(self, table: Table, key: str, old: Stored) -> None:
        """Remove a row and all that belongs to it."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A change still without a position, with the entity as it was and as it is."""

    table: str
    operation: Operation
    key: str
    cache_keys: tuple[str, ...]
    before: Entity | None = None
    after: Entity | None = None

    def logged(self, position: Position, commit: Commit) -> Change:
        """The change that this has become, as part of a commit."""
        return Change(
            position=position,
            entity=self.table,
            operation=self.operation,
            id=self.key,
            keys=self.cache_keys,
            origin=commit.origin,
            at=commit.at,
            author=commit.author,
        )


async def execute(tables: Mapping[str, Table], rows: IRows, commit: Commit) -> list[Draft]:
    """Apply all of a commit's writes and tell what is to be logged, in this order."""
    transaction = _Transaction(tables, rows, commit.at)
    for start in range(0, len(commit.writes), TOGETHER):
        writes = commit.writes[start : start + TOGETHER]
        if len(commit.writes) > FEW:
            await rows.foresee(tables, writes)
        for write in writes:
            await transaction.write(write)
        if commit.told is not None and len(writes) == TOGETHER:
            commit.told(start + TOGETHER)
    return transaction.drafts


def run_unsuspended(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that never waits, for stores whose row operations are plain calls."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    coroutine.close()
    raise RuntimeError("a row operation waited")


class _Transaction:
    def __init__(self, tables: Mapping[str, Table], rows: IRows, now: float) -> None:
        self._tables = tables
        self._rows = rows
        self._now = now
        self.drafts: list[Draft] = []

    async def write(self, write: Write) -> None:
        table = self._tables[write.table]
        if write.operation == "expire":
            await self._expire(table, write.key)
        elif write.operation == "delete":
            await self._delete(table, write)
        elif write.entity is not None:
            await self._put(table, write, write.entity)

    async def _put(self, table: Table, write: Write, entity: Entity) -> None:
        old = await self._living(table, write.key)
        if write.operation == "insert" and old is not None:
            raise primary_key_violation(table.primary_key_of(entity))
        if write.operation == "update" and (
            old is None or (write.expected is not None and old.document != write.expected)
        ):
            raise LostRace(f"{table.name} {write.key}")
        await self._check_family(write)
        before = old.entity if old is not None else None
        document = encode(entity)
        await self._check_uniques(table, write.key, entity, before)
        await self._check_references(table, entity, before)
        expires = old.expires if write.keeps_expiry and old is not None else write.expires
        await self._rows.put(table, write.key, Stored(entity, document, expires), old)
        operation: Operation = "create" if old is None else "update"
        self._record(table, operation, write.key, entity, before)

    async def _check_family(self, write: Write) -> None:
        if write.family is not None:
            name, field, keys = write.family
            if await self._rows.referring(self._tables[name], field, write.key) != sorted(keys):
                raise LostRace(f"{name} of {write.table} {write.key}")

    async def _delete(self, table: Table, write: Write) -> None:
        old = await self._living(table, write.key)
        if write.expected is not None and (old is None or old.document != write.expected):
            raise LostRace(f"{table.name} {write.key}")
        if old is not None:
            await self._remove(table, write.key, old)
            self._record(table, "delete", write.key, None, old.entity)

    async def _expire(self, table: Table, key: str) -> None:
        await self._living(table, key)

    async def _living(self, table: Table, key: str) -> Stored | None:
        """The row with a key; one whose time is over is removed on the way, which no cache needs to hear."""
        stored = await self._rows.get(table, key)
        if stored is not None and stored.expires is not None and stored.expires <= self._now:
            await self._remove(table, key, stored)
            return None
        return stored

    async def _remove(self, table: Table, key: str, old: Stored) -> None:
        """Remove a row and what cascades from it; the children's changes come before the parent's."""
        await self._rows.remove(table, key, old)
        for child in sorted(table.children, key=lambda child: child.on_delete != "restrict"):
            child_table = self._tables[child.table]
            for child_key in await self._rows.referring(child_table, child.field, key):
                stored = await self._living(child_table, child_key)
                # somebody else may have led it elsewhere, where it had to be waited for
                if stored is None or Reference(child.field, table.name).parent_of(stored.entity) != key:
                    continue
                if child.on_delete == "restrict":
                    raise still_referenced(table.name, child.table)
                await self._remove(child_table, child_key, stored)
                self._record(child_table, "delete", child_key, None, stored.entity)

    async def _check_uniques(self, table: Table, key: str, entity: Entity, before: Entity | None) -> None:
        for unique in table.uniques:
            value = unique.value_of(entity)
            if value is None or (before is not None and unique.value_of(before) == value):
                continue
            holder = await self._rows.holder(table, unique, value)
            if holder is not None and holder != key and await self._living(table, holder) is not None:
                raise unique_violation({field: entity.get(field) for field in unique.fields})

    async def _check_references(self, table: Table, entity: Entity, before: Entity | None) -> None:
        for reference in table.references:
            parent = self._tables[reference.parent]
            key = reference.parent_of(entity)
            if key is None or (before is not None and reference.parent_of(before) == key):
                continue
            if await self._living(parent, key) is None:
                raise dangling_reference(reference.field, entity[reference.field], reference.parent)

    def _record(
        self, table: Table, operation: Operation, key: str, new: Entity | None, old: Entity | None
    ) -> None:
        self.drafts.append(Draft(table.name, operation, key, table.stale_keys(new, old), old, new))
