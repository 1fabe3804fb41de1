"""Keeps a snapshot in step with the database, without a query while nothing changes.

Theory.  The snapshot is what the database was at one position of the log, and moves from one such state to
another.  To move, the recorder reads the log from the snapshot's position on, then the rows that changed, and
then the log again: if that has grown, once more.  When it has not, nothing changed between reading the first
of these rows and the last, so with them the snapshot is the database at that position.
A first copy, or one after doubt, is made likewise: all rows page by page, then the rows that changed since.
A row may be read sooner than the change that made it, and a failover may lose that change while the log still
holds all that was read of it; so who notices such a loss has to tell (:meth:`Recorder.doubt`).

Whoever polls the log anyway tells how far it is (:meth:`Recorder.known`), so nobody polls here.
Changes that come together are written together.  Whatever fails is told once and tried again a minute later;
the node does not depend on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from twisted_kong.core.changes import ChangeBatch, Position
from twisted_kong.db.interfaces import Cursor, Selection, Stored, StoredPage
from twisted_kong.db.last_good.contents import Found
from twisted_kong.db.tables import Table
from twisted_kong.db.trouble import Trouble

# Rows of a page; few, since reading a page holds the reactor for as long as its documents take to decode.
PAGE: Final = 100
# Changes that come within so many seconds are written together.
SETTLE: Final = 1.0
# How often it is noted that the snapshot is still current, in seconds.
TOUCH: Final = 30.0
RETRY: Final = 60.0
# Changes that are read, and rows that are read again, before they are handed to the file.
BATCH: Final = 200
# So often the log is read in the hope that it has not grown meanwhile.
ROUNDS: Final = 1000
# Seconds that a node which stops waits for the last changes to be written.
FAREWELL: Final = 2.0

_EVERYTHING = Selection()


class Source(Protocol):
    """What is asked of the database."""

    def parse_position(self, text: str) -> Position:
        """The position that a text is of."""

    async def head(self) -> Position:
        """The end of the log."""

    async def history(self, after: Position | None, limit: int) -> ChangeBatch:
        """What the log holds after a position."""

    async def select(self, table: Table, key: str) -> Stored | None:
        """A row."""

    async def page(self, table: Table, size: int, cursor: Cursor | None, selection: Selection) -> StoredPage:
        """A page of rows by ascending key."""


class Copy(Protocol):
    """What is asked of the snapshot; see :class:`~twisted_kong.db.last_good.writer.SnapshotWriter`."""

    async def open(self, tables: Mapping[str, Table]) -> str | None:
        """Open it, or make it; the position it stands at, None for an empty one."""

    async def close(self) -> None:
        """Close it; what was not committed is undone."""

    async def begin(self) -> None:
        """Begin a transaction."""

    async def take(self, found: Sequence[Found]) -> None:
        """Bring rows to what was found."""

    async def clear(self) -> None:
        """Remove all rows."""

    async def commit(self, position: str, as_of: float) -> None:
        """End the transaction."""

    async def rollback(self) -> None:
        """Undo the transaction, if there is one."""

    async def touch(self, as_of: float) -> None:
        """Note that it is still current."""


class Recorder:
    """Follows one database; :meth:`start` and :meth:`stop` once."""

    _log = Logger()

    def __init__(self, source: Source, copy: Copy, clock: IReactorTime) -> None:
        self._source, self._copy, self._clock = source, copy, clock
        self._trouble = Trouble(self._log)
        self._tables: Mapping[str, Table] = {}
        self._known: tuple[Position, float] | None = None
        self._written: Position | None = None
        self._doubtful = False
        self._touched = 0.0
        self._stopping = False
        self._resting: Deferred[None] | None = None
        self._waiting: Deferred[None] | None = None
        self._done: Deferred[None] | None = None

    def start(self, tables: Mapping[str, Table]) -> None:
        """Begin, as soon as :meth:`known` was called."""
        self._tables = tables
        self._done = Deferred.fromCoroutine(self._run())

    def known(self, position: Position, as_of: float) -> None:
        """The log was seen to end at ``position``, ``as_of`` an epoch second."""
        self._known = position, as_of
        if self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            waiting.callback(None)

    def doubt(self) -> None:
        """What was read until now may be of a history that was lost: everything is to be copied."""
        self._doubtful = True

    async def stop(self) -> None:
        """Write what there is to write, if that does not take long, and close the file."""
        self._stopping = True
        for each in (self._resting, self._waiting):
            if each is not None:
                each.cancel()
        if self._done is not None:
            done, self._done = self._done, None
            await done.addTimeout(FAREWELL, self._clock)
        closing = Deferred.fromCoroutine(self._copy.close())
        # A disk that is stuck: the file is safe at any moment.
        await closing.addTimeout(FAREWELL, self._clock, lambda result, _: None)

    async def _run(self) -> None:
        while not self._stopping:
            try:
                await self._wait_for_news()
                await self._follow()
            except CancelledError:
                break
            except Exception:
                self._trouble.met(Failure(), "the last-good snapshot cannot be kept up to date")
                await self._copy.close()
                await self._rest(RETRY)

    async def _follow(self) -> None:
        text = await self._copy.open(self._tables)
        self._written = None if text is None else self._source.parse_position(text)
        while True:
            await self._catch_up()
            self._trouble.over("the last-good snapshot is up to date again")
            if self._stopping:
                return
            await self._wait_for_news()

    async def _wait_for_news(self) -> None:
        """Until the database is known to be ahead of the snapshot, and has been for a moment."""
        while self._known is None or (self._known[0] == self._written and not self._doubtful):
            if self._known is not None:
                await self._touch(self._known[1])
            self._waiting = Deferred()
            await self._waiting
        await self._rest(SETTLE)

    async def _touch(self, as_of: float) -> None:
        if as_of - self._touched >= TOUCH:
            await self._copy.touch(as_of)
            self._touched = as_of

    async def _catch_up(self) -> None:
        """Move the snapshot to a later state, or leave it as it is while the database changes too fast."""
        # Whoever stops here by an error closes the file, which undoes the transaction.
        await self._copy.begin()
        if self._written is None or not await self._bring_to_end(self._written):
            self._doubtful = False
            await self._copy_all()
        await self._copy.rollback()

    async def _copy_all(self) -> None:
        begun, position = self._clock.seconds(), await self._source.head()
        await self._copy.clear()
        for table in self._tables.values():
            await self._copy_kind(table)
        if await self._bring_to_end(position):
            seconds = self._clock.seconds() - begun
            self._log.info("the database was copied to the last-good snapshot in {s:.1f} s", s=seconds)

    async def _copy_kind(self, table: Table) -> None:
        cursor: Cursor | None = None
        more = True
        while more:
            begun = self._clock.seconds()
            page = await self._source.page(table, PAGE, cursor, _EVERYTHING)
            await self._copy.take([(table, table.key_of(row.entity), row) for row in page.rows])
            cursor = page.cursor
            more = cursor is not None
            # Half of the time at most: requests go before.
            await self._rest(self._clock.seconds() - begun)

    async def _bring_to_end(self, position: Position) -> bool:
        """Write what has changed since a position; False if that cannot be known any more."""
        for _ in range(ROUNDS):
            as_of = self._clock.seconds()
            batch = await self._source.history(position, BATCH)
            if self._doubtful or not batch.continuous:
                return False
            if not batch.changes:
                await self._copy.commit(str(position), as_of)
                self._written, self._touched = position, as_of
                return True
            position = batch.position
            await self._read_again([(each.entity, each.id) for each in batch.changes])
        return False

    async def _read_again(self, changed: Sequence[tuple[str, str]]) -> None:
        rows: list[Found] = []
        for kind, key in dict.fromkeys(changed):
            table = self._tables.get(kind)
            if table is not None:
                rows.append((table, key, await self._source.select(table, key)))
        await self._copy.take(rows)

    async def _rest(self, seconds: float) -> None:
        """Wait, but not when the node stops."""
        if self._stopping:
            return
        self._resting = deferLater(self._clock, seconds, lambda: None)
        try:
            await self._resting
        except CancelledError:
            if not self._stopping:
                raise
        finally:
            self._resting = None
