"""Reports a node to the others on its database, and sees that their definitions of the kinds are not older.

An older node that starts asks who lives.  One that nobody knew of then, since it had not reported itself yet
or was taken for dead, looks after the definitions as it reports itself (:mod:`twisted_kong.db.definitions`).
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from twisted.internet.interfaces import IReactorTime

from twisted_kong.db.definitions import NewerNode
from twisted_kong.db.interfaces import DEAD_AFTER, Member
from twisted_kong.db.positions import LogPosition
from twisted_kong.db.strategies.postgres import kinds, members
from twisted_kong.db.strategies.postgres.pool import Pool
from twisted_kong.db.strategies.postgres.statement import Rows, Statement
from twisted_kong.db.tables import Table


class Reporting:
    """The nodes of a database, as this one sees them and they see it.

    :param pool: leads to the primary.
    :param steady: a clock that nobody sets.
    :param version: of this program; None for tests that have but one.
    """

    def __init__(self, pool: Pool, steady: IReactorTime, version: str | None) -> None:
        self._pool, self._steady, self._version = pool, steady, version
        # Who was reported here, and when, and so is known to the others.
        self._known: str | None = None
        self._reported = 0.0

    async def report(self, member: Member, tables: Iterable[Table]) -> LogPosition:
        """Note a node and that it was seen now; the head of the log, with all that others did before they
        could know of it."""
        head = await self._head_after(members.report(member))
        now = self._steady.seconds()
        if self._known != member.instance or now - self._reported >= DEAD_AFTER:
            # Where a newer node has written a definition meanwhile, who runs already goes on.
            with suppress(NewerNode):
                await kinds.make_current(self._pool, tables, version=self._version)
            # What was committed while the report was not visible yet is not in that report's snapshot.
            self._known, head = member.instance, await self._head_after(members.head())
        self._reported = now
        return head

    async def leave(self, instance: str) -> None:
        """Forget one node."""
        await self._run(members.leave(instance))

    async def members(self) -> tuple[Member, ...]:
        """All nodes that are noted."""
        return members.members_of(await self._run(members.members()))

    async def forget(self, age: float) -> int:
        """Forget nodes that were not seen for so many seconds; how many."""
        [(count,)] = await self._run(members.forget(age))
        return int(count)

    async def _head_after(self, statement: Statement) -> LogPosition:
        return members.head_of(await self._run(statement))

    async def _run(self, statement: Statement) -> Rows:
        return await self._pool.run(statement.text, statement.parameters)
