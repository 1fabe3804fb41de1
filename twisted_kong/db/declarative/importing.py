"""Applies a document to a store: in one transaction, so that it holds wholly or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from twisted.internet.interfaces import IReactorTime

from twisted_kong.core.changes import Change, Entity, Position
from twisted_kong.core.declarative.flattening import flatten
from twisted_kong.core.declarative.items import Flat
from twisted_kong.core.declarative.kinds import Kinds
from twisted_kong.core.declarative.problems import DocumentError, unreadable
from twisted_kong.core.declarative.reading import Document, read
from twisted_kong.core.errors import DatabaseError, DatabaseUnavailable, EntityError
from twisted_kong.db.database import Database
from twisted_kong.db.declarative.garbage import young_only
from twisted_kong.db.declarative.options import Options, Tell, tell_nobody
from twisted_kong.db.declarative.planning import Plan, Planner
from twisted_kong.db.interfaces import LostRace
from twisted_kong.db.transaction import Draft
from twisted_kong.db.turns import Turns

# How often a document is planned anew because others wrote meanwhile what it was decided on.
ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a document.

    :param drafts: what it changed, with what was there before; empty where everything was so already.
    :param entities: its entities, complete, by kind and primary key.
    """

    entities: dict[str, dict[str, Entity]]
    drafts: tuple[Draft, ...]
    changes: tuple[Change, ...]
    position: Position


class Importer:
    """Applies documents, or tells what they would change.

    :param clock: tells the time, and gives others their turn while a document is worked on.
    """

    def __init__(self, database: Database, clock: IReactorTime) -> None:
        self._database = database
        self._clock = clock
        self.kinds = Kinds({name: database.schemas[name] for name in database.schemas})

    async def parse(self, text: str | bytes) -> Document:
        """The document in a text.

        :raises DeclarativeConfig: for what is none.
        """
        try:
            with young_only():
                return await Turns(self._clock).finish(read(text))
        except DocumentError as error:
            raise unreadable(error) from None

    async def plan(self, document: Mapping[str, Any], options: Options, tell: Tell = tell_nobody) -> Plan:
        """What a document would change; nothing is written.

        :raises DeclarativeConfig: with all that is wrong with it.
        """
        turns = Turns(self._clock)
        with young_only():
            flat: Flat = await turns.finish(flatten(document, self.kinds))
            return await Planner(self._database, self.kinds, flat, options, turns, tell).plan()

    async def apply(
        self, document: Mapping[str, Any], options: Options, tell: Tell = tell_nobody
    ) -> Imported:
        """Make the store as a document says.

        :raises DeclarativeConfig: with all that is wrong with it; nothing was written then.
        """
        with young_only():
            return await self._apply(document, options, tell)

    async def _apply(self, document: Mapping[str, Any], options: Options, tell: Tell) -> Imported:
        reason = ""
        for attempt in range(ATTEMPTS):
            plan = await self.plan(document, options, tell)
            drafts = plan.changes
            await plan.settle(Turns(self._clock))
            tell("writing", 0, len(drafts))
            now, told = self._database.write_context().now, partial(_written, tell, len(drafts))
            try:
                done = await plan.staged.commit(self._database.instance, now, options.author, told)
            except LostRace as lost:
                reason = str(lost)
                continue
            except DatabaseError:
                raise
            except EntityError as error:
                # Somebody took a name, or removed what is referred to, since it was read: planned anew, what
                # is wrong with the document by now is told in its terms.
                if attempt == ATTEMPTS - 1:
                    raise
                reason = error.message
                continue
            finally:
                await plan.forget(Turns(self._clock))
            tell("writing", len(drafts), len(drafts))
            return Imported(plan.entities, drafts, done.changes, done.position)
        raise DatabaseUnavailable(f"gave up after {ATTEMPTS} attempts: others kept changing {reason}")


def _written(tell: Tell, total: int, done: int) -> None:
    tell("writing", done, total)
