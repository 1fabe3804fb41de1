"""From a document to the writes that make a store like it, all checked and none made.

Everything happens on a staged store, so each write sees those before it and meets the checks of the very
kind.  First goes what is removed, so that its names are free, but for what other entities are led away from
by the document; then what is made and changed, those first that others refer to; then the rest is removed.
A write that is refused because a name is still taken is tried again when all others are done.

All that is wrong with a document is gathered and raised at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from twisted_kong.core.changes import Entity
from twisted_kong.core.declarative.items import Flat, Item
from twisted_kong.core.declarative.kinds import Kinds
from twisted_kong.core.declarative.problems import Problem, refusal
from twisted_kong.core.errors import EntityError, ForeignKeyViolation, ReferencedByOthers, UniqueViolation
from twisted_kong.db.database import Database
from twisted_kong.db.declarative.judging import Judge, Judged
from twisted_kong.db.declarative.matching import Matching
from twisted_kong.db.declarative.options import Options, Tell
from twisted_kong.db.declarative.surplus import Surplus
from twisted_kong.db.interfaces import Stored
from twisted_kong.db.staging import StagedStrategy, stage
from twisted_kong.db.staging.forgetting import emptied
from twisted_kong.db.terms import Terms
from twisted_kong.db.transaction import Draft
from twisted_kong.db.turns import Turns

# From how many entities of a kind on all that is stored of it is read at once.
MANY = 50


@dataclass(frozen=True, slots=True)
class Plan:
    """What a document changes.

    :param entities: those of the document, complete, by kind and primary key.
    """

    staged: StagedStrategy
    entities: dict[str, dict[str, Entity]]
    work: list[Judged]

    async def settle(self, turns: Turns) -> None:
        """Let go of all but what is to be written; nothing more is planned."""
        await emptied([self.work], turns)
        await self.staged.settle(turns)

    async def forget(self, turns: Turns) -> None:
        """Let go of what it was made with; all at once would take as long as many requests."""
        await emptied([self.work], turns)
        await self.staged.forget(turns)

    @property
    def changes(self) -> tuple[Draft, ...]:
        """In the order in which they are made."""
        return self.staged.changes


class Planner:
    """Plans one document, once.

    :param flat: the document; its references and keys are filled in.
    """

    def __init__(
        self, database: Database, kinds: Kinds, flat: Flat, options: Options, turns: Turns, tell: Tell
    ) -> None:
        self._kinds, self._flat, self._options = kinds, flat, options
        self._turns, self._tell = turns, tell
        self._staged, self._database = stage(database)
        self._surplus = Surplus(self._database, kinds, flat, options)
        matching = Matching(self._database, self._surplus.is_surplus)
        self._judge = Judge(self._database, matching, transform=flat.transform)
        self._terms = Terms(options.author)
        self._problems: list[Problem] = []

    async def plan(self) -> Plan:
        """The plan.

        :raises DeclarativeConfig: with all that is wrong with the document; nothing is kept then.
        """
        try:
            return await self._planned()
        except BaseException:
            await self._staged.forget(self._turns)
            raise

    async def _planned(self) -> Plan:
        await self._staged.catch_up()
        await self._read()
        await self._check()
        self._refuse([*self._flat.problems, *self._judge.problems])
        await self._stage()
        self._refuse(self._problems)
        entities: dict[str, dict[str, Entity]] = {}
        for each in self._judge.judged:
            entities.setdefault(each.item.kind, {})[each.dao.table.key_of(each.entity)] = each.entity
            await self._turns.pause()
        return Plan(self._staged, entities, self._judge.judged)

    async def _read(self) -> None:
        """Read at once what would else be asked for row by row."""
        whole = set() if self._surplus.tags else set(self._surplus.kinds)
        wanted = [
            name for name in self._kinds.names if name in whole or len(self._flat.items.get(name, ())) > MANY
        ]
        for count, name in enumerate(wanted):
            self._tell("reading", count, len(wanted))
            await self._staged.preload([name])
            await self._turns.pause()

    async def _check(self) -> None:
        total, count = len(self._flat), 0
        for kind, items in self._flat.items.items():
            for item in items:
                await self._judge.judge(item)
                count += 1
                self._tell("checking", count, total)
                await self._turns.pause()
            self._surplus.keys[kind] = {item.key for item in items if item.key is not None}

    def _refuse(self, problems: list[Problem]) -> None:
        if problems or self._flat.general:
            raise refusal(self._flat.general, problems, flatten=self._options.flatten)

    async def _stage(self) -> None:
        changed: list[Judged] = []
        led_away: set[tuple[str, str]] = set()
        for each in self._judge.judged:
            if each.is_change:
                changed.append(each)
                led_away.update(_led_away(each))
            await self._turns.pause()
        gone = [
            (kind, row)
            for kind in reversed(self._surplus.kinds)
            async for row in self._surplus.rows(kind, self._turns)
        ]
        total, self._count = len(changed) + len(gone), 0
        late = await self._remove_all(
            [pair for pair in gone if _key(*pair) not in led_away], total, final=False
        )
        await self._write_all(changed, total)
        late += [pair for pair in gone if _key(*pair) in led_away]
        await self._remove_all(late, total, final=True)

    async def _write_all(self, changed: list[Judged], total: int) -> None:
        again: list[Judged] = []
        for each in changed:
            try:
                await self._write(each)
            except UniqueViolation:
                again.append(each)
            except EntityError as error:
                self._note(each.item, error)
            await self._done(total)
        for each in again:
            try:
                await self._write(each)
            except EntityError as error:
                self._note(each.item, error)
            await self._turns.pause()

    async def _write(self, each: Judged) -> None:
        record = each.item.record
        await each.dao.place(each.entity, each.current, record, expires=each.expires, terms=self._terms)

    async def _remove_all(
        self, rows: list[tuple[str, Stored]], total: int, *, final: bool
    ) -> list[tuple[str, Stored]]:
        """Remove entities; those that others still refer to, which may change, unless it is final."""
        late: list[tuple[str, Stored]] = []
        for kind, row in rows:
            dao = self._database[kind]
            try:
                await dao.delete(dao.table.primary_key_of(row.entity), terms=self._terms)
            except (ForeignKeyViolation, ReferencedByOthers) as error:
                late.append((kind, row))
                if final:
                    key = dao.table.key_of(row.entity)
                    self._flat.general.setdefault(kind, {})[key] = f"it cannot be removed: {error.message}"
            await self._done(total)
        return late

    async def _done(self, total: int) -> None:
        self._count += 1
        self._tell("comparing", min(self._count, total), total)
        await self._turns.pause()

    def _note(self, item: Item, error: EntityError) -> None:
        fields = error.fields if error.code in (2, 4) else None
        if error.code == 4 and fields:
            fields = dict.fromkeys(fields, error.message)
        self._problems.append(item.problem(fields or error.message))


def _led_away(each: Judged) -> Iterator[tuple[str, str]]:
    """Kinds and keys of what an entity of the document refers to now and will no more."""
    if each.current is None:
        return
    for reference in each.dao.table.references:
        before = reference.parent_of(each.current.entity)
        if before is not None and before != reference.parent_of(each.entity):
            yield reference.parent, before


def _key(kind: str, row: Stored) -> tuple[str, str]:
    return kind, str(row.entity.get("id"))
