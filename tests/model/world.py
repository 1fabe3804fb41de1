"""A history in the model: nodes, writers, requests and faults in one process, by one clock and one seed."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from random import Random
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from tests.model.cluster import Cluster
from tests.model.deeds import Deed, deed_of
from tests.model.judge import Judge, Violation
from tests.model.node import Node
from tests.model.process import due
from tests.model.rules import Rules
from tests.model.scenarios import Scenario
from tests.model.truth import Key
from twisted_kong.db.positions import LogPosition

# Seconds without faults after which everything must have come to rest.
REST = 60.0


class World:
    """One history; everything in it follows from the deeds.

    :param trace: told what happens, line by line.
    """

    def __init__(
        self, scenario: Scenario, rules: Rules, trace: Callable[[str], object] | None = None
    ) -> None:
        self.scenario, self._trace = scenario, trace
        self.clock, self.chance = Clock(), Random(0)
        self.cluster = Cluster(self.clock, self.chance, rules, scenario)
        self.cluster.committed.append(self._committed)
        self._names = 0
        self._claimed = 0
        self.nodes: list[Node] = []
        self.judges: list[Judge] = []
        for place in range(scenario.nodes):
            self._start(place)

    def run(self, deeds: Sequence[int]) -> None:
        """Live through it; raises Violation."""
        for number in deeds:
            deed = deed_of(number, self.scenario)
            self.chance.seed(deed.seed)
            self._say(deed.what, self.nodes[deed.node].name, ":".join(deed.key))
            getattr(self, f"_{deed.what}")(deed)
            self._advance(deed.pause)
        self._come_to_rest()

    # Deeds.

    def _wait(self, deed: Deed) -> None:
        self._advance(2 * deed.pause)

    def _ask(self, deed: Deed) -> None:
        _forget(self._answer(deed.node, deed.key[1]))

    async def _answer(self, place: int, id: str) -> None:
        node, judge, key = self.nodes[place], self.judges[place], ("creds", id)
        if node.process.stopped:
            return
        floor = judge.floor(key)
        judge.answered(key, await node.get(id), floor)

    def _write(self, deed: Deed) -> None:
        _forget(self._written(deed.node, deed.key, self.chance.random() < 0.3))

    async def _written(self, place: int, key: Key, deleted: bool) -> LogPosition | None:
        node, judge = self.nodes[place], self.judges[place]
        if node.process.stopped:
            return None
        change, applied = await node.write(key, deleted)
        assert isinstance(change.position, LogPosition)
        self._say(f"{node.name} is told that {change.position} is written")
        if applied and node.alive:
            judge.must_know(self.cluster.database.world_of[change.position], key)
        return change.position

    def _converge(self, deed: Deed) -> None:
        _forget(self._wait_for_all(deed))

    async def _wait_for_all(self, deed: Deed) -> None:
        node = self.nodes[deed.node]
        position = await self._written(deed.node, deed.key, False)
        if position is None or not await node.converged(position, 6.0) or not node.alive:
            return
        self._say(f"{node.name} says that all have applied {position}")
        world, now = self.cluster.database.world_of[position], self.clock.seconds()
        self._claimed = max(self._claimed, world)
        for judge in self.judges:
            if judge.counts(now):
                judge.must_know(world)

    def _soften(self, deed: Deed) -> None:
        if not self.nodes[deed.node].process.stopped:
            _forget(self.nodes[deed.node].invalidator.refresh())

    def _warm_up(self, deed: Deed) -> None:
        if not self.nodes[deed.node].process.stopped:
            _forget(self.nodes[deed.node].warm_up())

    # Faults.

    def _storm(self, _: Deed) -> None:
        self.cluster.weather.stormy = not self.cluster.weather.stormy

    def _restart(self, deed: Deed) -> None:
        self.nodes[deed.node].process.stopped = False
        self.nodes[deed.node].stop()
        self._start(deed.node)

    def _pause(self, deed: Deed) -> None:
        process = self.nodes[deed.node].process
        if process.stopped:
            self._go_on(deed.node)
        else:
            process.stopped = True

    def _cut(self, deed: Deed) -> None:
        until = self.clock.seconds() + self.chance.choice((2.0, 8.0, 40.0))
        self.nodes[deed.node].strategy.wire.cut_until = until

    def _jump(self, deed: Deed) -> None:
        self.nodes[deed.node].process.offset += self.chance.choice((-7200.0, -20.0, 20.0, 7200.0))

    def _freeze(self, _: Deed) -> None:
        self.cluster.freeze()

    def _trim(self, deed: Deed) -> None:
        # As the upkeep of some node does, by its own clock; what is kept is far too little.
        self.cluster.trim(self.nodes[deed.node].process.seconds() - self.chance.choice((0.0, 5.0)))

    def _restore(self, _: Deed) -> None:
        self.cluster.restore()

    def _restart_replica(self, _: Deed) -> None:
        self.cluster.restart_replica()

    def _fail_over(self, _: Deed) -> None:
        self.cluster.fail_over()

    def _go_on(self, place: int) -> None:
        node = self.nodes[place]
        self._say(f"{node.name} goes on")
        self.judges[place].went_on()
        node.process.stopped = False
        self._happen(place)

    # Time.

    def _start(self, place: int) -> None:
        self._names += 1
        node = Node(f"n{self._names}", self.cluster, self.clock.seconds())
        judge = Judge(self.cluster, node)
        node.arrives = lambda: judge.arrives(self._claimed)
        node.knows = judge.knows
        self.nodes[place : place + 1], self.judges[place : place + 1] = [node], [judge]

    def _committed(self, position: LogPosition) -> None:
        self._say(f"{position} is committed")
        if not self.scenario.pushes:
            return
        for node in self.nodes:
            if self.chance.random() < 0.8 and node.strategy.wire.cut_until <= self.clock.seconds():
                self.clock.callLater(self.chance.random() ** 3, self._notify, node, position)

    def _notify(self, node: Node, position: LogPosition) -> None:
        now = self.clock.seconds()
        node.process.receive(now, lambda: node.strategy.notified(position) if node.alive else None)

    def _advance(self, seconds: float) -> None:
        """Let happen what is due, moment by moment."""
        end = self.clock.seconds() + seconds
        while True:
            moment = min(due(self.clock), *(node.process.due for node in self.nodes))
            if moment > end:
                break
            if due(self.clock) <= moment:
                self.clock.advance(moment - self.clock.rightNow)
            else:
                self.clock.rightNow = moment
            self._tell(moment)
            for place, node in enumerate(self.nodes):
                self.judges[place].look()
                if node.process.due <= moment:
                    self._happen(place)
        self.clock.rightNow = end
        self._tell(end)

    def _tell(self, now: float) -> None:
        for node in self.nodes:
            node.process.tell(now)

    def _happen(self, place: int) -> None:
        self.nodes[place].process.come_to(self.clock.seconds())
        self.judges[place].look()

    def _come_to_rest(self) -> None:
        self.cluster.calm()
        for place, node in enumerate(self.nodes):
            node.strategy.wire.cut_until = -1e9
            if node.process.stopped:
                self._go_on(place)
        self._advance(REST)
        for judge in self.judges:
            judge.check_rest()
        for node in self.nodes:
            node.stop()

    def _say(self, *words: str) -> None:
        if self._trace is not None:
            self._trace(f"{self.clock.seconds():8.2f}  {' '.join(words)}")


def _forget(deed: Coroutine[Any, Any, Any]) -> None:
    def failed(failure: Any) -> None:
        if failure.check(Violation):
            raise failure.value

    Deferred.fromCoroutine(deed).addErrback(failed)
