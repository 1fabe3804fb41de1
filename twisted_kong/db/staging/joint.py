"""Several writes as one: all of them are made, in one transaction, or none is.

They are decided on what is read first.  When something of it has changed before they are made, all is decided
anew, as with a single write (:mod:`twisted_kong.db.races`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from twisted_kong.core.errors import ForeignKeyViolation, PrimaryKeyViolation, UniqueViolation
from twisted_kong.db.database import Database
from twisted_kong.db.interfaces import Committed, LostRace
from twisted_kong.db.races import Races
from twisted_kong.db.staging.stage import stage, unwritten
from twisted_kong.db.terms import NO_TERMS, Terms

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Made(Generic[T]):
    """What came of some work, and what its writes have done."""

    result: T
    committed: Committed


class JointWrites:
    """Does work that writes to a database as a whole."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._races = Races()

    async def make(self, work: Callable[[Database], Awaitable[T]], terms: Terms = NO_TERMS) -> Made[T]:
        """Do some work on a staged database and make all of its writes; or raise and write nothing.

        :param work: may be done several times.
        :param terms: in whose name the log tells the changes; a precondition is the affair of the work.
        """
        attempt = partial(self._attempt, work, terms, catches_up=not terms.caught_up)
        again = partial(self._attempt, work, terms, catches_up=True)
        return await self._races.until_won(attempt, again)

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
        except (PrimaryKeyViolation, UniqueViolation, ForeignKeyViolation) as error:
            # Staged it was good: somebody has written since. Done anew, the write in question is refused.
            raise LostRace(error.message) from error
