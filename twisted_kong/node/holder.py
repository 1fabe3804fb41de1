"""Keeps rows of a few kinds in memory, read again one by one as they change: the discipline of all holders.

Theory.  A change only says *which* row to read again, so changes may be repeated, reordered and merged at
will.  One worker does all the reading, so that of two reads of a row the later one is the newer one:

* a row that changed is marked, read and applied; one marked during its read is read again;
* a reload pages through everything, applies only what differs, and takes out what it did not meet, except
  rows that were read by themselves meanwhile; marked rows are read between its pages;
* it runs at the start, upon doubt, and every ``db_cache_ttl`` seconds if that is set, so that staleness is
  bounded by it even when changes are lost;
* an error of the database leaves what is held in place, and is retried with back-off.

A row is applied in steps that never wait, and after a few milliseconds of them the reactor has its turn.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from twisted.application.service import Service
from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure
from typing_extensions import override

from twisted_kong.core.changes import Change, Entity
from twisted_kong.db.trouble import Trouble
from twisted_kong.node.marks import Mark, Marks, all_of
from twisted_kong.node.reading import Difference, Key, Reader, Reading

# Rows of which is looked at a time whether a reload has met them.
LOOKS: Final = 5000
# Rows read by themselves at a time.
AT_ONCE: Final = 16
# Seconds between tries after an error.
FIRST_RETRY: Final = 0.25
LAST_RETRY: Final = 10.0


class Holder(Service):
    """Holds all rows of some kinds; subclasses say what applying one means.

    :param readers: the DAO of each kind, those first that others refer to.
    :param ttl: seconds after which everything is read again at the latest (``db_cache_ttl``), 0 never.
    :param changed: called after each row that was applied, for whoever derives things from them.
    """

    _logger = Logger()

    def __init__(
        self,
        readers: Mapping[str, Reader],
        clock: IReactorTime,
        *,
        ttl: float = 0.0,
        page_size: int = 200,
        changed: Callable[[], object] = lambda: None,
    ) -> None:
        self._clock, self._ttl, self._page_size, self._changed = clock, ttl, page_size, changed
        self._reading = Reading(readers, clock)
        self._trouble, self._kinds = Trouble(self._logger), ", ".join(readers)
        self.rows: dict[str, dict[str, Entity]] = {kind: {} for kind in readers}
        self._marks: Marks[Key] = Marks()
        # The reload is marked as rows are; there is but one.
        self._reload: Marks[None] = Marks()
        self._first_load = Mark()
        self._read_alone: set[Key] = set()
        self._busy = False
        self._worker: Deferred[None] | None = None
        self._timer: IDelayedCall | None = None
        self.ready = False
        self.errors = 0
        self.last_error: str | None = None

    @property
    def pending(self) -> int:
        """How many rows, and reloads, are still to be read."""
        return len(self._marks) + len(self._reload)

    def loaded(self) -> Deferred[None]:
        """Fires when everything has been read once; cancelled if the service stops before."""
        return succeed(None) if self.ready else self._first_load.wait()

    def apply(self, changes: Iterable[Change]) -> Deferred[None]:
        """Read again what changed; fires when all of it has been applied, however long that takes."""
        keys = dict.fromkeys((each.entity, each.id) for each in changes if each.entity in self.rows)
        settled = all_of([self._marks.set(key).wait() for key in keys])
        self._work()
        return settled

    def doubt(self) -> Deferred[None]:
        """Read everything again; fires when that is done. What is held goes on serving meanwhile."""
        settled = self._reload.set(None).wait()
        self._work()
        return settled

    @override
    def startService(self) -> None:
        """Begin with whatever was marked before."""
        super().startService()
        self._reading.start()
        self._work()

    @override
    def stopService(self) -> Deferred[None] | None:
        """Stop reading; fires when the worker has ended. Who waits is told that it was cancelled."""
        super().stopService()
        self._reading.stop()
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        if not self._busy:
            self._tell_those_who_wait()
        return self._worker

    @abstractmethod
    def _steps(self, kind: str, id: str, old: Entity | None, new: Entity | None) -> Iterator[None]:
        """Take a row over in short steps; it is held when they have ended, or as soon as :meth:`_hold`."""

    def _references(self, kind: str, row: Entity) -> Iterable[Key]:
        """Rows of this holder without which the row cannot be used."""
        return ()

    def _hold(self, kind: str, id: str, row: Entity | None) -> None:
        if row is None:
            self.rows[kind].pop(id, None)
        else:
            self.rows[kind][id] = row

    # The worker: one coroutine, so that reads never overtake one another.

    def _work(self) -> None:
        if self._busy:
            # Something new happened, so perhaps the database is back: no need to rest any longer.
            self._reading.wake()
        elif self.running and self.pending:
            self._busy = True
            self._worker = Deferred.fromCoroutine(self._run())

    async def _run(self) -> None:
        failures = 0
        while self.running and self.pending:
            try:
                await (self._reload_all() if self._reload else self._read_marked())
            except Exception:
                if self.running:
                    failures += 1
                    self._failed(Failure())
                    await self._reading.rest(min(LAST_RETRY, FIRST_RETRY * 2.0**failures / 2))
            else:
                failures, self.last_error = 0, None
                self._trouble.over("{kinds} can be read again", kinds=self._kinds)
        self._busy = False
        if not self.running:
            self._tell_those_who_wait()

    async def _reload_all(self) -> None:
        begun, mark = self._clock.seconds(), self._reload.begin(None)
        self._read_alone.clear()
        try:
            for kind in self.rows:
                await self._reload_kind(kind)
        except BaseException:
            self._reload.give_back(None, mark)
            raise
        self.ready = True
        self._first_load.settle()
        self._reload_again_after(self._clock.seconds() - begun)
        self._reload.finish(None, mark)

    async def _reload_kind(self, kind: str) -> None:
        met: set[str] = set()
        offset: str | None = None
        while True:
            page = await self._reading.page(kind, self._page_size, offset)
            met.update(row["id"] for row in page.rows)
            await self._take([((kind, row["id"]), row) for row in page.rows])
            await self._read_marked_meanwhile()
            offset = page.offset
            if offset is None:
                break
            await self._reading.turn()
        await self._take_out(kind, met)

    async def _take_out(self, kind: str, met: set[str]) -> None:
        """Take out what a reload did not meet."""
        ids = tuple(self.rows[kind])
        for start in range(0, len(ids), LOOKS):
            if start:
                await self._reading.turn()
            missed = [(kind, id) for id in ids[start : start + LOOKS] if id not in met]
            await self._take([(key, None) for key in missed if key not in self._read_alone])

    async def _read_marked_meanwhile(self) -> None:
        try:
            await self._read_marked()
        except Exception:
            # One row that cannot be read must not keep the node from ever being ready; it stays marked.
            if not self.running:
                raise
            self._failed(Failure())

    async def _read_marked(self) -> None:
        """Read each marked row once; raises the first error after all were tried."""
        keys = list(self._marks)
        failure: Failure | None = None
        for start in range(0, len(keys), AT_ONCE):
            failure = await self._read_some(keys[start : start + AT_ONCE]) or failure
        if failure is not None:
            failure.raiseException()

    async def _read_some(self, keys: list[Key]) -> Failure | None:
        marks = {key: self._marks.begin(key) for key in keys}
        read: list[Difference] = []
        try:
            found, failure = await self._select(keys)
            await self._take(found)
            read = found
        finally:
            for key, _ in read:
                self._marks.finish(key, marks.pop(key))
            for key, mark in marks.items():
                self._marks.give_back(key, mark)
        return failure

    async def _select(self, keys: list[Key]) -> tuple[list[Difference], Failure | None]:
        found, failure = await self._reading.select(keys)
        self._read_alone.update(key for key, row in found if row is not None)
        return found, failure

    # Applying.

    async def _take(self, differences: list[Difference]) -> None:
        unknown = {
            key: None
            for (kind, _), row in differences
            if row is not None
            for key in self._references(kind, row)
            if key[1] not in self.rows[key[0]]
        }
        if unknown:
            first, failure = await self._select(list(unknown))
            if failure is not None:
                failure.raiseException()
            differences = first + differences
        await self._reading.in_slices(self._all_steps(differences))

    def _all_steps(self, differences: list[Difference]) -> Iterator[None]:
        for (kind, id), new in differences:
            old = self.rows[kind].get(id)
            if old != new:
                try:
                    yield from self._steps(kind, id, old, new)
                except Exception:
                    self._logger.failure("cannot use {kind} {id}, it is left out", kind=kind, id=id)
                self._hold(kind, id, new)
                self._changed()
            yield

    def _reload_again_after(self, lasted: float) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        if self._ttl > 0:
            # The next one shall have ended a ttl after this one began.
            self._timer = self._clock.callLater(max(self._ttl - 2 * lasted, self._ttl / 2), self._due)

    def _due(self) -> None:
        self._reload.set(None)
        self._work()

    def _tell_those_who_wait(self) -> None:
        self._marks.cancel()
        self._reload.cancel()
        self._first_load.settle(Failure(CancelledError()))

    def _failed(self, failure: Failure) -> None:
        self.errors += 1
        self.last_error = failure.getErrorMessage()
        self._trouble.met(failure, "could not read {kinds}, what is held is kept", kinds=self._kinds)
