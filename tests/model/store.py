"""A database in the model: slow, failing, lagging, restored – and all-knowing about what was true when.

*World numbers* count everything that ever became true, also through a restore; only the checks see them.
"""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass
from random import Random

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock, deferLater

from tests.model.rules import Rules
from twisted_kong.core.changes import Change, ChangeBatch
from twisted_kong.core.errors import DatabaseError
from twisted_kong.db.positions import LogPosition, batch_from

# A kind of entity and an id.
Key = tuple[str, str]

IDS = ("1", "2", "3")


@dataclass(frozen=True)
class State:
    """What was true of one entity from a world number, and a moment, on."""

    world: int
    since: float
    value: int | None


@dataclass(frozen=True)
class Backup:
    """The entities and the log as they were."""

    states: dict[Key, int | None]
    log: tuple[Change, ...]


class Store:
    """One database, with a replica that follows ``lag`` seconds behind.

    :param slowest: seconds that a read of one entity takes at most.
    """

    def __init__(self, clock: Clock, random: Random, rules: Rules, lag: float, slowest: float) -> None:
        self.clock, self.random, self.rules = clock, random, rules
        self.lag, self.slowest = lag, slowest
        self.faulty = False
        self.world = 0
        self.history: dict[Key, list[State]] = {
            (kind, id): [State(0, 0.0, None)] for kind in ("creds", "rows") for id in IDS
        }
        self.world_of: dict[LogPosition, int] = {}
        self.log: list[Change] = []
        self.numbers = 0
        self.incarnation = 0
        self._append(("", ""), "", 0, 0)

    # What is true.

    def now(self, key: Key) -> int | None:
        return self.history[key][-1].value

    def before(self, key: Key, moment: float) -> int | None:
        """What a replica shows that has replayed everything up to a moment."""
        return next(
            state.value for state in reversed(self.history[key]) if state.since <= moment or not state.world
        )

    def true_since_world(self, key: Key, world: int) -> set[int | None]:
        """All that was true at or after a world number."""
        states = self.history[key]
        first = max(i for i, state in enumerate(states) if state.world <= world)
        return {state.value for state in states[first:]}

    def true_since(self, key: Key, moment: float) -> set[int | None]:
        """All that was true at or after a moment."""
        states = self.history[key]
        first = max(i for i, state in enumerate(states) if state.since <= moment or not i)
        return {state.value for state in states[first:]}

    # Writing.

    async def write(self, origin: str, key: Key) -> Change:
        """One transaction on an entity, which is created, changed or deleted; it may fail before or after."""
        self.numbers += 1
        number, incarnation = self.numbers, self.incarnation
        await self._pass_time()
        if incarnation != self.incarnation or self._fails():
            raise DatabaseError("rolled back")
        world = self._become(key, None if self.random.random() < 0.3 else self.world + 1)
        if not self.rules.in_transaction:
            await self._pass_time()
            if self._fails():
                raise DatabaseError("the writer died")
        change = self._append(
            key, origin, number if not self.rules.commit_order else _number(self.log[-1]) + 1, world
        )
        await self._pass_time()
        if self._fails():
            raise DatabaseError("the answer was lost")
        return change

    def _become(self, key: Key, value: int | None) -> int:
        self.world += 1
        self.history[key].append(State(self.world, self.clock.seconds(), value))
        return self.world

    def _append(self, key: Key, origin: str, number: int, world: int) -> Change:
        position = LogPosition(number, f"{world:08x}")
        self.world_of[position] = world
        keys = (f"{key[0]}:{key[1]}",)
        change = Change(position, key[0], "update", key[1], keys, origin, self.clock.seconds())
        # By number: that is the order of commits, unless numbers were given out before.
        insort(self.log, change, key=_number)
        return change

    # Reading.

    async def read(self, key: Key, behind: float) -> int | None:
        """An entity as the primary (``behind`` 0) or the replica shows it at some moment of the read."""
        await self._pass_time()
        value = self.before(key, self.clock.seconds() - behind)
        await self._pass_time()
        if self._fails():
            raise DatabaseError("read failed")
        return value

    async def head(self, behind: float) -> LogPosition:
        await self._pass_time()
        position = self._visible(behind)[-1].position
        await self._pass_time(hang=True)
        if self._fails():
            raise DatabaseError("head failed")
        assert isinstance(position, LogPosition)
        return position

    async def changes_after(self, position: LogPosition, limit: int, behind: float) -> ChangeBatch:
        await self._pass_time()
        visible = self._visible(behind)
        batch = self._batch(visible, position, limit)
        await self._pass_time(hang=True)
        if self._fails():
            raise DatabaseError("poll failed")
        return batch

    def _batch(self, visible: list[Change], position: LogPosition, limit: int) -> ChangeBatch:
        if not self.rules.commit_order:
            # Numbers say nothing about commits: all a reader can ask for is what is greater.
            after = [each for each in visible if each.position >= position and each.position != position]
            reached = after[:limit][-1].position if after else position
            return ChangeBatch(tuple(after[:limit]), reached, continuous=True, more=len(after) > limit)
        start = max(0, position.number - _number(visible[0]))
        rows = visible[start : start + limit + 2]
        batch = batch_from(position, rows, limit)
        if batch is None:
            return ChangeBatch((), visible[-1].position, continuous=not self.rules.doubt, more=False)
        return batch

    def _visible(self, behind: float) -> list[Change]:
        moment = self.clock.seconds() - behind
        return [each for each in self.log if each.at <= moment] or self.log[:1]

    # Faults.

    def backup(self) -> Backup:
        return Backup({key: self.now(key) for key in self.history}, tuple(self.log))

    def restore(self, backup: Backup) -> None:
        """The database is an older copy of itself; what was begun is rolled back."""
        self.incarnation += 1
        self.log = list(backup.log)
        for key, value in backup.states.items():
            if self.now(key) != value:
                self._become(key, value)

    def trim(self) -> None:
        """Only the newest change remains in the log (of those that the replica has)."""
        del self.log[: len(self._visible(self.lag)) - 1]

    def _fails(self) -> bool:
        return self.faulty and self.random.random() < 0.1

    async def _pass_time(self, *, hang: bool = False) -> None:
        if hang and self.faulty and self.random.random() < 0.02:
            await Deferred()
        if self.random.random() < 0.6:
            await deferLater(self.clock, self.random.random() * self.slowest / 2, lambda: None)


def _number(change: Change) -> int:
    assert isinstance(change.position, LogPosition)
    return change.position.number
