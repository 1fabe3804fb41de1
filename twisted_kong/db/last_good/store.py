"""A strategy that can start without its datastore: from the last-good snapshot, until the datastore is there.

Once the datastore was reached it alone is asked, and the snapshot only written: what a node has in memory
outlives an outage, and is newer.
When it comes after a start from the snapshot nothing is known of what lies between, so the feed is told once
that continuity cannot be shown, and everything is loaded again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from twisted.internet.defer import CancelledError, Deferred, TimeoutError
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure
from typing_extensions import override

from twisted_kong.core.changes import ChangeBatch, Position
from twisted_kong.core.errors import DatabaseUnavailable
from twisted_kong.db.delegating import Delegating
from twisted_kong.db.interfaces import IStrategy, PoolUse, Selection
from twisted_kong.db.last_good.files import Refused
from twisted_kong.db.last_good.recorder import Recorder
from twisted_kong.db.tables import Table
from twisted_kong.db.trouble import Trouble

T = TypeVar("T")

# Seconds that a node which starts waits for the datastore before it looks for the snapshot.
PATIENCE = 5.0
# Seconds between tries to reach it.
FIRST_RETRY = 0.5
LAST_RETRY = 15.0

ANOTHER_DATABASE = (
    "the database has been made anew, and this node was started from a snapshot of the old one: restart it"
)


class LastGoodStrategy(Delegating):
    """The datastore, or its snapshot where a node starts without it.

    :param standby: makes the strategy over the snapshot, not started, which may refuse to start; None where
        there is no snapshot yet.
    :param recorder: keeps the snapshot in step with the datastore.
    """

    _log = Logger()

    def __init__(
        self,
        primary: IStrategy,
        standby: Callable[[], IStrategy | None],
        recorder: Recorder,
        clock: IReactorTime,
        *,
        patience: float = PATIENCE,
    ) -> None:
        super().__init__(primary)
        self.name = primary.name
        self._primary, self._standby, self._recorder = primary, standby, recorder
        self._clock, self._patience = clock, patience
        self._tables: Mapping[str, Table] = {}
        self._migrate = True
        self._live = False
        self._doubtful = False
        self._heard: Callable[[], object] | None = None
        self._returning: Deferred[None] | None = None

    @override
    async def start(self, tables: Mapping[str, Table], *, migrate: bool = True) -> None:
        """Open the datastore, or the snapshot where the datastore cannot be reached in time.

        DatabaseUnavailable, with both reasons, when neither can be used.
        """
        self._tables, self._migrate = tables, migrate
        standby = self._standby()
        try:
            await self._reach_primary(self._patience if standby is not None else None)
        except DatabaseUnavailable as error:
            if standby is None:
                raise
            await self._stand_by(standby, error)
            self._returning = Deferred.fromCoroutine(self._return())
        else:
            self._go_live()

    @override
    async def stop(self) -> None:
        if self._returning is not None:
            returning, self._returning = self._returning, None
            returning.cancel()
            await returning
        if self._live:
            await self._recorder.stop()
        self._live = False
        if self._serving is not self._primary:
            await self._serving.stop()
        await self._primary.stop()

    async def _reach_primary(self, patience: float | None) -> None:
        """Start the datastore; DatabaseUnavailable when that does not succeed in time.

        :param patience: seconds; None for a single try that takes as long as it takes.
        """
        if patience is None:
            await self._start_primary()
            return
        deadline = self._clock.seconds() + patience
        while True:
            left = max(FIRST_RETRY, deadline - self._clock.seconds())
            try:
                await self._start_primary().addTimeout(left, self._clock)
                return
            except TimeoutError:
                raise DatabaseUnavailable(f"{self.name} did not answer for {patience:g} seconds") from None
            except DatabaseUnavailable:
                if left <= FIRST_RETRY:
                    raise
            await self._rest(FIRST_RETRY)

    def _start_primary(self) -> Deferred[None]:
        return Deferred.fromCoroutine(self._primary.start(self._tables, migrate=self._migrate))

    async def _stand_by(self, standby: IStrategy, reason: DatabaseUnavailable) -> None:
        try:
            await standby.start(self._tables)
        except Refused as refusal:
            await standby.stop()
            raise DatabaseUnavailable(
                f"{reason.message}; and the last-good snapshot is not used: {refusal.message}"
            ) from None
        self._serving = standby
        age = self._clock.seconds() - (standby.outdated_since or 0.0)
        self._log.warn(
            "started from the last-good snapshot, {age} old, at position {position}: {reason}; nothing can be"
            " written until the database is there",
            age=in_words(age),
            position=await standby.head(),
            reason=reason.message,
        )

    async def _return(self) -> None:
        """Try to reach the datastore until that succeeds, and go on with it from then on."""
        try:
            await self._until_it_succeeds(self._start_primary)
            if await self._until_it_succeeds(self._is_the_same):
                await self._change_over()
            else:
                self._log.critical("{reason}", reason=ANOTHER_DATABASE)
        except CancelledError:
            return

    async def _until_it_succeeds(self, act: Callable[[], Awaitable[T]]) -> T:
        """Try, less and less often; what fails is told once."""
        trouble, delay = Trouble(self._log), FIRST_RETRY
        while True:
            try:
                return await act()
            except CancelledError:
                raise
            except Exception:
                trouble.met(Failure(), "the database cannot be used yet")
            await self._rest(delay)
            delay = min(2 * delay, LAST_RETRY)

    async def _is_the_same(self) -> bool:
        """Whether the datastore has the snapshot's workspaces, by whose ids the node goes since its start.

        Whatever else differs is loaded again.
        """
        table = self._tables.get("workspaces")
        if table is None:
            return True
        for row in (await self._serving.page(table, 1000, None, Selection())).rows:
            if await self._primary.select(table, table.key_of(row.entity)) is None:
                return False
        return True

    async def _change_over(self) -> None:
        standby, self._serving = self._serving, self._primary
        self._doubtful = True
        self._log.info("the database is there: everything is loaded from it, and it can be written again")
        self._go_live()
        if self._heard is not None:
            self._heard()
        await standby.stop()

    def _go_live(self) -> None:
        self._live = True
        if self._heard is not None:
            self._primary.listen(self._heard)
        self._recorder.start(self._tables)

    async def _rest(self, seconds: float) -> None:
        await deferLater(self._clock, seconds, lambda: None)

    # The log, which tells what the snapshot has to follow.

    @override
    async def changes_after(self, position: Position, limit: int = 1000) -> ChangeBatch:
        if self._doubtful:
            head = await self._primary.head()
            self._doubtful = False
            return ChangeBatch(changes=(), position=head, continuous=False, more=False)
        begun = self._clock.seconds()
        batch = await self._serving.changes_after(position, limit)
        if not batch.continuous:
            self._recorder.doubt()
        if not batch.more:
            self._recorder.known(batch.position, begun)
        return batch

    @override
    def has_news(self) -> bool:
        return self._doubtful or self._serving.has_news()

    @override
    def listen(self, heard: Callable[[], object]) -> None:
        self._heard = heard
        if self._live:
            self._primary.listen(heard)

    @override
    def parse_position(self, text: str) -> Position:
        return self._primary.parse_position(text)

    @override
    def pool_use(self) -> Mapping[str, PoolUse]:
        return self._primary.pool_use()


def in_words(seconds: float) -> str:
    """How long something is, as one would say it."""
    for unit, name in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{max(0.0, seconds):.0f} seconds"
