"""The database and all that befalls it: which server is asked, what a transaction does, the disasters."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from twisted.internet.task import Clock

from tests.model.database import Database, Server, Snapshot, position_of
from tests.model.rules import Rules
from tests.model.scenarios import Scenario
from tests.model.truth import Key, Truth
from tests.model.wire import Weather
from twisted_kong.core.changes import Change, Position
from twisted_kong.core.errors import DatabaseError
from twisted_kong.db.positions import LogPosition


class Cluster:
    """One database as all nodes share it.

    ``committed`` is called with each change that is committed, for whoever pushes notifications.
    ``uneasy_until`` is until when not even a reachable database lets nodes keep their bounds.
    """

    def __init__(self, clock: Clock, chance: Random, rules: Rules, scenario: Scenario) -> None:
        self.clock, self.chance, self.rules, self.scenario = clock, chance, rules, scenario
        self.truth = Truth()
        self.database = Database(self.truth, scenario.lags, scenario.ahead)
        self.weather = Weather(clock, chance, scenario.slowest)
        self.committed: list[Callable[[LogPosition], object]] = []
        self.uneasy_until = -1e9
        self._backup = self.database.latest

    def server(self, replica: bool) -> Server:
        """Who answers: the primary, or some replica behind one address."""
        database = self.database
        if replica and database.replicas:
            return self.chance.choice(database.replicas)
        return database.primary

    # Statements.

    def transaction(
        self, origin: str, key: Key, deleted: bool, wall: float
    ) -> Callable[[float], tuple[Change, Snapshot]]:
        """What is to be done on the primary to write an entity; gives the change, and what followed."""
        primary = self.database.primary
        self.database.numbers += 1
        number = None if self.rules.commit_order else self.database.numbers

        def commit(now: float) -> tuple[Change, Snapshot]:
            if primary is not self.database.primary or self.weather.fails():
                raise DatabaseError("rolled back")
            world, written = self.database.write(key, deleted, now)
            if not self.rules.in_transaction:
                self.database.commit(written)
                if self.weather.fails():
                    raise DatabaseError("the writer died")
            change = self.database.log_change(written, key, world, origin=origin, at=wall, number=number)
            for tell in self.committed:
                tell(position_of(change))
            return change, self.database.latest

        return commit

    def report(
        self, instance: str, position: Position | None, *, leaves: bool
    ) -> Callable[[float], Snapshot]:
        """What is to be done for a member that reports or leaves; and what followed."""
        primary = self.database.primary

        def report(now: float) -> Snapshot:
            if primary is not self.database.primary:
                raise DatabaseError("the server is gone")
            if leaves:
                self.database.leave(instance, now)
            else:
                self.database.report(instance, position, now)
            return self.database.latest

        return report

    # Disasters.

    def trim(self, before: float) -> None:
        """Forget what is older in the log."""
        self.database.trim(before, self.clock.seconds())

    def freeze(self) -> None:
        """The primary answers nothing for some seconds."""
        # What was asked before waits as long as it was to wait then.
        until = self.clock.seconds() + self.chance.choice((1.0, 4.0, 12.0))
        self.weather.frozen_until = max(until, self.weather.frozen_until)

    def restart_replica(self) -> None:
        """A replica shows an older state than before, and takes a while to replay from there."""
        if self.database.replicas:
            until = self.clock.seconds() + self.chance.choice((1.0, 5.0))
            self.chance.choice(self.database.replicas).go_back(self.chance.randrange(8), until)
            self._be_uneasy(until)

    def fail_over(self) -> None:
        """A server that may lack the latest commits becomes the primary; replicas find out some time."""
        now = self.clock.seconds()
        snapshots = self.database.primary.timeline.snapshots
        lost = min(self.chance.choice((0, 1, 1, 2, 3)), len(snapshots) - 1)
        self.database.primary.gone = self.chance.random() < 0.5
        self._go_on_from(snapshots[len(snapshots) - 1 - lost])
        for replica in self.database.replicas:
            self._follow_after(replica, self.chance.choice((0.0, 1.0, 6.0)), now)

    def restore(self) -> None:
        """The database becomes what it was at the last backup, or is backed up."""
        if self.chance.random() < 0.5:
            self._go_on_from(self._backup)
            for replica in self.database.replicas:
                replica.follow(self.database.primary.timeline)
        self._backup = self.database.latest

    def calm(self) -> None:
        """Let everything come to rest; what a frozen primary was asked it answers when it was going to."""
        self.uneasy_until = max(self.uneasy_until, self.weather.frozen_until)
        self.weather.stormy, self.weather.frozen_until = False, -1e9

    def _go_on_from(self, snapshot: Snapshot) -> None:
        self.database.go_on_from(snapshot, self.clock.seconds())
        # The backup may be of a future that is no more.
        self._backup = self.database.latest

    def _follow_after(self, replica: Server, seconds: float, now: float) -> None:
        if not seconds:
            replica.follow(self.database.primary.timeline)
            return
        # It goes on showing what it has, be that part of the new history or not.
        replica.stuck_until = max(replica.stuck_until, now + seconds)
        self._be_uneasy(now + seconds)
        self.clock.callLater(seconds, lambda: replica.follow(self.database.primary.timeline))

    def _be_uneasy(self, until: float) -> None:
        self.uneasy_until = max(self.uneasy_until, until)
