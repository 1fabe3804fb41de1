"""A log of changes in memory that a test can write to, lose and let fail."""

from __future__ import annotations

import itertools

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock, deferLater
from typing_extensions import override

from tests.kit.deferreds import success_of
from twisted_kong.core.changes import ChangeBatch, Position
from twisted_kong.core.errors import DatabaseUnavailable
from twisted_kong.db.interfaces import Commit, Member, Write
from twisted_kong.db.positions import LogPosition
from twisted_kong.db.strategies.memory import MemoryData, MemoryStrategy
from twisted_kong.db.tables import Table

KIND = Table("things", ("id",), (), (), (), lambda new, old: ())


class HistoryStore(MemoryStrategy):
    """A store as one node sees it; ``away`` lets everything fail, ``held`` keeps every answer back.

    ``seconds`` is what each answer takes.

    ``reads`` counts what was asked of the list of nodes and of history.
    """

    def __init__(self, clock: Clock, data: MemoryData | None = None) -> None:
        tags = itertools.count(1)
        super().__init__(clock, lambda: f"{next(tags):08x}", data)
        success_of(self.start({"things": KIND}))
        self.away = False
        self.held: list[Deferred[None]] | None = None
        self.seconds = 0.0
        self.reads = 0
        self._keys = itertools.count()

    def write(self) -> LogPosition:
        """Commit one change; its position."""
        key = str(next(self._keys))
        write = Write("things", "insert", key, {"id": key})
        position = success_of(self.apply(Commit((write,), "other", 0.0))).position
        assert isinstance(position, LogPosition)
        return position

    def lose(self, count: int) -> None:
        """Fail over to a server that lacks the last changes; what it commits has other tags."""
        del self.data.log[-count:]
        tags = itertools.count(0xF0000000)
        self._new_tag = lambda: f"{next(tags):08x}"

    def release(self) -> None:
        """Let everything answer that was kept back."""
        held, self.held = self.held or [], None
        for each in held:
            each.callback(None)

    @override
    async def report(self, member: Member) -> Position:
        await self._answer()
        return await super().report(member)

    @override
    async def leave(self, instance: str) -> None:
        await self._answer()
        await super().leave(instance)

    @override
    async def members(self) -> tuple[Member, ...]:
        seen = await super().members()
        self.reads += 1
        await self._answer()
        return seen

    @override
    async def history(self, after: Position | None, limit: int) -> ChangeBatch:
        self.reads += 1
        await self._answer()
        return await super().history(after, limit)

    @override
    async def changes_after(self, position: Position, limit: int = 1000) -> ChangeBatch:
        await self._answer()
        return await super().changes_after(position, limit)

    async def _answer(self) -> None:
        if self.away:
            raise DatabaseUnavailable("the database is away")
        if self.held is not None:
            self.held.append(Deferred())
            await self.held[-1]
        if self.seconds:
            await deferLater(self._clock, self.seconds)


def at(number: int, tag: str = "deadbeef") -> LogPosition:
    """A position that no log holds."""
    return LogPosition(number, tag)
