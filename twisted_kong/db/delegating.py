"""Everything that is asked of a strategy, asked of another one, which may be exchanged at any time."""

from __future__ import annotations

from typing_extensions import override

from twisted_kong.core.changes import ChangeBatch, Entity, Position
from twisted_kong.db.interfaces import (
    Commit,
    Committed,
    Cursor,
    IStrategy,
    Member,
    MigrationState,
    Selection,
    Stored,
    StoredPage,
    TagRow,
)
from twisted_kong.db.tables import Table, Unique


class Delegating(IStrategy):
    """Hands on what its subclass does not answer itself.

    :param serving: who is asked, until :attr:`_serving` is another.
    """

    def __init__(self, serving: IStrategy) -> None:
        self._serving = serving

    @override
    async def head(self) -> Position:
        return await self._serving.head()

    @override
    async def history(self, after: Position | None, limit: int) -> ChangeBatch:
        return await self._serving.history(after, limit)

    @override
    async def migrations(self) -> MigrationState:
        return await self._serving.migrations()

    @override
    async def ping(self) -> None:
        await self._serving.ping()

    @property
    @override
    def outdated_since(self) -> float | None:
        return self._serving.outdated_since

    @override
    async def catch_up(self) -> None:
        await self._serving.catch_up()

    @override
    async def select(self, table: Table, key: str) -> Stored | None:
        return await self._serving.select(table, key)

    @override
    async def select_by(self, table: Table, unique: Unique, value: str) -> Stored | None:
        return await self._serving.select_by(table, unique, value)

    @override
    async def page(self, table: Table, size: int, cursor: Cursor | None, selection: Selection) -> StoredPage:
        return await self._serving.page(table, size, cursor, selection)

    @override
    async def tags_after(
        self, size: int, after: tuple[str, int, str] | None, tag: str | None
    ) -> list[TagRow]:
        return await self._serving.tags_after(size, after, tag)

    @override
    def examine(self, table: Table, key: str, entity: Entity) -> None:
        self._serving.examine(table, key, entity)

    @override
    async def apply(self, commit: Commit) -> Committed:
        return await self._serving.apply(commit)

    @override
    async def expired(self, limit: int) -> list[tuple[str, str]]:
        return await self._serving.expired(limit)

    @override
    async def trim_log(self, before: float) -> int:
        return await self._serving.trim_log(before)

    @override
    async def report(self, member: Member) -> Position:
        return await self._serving.report(member)

    @override
    async def leave(self, instance: str) -> None:
        await self._serving.leave(instance)

    @override
    async def members(self) -> tuple[Member, ...]:
        return await self._serving.members()

    @override
    async def forget_members(self, age: float) -> int:
        return await self._serving.forget_members(age)
