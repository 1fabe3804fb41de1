"""A store whose writes are kept to be seen, and made later if at all.

It lies over another one, shows what that holds with what was staged, and checks each write as that would:
constraints, references and cascades are those of :mod:`twisted_kong.db.transaction`.
What it keeps is the writes themselves, in their order.  To commit them is to apply them all to the store
beneath as one commit, where every check is made anew on what is there by then: a write that expects what it
was decided on meets another document and the race is lost, an insert meets another row and is refused.

Of rows beneath whose time is over it sees nothing: what cascades from them only the real commit tells.

One at a time may use it; it is made for one piece of work and forgotten thereafter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from heapq import merge
from itertools import islice

from typing_extensions import override

from twisted_kong.core.changes import ChangeBatch, Position
from twisted_kong.db.delegating import Delegating
from twisted_kong.db.interfaces import (
    Commit,
    Committed,
    Cursor,
    IStrategy,
    Selection,
    Stored,
    StoredPage,
    TagRow,
    Write,
)
from twisted_kong.db.scanning import all_rows
from twisted_kong.db.staging.base import Base
from twisted_kong.db.staging.forgetting import emptied
from twisted_kong.db.staging.rows import Overlay, StagedRows
from twisted_kong.db.strategies.memory.store import MemoryStrategy
from twisted_kong.db.tables import Table, Unique
from twisted_kong.db.transaction import Draft, execute
from twisted_kong.db.turns import Turns


class _Moment:
    """A clock of which only the time is asked."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.seconds = now


class StagedStrategy(Delegating):
    """Keeps writes over another store.

    Positions are that of the store beneath when the first was asked for: nothing staged has one of its own.

    :param base: the store beneath; started, and never written to but by :meth:`commit`.
    :param tables: the kinds that may be written.
    :param now: tells the time by which rows end, in epoch seconds.
    """

    name = "staged"

    def __init__(self, base: IStrategy, tables: Mapping[str, Table], now: Callable[[], float]) -> None:
        super().__init__(base)
        self._tables = tables
        self._base = Base(base)
        self._overlay = Overlay()
        self._own = MemoryStrategy(_Moment(now), lambda: "0" * 8, self._overlay.data)
        self._writes: list[Write] = []
        self._drafts: list[Draft] = []
        self._head: Position | None = None
        self._caught_up = False

    @property
    def changes(self) -> tuple[Draft, ...]:
        """What the writes so far would change, in order, one for each entity written or cascaded to."""
        return tuple(self._drafts)

    async def preload(self, tables: Iterable[str]) -> None:
        """Read all rows of some tables at once, so that nothing more is asked of the store beneath for them.

        For who is going to look at many of their rows, or would look for many that are not there.
        """
        for name in tables:
            if name not in self._overlay.complete:
                await self._load(self._tables[name])

    async def commit(
        self,
        origin: str,
        at: float,
        author: str | None = None,
        told: Callable[[int], object] | None = None,
    ) -> Committed:
        """Make all the writes, in one transaction of the store beneath, and be of no use any more.

        :param told: may hear now and then how many of them are done.
        :raises LostRace: when something that they were decided on has changed: all is to be done anew.
        :raises EntityError: when what others wrote meanwhile is in the way, such as a unique value that was
            taken; done anew, the write that it concerns will be refused.
        """
        return await self._serving.apply(Commit(tuple(self._writes), origin, at, author, told))

    async def settle(self, turns: Turns) -> None:
        """Let go of all but the writes and what they change; nothing is to be read or written any more."""
        await emptied((*self._overlay.kept(), *self._base.kept()), turns)

    async def forget(self, turns: Turns) -> None:
        """Let go of all that is kept; it is of no use any more.

        To be asked for where that may be much: the DAOs over it lead to it and to one another.
        """
        await emptied((self._writes, self._drafts, *self._overlay.kept(), *self._base.kept()), turns)

    @override
    async def start(self, tables: Mapping[str, Table], *, migrate: bool = True) -> None:
        """Nothing to open: the store beneath is."""
        self._tables = tables

    @override
    async def stop(self) -> None:
        """Nothing to close."""

    @override
    async def catch_up(self) -> None:
        if not self._caught_up:
            await self._serving.catch_up()
            self._caught_up = True

    @override
    async def head(self) -> Position:
        if self._head is None:
            self._head = await self._serving.head()
        return self._head

    @override
    async def select(self, table: Table, key: str) -> Stored | None:
        if self._overlay.hides(table.name, key):
            return await self._own.select(table, key)
        return await self._base.select(table, key)

    @override
    async def select_by(self, table: Table, unique: Unique, value: str) -> Stored | None:
        own = await self._own.select_by(table, unique, value)
        if own is not None or table.name in self._overlay.complete:
            return own
        row = await self._base.select_by(table, unique, value)
        return None if row is None or self._overlay.hides(table.name, table.key_of(row.entity)) else row

    @override
    async def page(self, table: Table, size: int, cursor: Cursor | None, selection: Selection) -> StoredPage:
        if table.name in self._overlay.complete:
            return await self._own.page(table, size, cursor, selection)
        if not self._overlay.hidden.get(table.name):
            return await self._serving.page(table, size, cursor, selection)
        beneath = await self._beneath(table, size, cursor, selection)
        own = await self._own.page(table, size + 1, cursor, selection)
        both = merge(beneath, own.rows, key=partial(_key, table), reverse=selection.descending)
        found = list(islice(both, size + 1))
        rows = tuple(found[:size])
        return StoredPage(rows, [table.key_of(rows[-1].entity)] if len(found) > size else None)

    @override
    async def tags_after(
        self, size: int, after: tuple[str, int, str] | None, tag: str | None
    ) -> list[TagRow]:
        own = await self._own.tags_after(size, after, tag)
        beneath: list[TagRow] = []
        while len(beneath) < size:
            found = await self._serving.tags_after(size, after, tag)
            beneath += [row for row in found if not self._overlay.hides(row.table, row.key)]
            if len(found) < size:
                break
            after = found[-1].key, found[-1].ordinal, found[-1].table
        return sorted([*own, *beneath], key=lambda row: (row.key, row.ordinal, row.table))[:size]

    @override
    async def apply(self, commit: Commit) -> Committed:
        for write in commit.writes:
            if write.entity is not None:
                self._serving.examine(self._tables[write.table], write.key, write.entity)
        position = await self.head()
        rows = StagedRows(self._overlay, self._base)
        try:
            drafts = await execute(self._tables, rows, commit)
        except BaseException:
            rows.undo()
            raise
        rows.keep()
        self._writes += commit.writes
        self._drafts += drafts
        return Committed(tuple(draft.logged(position, commit) for draft in drafts), position)

    @override
    async def expired(self, limit: int) -> list[tuple[str, str]]:
        """Only of what was staged: the store beneath has an upkeep of its own."""
        await self._own.start(self._tables)
        return await self._own.expired(limit)

    @override
    async def trim_log(self, before: float) -> int:
        """The log is that of the store beneath, which is left alone."""
        return 0

    @override
    def parse_position(self, text: str) -> Position:
        return self._serving.parse_position(text)

    @override
    async def changes_after(self, position: Position, limit: int = 1000) -> ChangeBatch:
        return await self._serving.history(position, limit)

    @override
    def has_news(self) -> bool:
        return False

    async def _beneath(
        self, table: Table, size: int, cursor: Cursor | None, selection: Selection
    ) -> list[Stored]:
        """The next rows of the store beneath that nothing hides: more than ``size`` if there are."""
        rows: list[Stored] = []
        while len(rows) <= size:
            page = await self._serving.page(table, size, cursor, selection)
            rows += [
                row for row in page.rows if not self._overlay.hides(table.name, table.key_of(row.entity))
            ]
            cursor = page.cursor
            if cursor is None:
                break
        return rows

    async def _load(self, table: Table) -> None:
        rows = StagedRows(self._overlay, self._base)
        async for row in all_rows(self._serving, table):
            key = table.key_of(row.entity)
            if not self._overlay.hides(table.name, key):
                await rows.load(table, key, row)
        self._overlay.complete.add(table.name)


def _key(table: Table, row: Stored) -> str:
    return table.key_of(row.entity)
