"""A history in the model: nodes, writers, requests and faults in one process, by one clock and one seed.

All the time it is checked that no node serves an entity older than a change it has applied; in the end, when
the faults are over and every node has polled, that nothing anywhere is stale.
"""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import dataclass, field
from random import Random
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from tests.model.node import Node, Settings
from tests.model.rules import Rules
from tests.model.store import IDS, Key, Store

# Time goes on by this much at a time.
TICK = 0.25


class Violation(AssertionError):
    """A node served, or was about to serve, what it must not."""


@dataclass(frozen=True)
class Scenario:
    """What may happen in a history.

    :param lag: seconds by which the replica follows; entities are read there.
    :param slowest: seconds that a read of an entity takes at most.
    :param faults: reads, polls and writes fail; nodes restart.
    :param cuts: and also the log is trimmed beyond what nodes have read, and the database is restored.
    :param failovers: a server that lacks the latest commits takes the place of the database, at any moment.
    :param bound: seconds beyond which nothing may be served however it came about; None: no such bound.
    """

    settings: Settings = field(default_factory=Settings)
    lag: float = 0.0
    slowest: float = 3.0
    faults: bool = True
    cuts: bool = True
    failovers: bool = False
    bound: float | None = None
    steps: int = 120


class World:
    """One history."""

    def __init__(self, seed: int, scenario: Scenario, rules: Rules) -> None:
        self.random, self.clock, self.scenario = Random(seed), Clock(), scenario
        self.store = Store(self.clock, self.random, rules, scenario.lag, scenario.slowest)
        self.names = 0
        self.nodes = [self._start() for _ in range(3)]
        self.backup = self.store.backup()
        self.violation: str | None = None

    def run(self) -> None:
        """Live through it; raises Violation."""
        self.store.faulty = self.scenario.faults
        for _ in range(self.scenario.steps):
            self._step()
            self._advance(self.random.choice((0, 0.1, 0.5, 1, 2)))
        self.store.faulty = False
        for _ in range(120):
            self._advance(1)
        if self.scenario.settings.frequency > 0:
            self._check_quiet()
        self._stop()

    # What happens.

    def _step(self) -> None:
        deeds = [self._write] * 4 + [self._request] * 6 + [self._soften, self._warm_up]
        if self.scenario.faults:
            deeds += [self._restart, self._calm]
        if self.scenario.faults and self.scenario.cuts:
            # A replica and its primary are not restored at one moment: that is another story.
            deeds += [self._trim] + ([] if self.scenario.lag else [self._restore])
        if self.scenario.failovers:
            deeds += [self._fail_over]
        self.random.choice(deeds)()

    def _start(self) -> Node:
        self.names += 1
        return Node(f"n{self.names}", self.store, self.scenario.settings)

    def _some(self) -> tuple[Node, Key]:
        node = self.random.choice(self.nodes)
        return node, (self.random.choice(("creds", "rows")), self.random.choice(IDS))

    def _write(self) -> None:
        node, key = self._some()
        _forget(node.write(key))

    def _request(self) -> None:
        node, (_, id) = self._some()
        _forget(self._served(node, id))

    async def _served(self, node: Node, id: str) -> None:
        key = ("creds", id)
        floor, begun = node.floor(key), self.clock.seconds()
        value = await node.get(id)
        if node.alive:
            self._judge(node, key, value, floor, begun)

    def _soften(self) -> None:
        _forget(self._some()[0].invalidator.refresh())

    def _warm_up(self) -> None:
        _forget(self._some()[0].warm_up())

    def _restart(self) -> None:
        index = self.random.randrange(len(self.nodes))
        self.nodes[index].stop()
        self.nodes[index] = self._start()

    def _calm(self) -> None:
        self.store.faulty = not self.store.faulty

    def _trim(self) -> None:
        self.store.trim()

    def _restore(self) -> None:
        """Go back to a backup that is older than what any node has read, or take a new one."""
        end: Any = self.backup.log[-1].position
        if all(node.feed.position is not None and not end >= node.feed.position for node in self.nodes):
            self.store.restore(self.backup)
        self.backup = self.store.backup()

    def _fail_over(self) -> None:
        self.store.restore(self.backup)
        self.backup = self.store.backup()

    def _advance(self, seconds: float) -> None:
        for _ in range(max(1, round(seconds / TICK))):
            self.clock.advance(min(seconds, TICK))
            for node in self.nodes:
                for key, value in node.served_now().items():
                    self._judge(node, key, value, node.floor(key), self.clock.seconds())
            if self.violation is not None:
                raise Violation(self.violation)

    # What must be true.

    def _judge(self, node: Node, key: Key, value: int | None, floor: int, begun: float) -> None:
        moment = f"{node.name} at {self.clock.seconds():.1f} serves {key} as {value}"
        if floor >= 0:
            allowed = self.store.true_since_world(key, floor)
            if value not in allowed:
                self.violation = f"{moment}, having applied {floor}: {allowed}"
        if self.scenario.bound is not None:
            recent = self.store.true_since(key, begun - self.scenario.bound)
            if value not in recent:
                self.violation = f"{moment}, true within {self.scenario.bound} s before: {recent}"

    def _check_quiet(self) -> None:
        for node in self.nodes:
            if node.feed.applied != self.store.log[-1].position:
                raise Violation(
                    f"{node.name} has applied {node.feed.applied}, not {self.store.log[-1].position}"
                )
            for key, value in node.served_now().items():
                if value != self.store.now(key):
                    raise Violation(f"{node.name} keeps {key} as {value}, not {self.store.now(key)}")
            assert node.holder.ready

    def _stop(self) -> None:
        for node in self.nodes:
            node.stop()
        # Reads of entities have no deadline of their own here: they end by themselves.
        self.clock.pump([self.scenario.slowest] * 3)
        left = [call for call in self.clock.getDelayedCalls() if call.active()]
        assert left == [], f"timers left behind: {left}"


def _forget(deed: Coroutine[Any, Any, Any]) -> None:
    Deferred.fromCoroutine(deed).addErrback(lambda _: None)


def find_violation(scenario: Scenario, rules: Rules, seeds: range) -> str | None:
    """What goes wrong first in the histories of these seeds, and in which; None if nothing does."""
    for seed in seeds:
        try:
            World(seed, scenario, rules).run()
        except Violation as violation:
            return f"seed {seed}: {violation}"
    return None
