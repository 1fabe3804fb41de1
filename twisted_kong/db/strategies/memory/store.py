"""The strategy that keeps everything in this process: for tests, and for a node without a database.

Entities are held as text like in any other store: nothing a caller does to what it was handed reaches them.
Every operation is done before it returns, so transactions need no lock; one that is refused is undone step
by step.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import islice
from typing import Protocol

from typing_extensions import override

from twisted_kong.core.changes import Change, ChangeBatch, Position
from twisted_kong.db.documents import decode
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
from twisted_kong.db.places import Place, place_of
from twisted_kong.db.positions import LogPosition, batch_from, beginning_of, parse
from twisted_kong.db.strategies.memory.data import MemoryData, MemoryRows
from twisted_kong.db.tables import Table, Unique
from twisted_kong.db.transaction import Draft, execute


class ISeconds(Protocol):
    """The part of a clock that tells the time."""

    def seconds(self) -> float:
        """Epoch seconds."""


class MemoryStrategy(IStrategy):
    """Keeps entities and their log in memory.

    :param new_tag: gives the chance part of a position, eight hexadecimal digits.
    :param data: what another strategy of this kind already holds, to be shared with it.
    """

    name = "memory"

    def __init__(self, clock: ISeconds, new_tag: Callable[[], str], data: MemoryData | None = None) -> None:
        self._clock = clock
        self._new_tag = new_tag
        self.data = MemoryData() if data is None else data
        self._tables: Mapping[str, Table] = {}
        if not self.data.log:
            self.data.log.append(Change(LogPosition(0, new_tag()), "", "create", "", (), "", clock.seconds()))
        self._polled = self._newest()

    @override
    async def start(self, tables: Mapping[str, Table], *, migrate: bool = True) -> None:
        self._tables = tables

    @override
    async def stop(self) -> None:
        """Nothing to close; the data stays."""

    @override
    async def migrations(self) -> MigrationState:
        return MigrationState()

    @override
    async def select(self, table: Table, key: str) -> Stored | None:
        found = self.data.table(table.name).documents.get(key)
        if found is None or self._is_over(found[1]):
            return None
        return Stored(decode(found[0]), *found)

    @override
    async def select_by(self, table: Table, unique: Unique, value: str) -> Stored | None:
        key = self.data.table(table.name).holders.get((unique, value))
        return None if key is None else await self.select(table, key)

    @override
    async def page(self, table: Table, size: int, cursor: Cursor | None, selection: Selection) -> StoredPage:
        found = islice(self._matching(table, place_of(cursor, selection), selection), size + 1)
        rows = [row for key in found if (row := await self.select(table, key)) is not None]
        more = len(rows) > size
        page = rows[:size]
        return StoredPage(tuple(page), [table.key_of(page[-1].entity)] if more else None)

    @override
    async def tags_after(
        self, size: int, after: tuple[str, int, str] | None, tag: str | None
    ) -> list[TagRow]:
        rows = [
            TagRow(text, name, key, ordinal)
            for name, table in self.data.tables.items()
            for key, tags in table.tags.items()
            if not self._is_over(table.documents[key][1])
            for ordinal, text in enumerate(tags, 1)
            if (tag is None or text == tag) and (after is None or (key, ordinal, name) > after)
        ]
        return sorted(rows, key=lambda row: (row.key, row.ordinal, row.table))[:size]

    @override
    async def apply(self, commit: Commit) -> Committed:
        rows = MemoryRows(self.data)
        try:
            drafts = await execute(self._tables, rows, commit)
        except BaseException:
            rows.undo()
            raise
        rows.keep()
        changes = tuple(self._append(draft, commit) for draft in drafts)
        return Committed(changes, self._newest())

    @override
    async def expired(self, limit: int) -> list[tuple[str, str]]:
        over = (
            (name, key)
            for name, table in self.data.tables.items()
            for key, (_, expires) in table.documents.items()
            if name in self._tables and self._is_over(expires)
        )
        return list(islice(over, limit))

    @override
    async def trim_log(self, before: float) -> int:
        log = self.data.log
        count = next((index for index, change in enumerate(log) if change.at >= before), len(log))
        count = min(count, len(log) - 1)
        del log[:count]
        return count

    @override
    def parse_position(self, text: str) -> Position:
        return parse(text)

    @override
    async def head(self) -> Position:
        return self._newest()

    @override
    async def changes_after(self, position: Position, limit: int = 1000) -> ChangeBatch:
        self._polled = self._newest()
        return self._after(position, limit)

    @override
    def has_news(self) -> bool:
        return self._polled != self._newest()

    @override
    async def history(self, after: Position | None, limit: int) -> ChangeBatch:
        if after is None:
            return beginning_of(self.data.log[: limit + 2], limit)
        return self._after(after, limit)

    @override
    async def report(self, member: Member) -> Position:
        self.data.members[member.instance] = (member, self._clock.seconds())
        return self._newest()

    @override
    async def leave(self, instance: str) -> None:
        self.data.members.pop(instance, None)

    @override
    async def members(self) -> tuple[Member, ...]:
        now = self._clock.seconds()
        reported = sorted(self.data.members.items())
        return tuple(replace(member, age=max(0.0, now - seen)) for _, (member, seen) in reported)

    @override
    async def forget_members(self, age: float) -> int:
        before = self._clock.seconds() - age
        over = [instance for instance, (_, seen) in self.data.members.items() if seen <= before]
        for instance in over:
            del self.data.members[instance]
        return len(over)

    def _after(self, position: Position, limit: int) -> ChangeBatch:
        batch = None
        if isinstance(position, LogPosition):
            first = _number(self.data.log[0].position)
            start = max(0, position.number - first)
            batch = batch_from(position, self.data.log[start : start + limit + 2], limit)
        if batch is None:
            return ChangeBatch(changes=(), position=self._newest(), continuous=False, more=False)
        return batch

    def _newest(self) -> Position:
        return self.data.log[-1].position

    def _is_over(self, expires: float | None) -> bool:
        return expires is not None and expires <= self._clock.seconds()

    def _matching(self, table: Table, place: Place, selection: Selection) -> Iterable[str]:
        data = self.data.table(table.name)
        keys = data.keys
        if selection.foreign is not None:
            keys = sorted(data.referring.get(selection.foreign, ()))
        if place.descending:
            next_ones = range(bisect_left(keys, place.key) - 1, -1, -1)
        else:
            next_ones = range(bisect_right(keys, place.key), len(keys))
        wanted = selection.tags
        for key in (keys[index] for index in next_ones):
            if self._is_over(data.documents[key][1]):
                continue
            if wanted is not None:
                found = [tag in data.tags.get(key, ()) for tag in wanted.tags]
                if not (all(found) if wanted.every else any(found)):
                    continue
            yield key

    def _append(self, draft: Draft, commit: Commit) -> Change:
        change = draft.logged(LogPosition(_number(self._newest()) + 1, self._new_tag()), commit)
        self.data.log.append(change)
        return change


def _number(position: Position) -> int:
    return parse(str(position)).number
