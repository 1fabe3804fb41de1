"""Several writes as one: all of them are made, in one transaction, or none is.

They are decided on what is read first.  When something of it has changed before they are made, all is decided
anew, a bounded number of times, as with a single write (:mod:`twisted_kong.db.dao`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from twisted.internet.defer import DeferredLock

from twisted_kong.core.errors import (
    DatabaseUnavailable,
    EntityError,
    ForeignKeyViolation,
    PrimaryKeyViolation,
    UniqueViolation,
)
from twisted_kong.db.database import Database
from twisted_kong.db.interfaces import Committed, LostRace
from twisted_kong.db.staging.stage import stage, unwritten
from twisted_kong.db.terms import NO_TERMS, Terms

T = TypeVar("T")

# How often writes that have lost once are decided anew because others were faster, before they are given up.
ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class Made(Generic[T]):
    """What came of some work, and what its writes have done."""

    result: T
    committed: Committed


class JointWrites:
    """Does work that writes to a database as a whole."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._losers = DeferredLock()

    async def make(self, work: Callable[[Database], Awaitable[T]], terms: Terms = NO_TERMS) -> Made[T]:
        """Do some work on a staged database and make all of its writes; or raise and write nothing.

        :param work: may be done several times.
        :param terms: in whose name the log tells the changes; a precondition is the affair of the work.
        """
        try:
            return await self._attempt(work, terms, catches_up=not terms.caught_up)
        except _Overtaken:
            pass
        # Those who have lost go one after the other: together they would make one another lose again.
        await self._losers.acquire()
        try:
            for _ in range(ATTEMPTS):
                try:
                    return await self._attempt(work, terms, catches_up=True)
                except _Overtaken as overtaken:
                    reason = overtaken.reason
        finally:
            self._losers.release()
        if isinstance(reason, EntityError):
            raise reason
        raise DatabaseUnavailable(f"gave up after {ATTEMPTS} more attempts: others kept changing {reason}")

    async def _attempt(
        self, work: Callable[[Database], Awaitable[T]], terms: Terms, *, catches_up: bool
    ) -> Made[T]:
        store, twin = stage(self._database)
        if catches_up:
            await store.catch_up()
        result = await unwritten(work(twin))
        now = self._database.write_context().now
        try:
            return Made(result, await store.commit(self._database.instance, now, terms.author))
        except (LostRace, PrimaryKeyViolation, UniqueViolation, ForeignKeyViolation) as error:
            # Staged it was good: somebody has written since. Done anew, the write in question is refused.
            raise _Overtaken(error) from error


class _Overtaken(Exception):
    def __init__(self, reason: Exception) -> None:
        super().__init__(str(reason))
        self.reason = reason
