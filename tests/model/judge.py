"""What must be true of all that nodes serve and say.

* A node serves nothing older than a change it has applied, than a write it has acknowledged, than what it has
  served before, or than a position of which it was said that the whole cluster has applied it.
* While it can reach the database, it serves nothing that has not been true for longer than the bound.
* When everything has come to rest, it has applied the whole log and serves what is true.
"""

from __future__ import annotations

from typing import Any

from tests.model.cluster import Cluster
from tests.model.node import Node
from tests.model.truth import KEYS, Key
from twisted_kong.node.standing import DEAD_AFTER

# Whoever says that the cluster has converged has waited for less.
WAITED = 20.0


class Violation(AssertionError):
    """A node served, or said, what it must not."""


class Judge:
    """Looks at one node after everything that happens to it."""

    def __init__(self, cluster: Cluster, node: Node) -> None:
        self._cluster, self._truth, self._node = cluster, cluster.truth, node
        # Places in the truth before which nothing may be served any more.
        self._floors: dict[Key, int] = dict.fromkeys(KEYS, 0)
        self._applied: Any = None
        self._before = 0
        self._steady_since = cluster.clock.seconds()
        self._served: dict[Key, int | None] = {}

    def look(self) -> None:
        """Check all that the node would serve just now."""
        node, truth = self._node, self._truth
        if node.process.stopped:
            return
        if node.feed.applied is not None and node.feed.applied is not self._applied:
            self._applied = node.feed.applied
            self.must_know(self._cluster.database.world_of[self._applied])
        bound = self._cluster.scenario.bound
        for key, value in node.served_now():
            if value != self._served.get(key, -1) or truth.states[key][self._floors[key]].value != value:
                self._floors[key] = self._place(key, value, self._floors[key])
                self._served[key] = value
            if bound is not None and truth.states[key][-1].value != value:
                self._check_age(key, value, bound)

    def must_know(self, world: int, key: Key | None = None) -> None:
        """From now on nothing older than this may be served."""
        for each in KEYS if key is None else (key,):
            self._floors[each] = max(self._floors[each], self._truth.place_at(each, world))

    def arrives(self, world: int) -> None:
        """The node has become a member, after it was said that all had applied what was true then."""
        self._before = world

    def knows(self) -> None:
        """The node says that it has applied all that was said before it was a member."""
        self.must_know(self._before)

    def floor(self, key: Key) -> int:
        """Where a request that begins now stands."""
        return self._floors[key]

    def answered(self, key: Key, value: int | None, floor: int) -> None:
        """A request that has waited was served."""
        if self._node.alive:
            self._floors[key] = max(self._floors[key], self._place(key, value, floor))

    def went_on(self) -> None:
        """The node was stopped, or cut off, until now: its bounds hold from now on."""
        self._steady_since = self._cluster.clock.seconds()

    def counts(self, now: float) -> bool:
        """Whether a cluster that has converged includes this node; one that was silent for long is out."""
        node = self._node
        database = self._cluster.database
        reported = database.latest.members.get(node.name)
        if reported is None or now - reported.at >= DEAD_AFTER:
            return False
        if now - database.unheard.get(node.name, -1e9) < WAITED:
            return False
        return node.serving and node.listed

    def check_rest(self) -> None:
        """Check the node after a time without faults."""
        node, end = self._node, self._cluster.database.latest.head
        if self._cluster.scenario.settings.frequency <= 0:
            return
        if node.feed.applied != end:
            raise self._violation(f"has applied {node.feed.applied}, not {end}")
        if not node.holder.ready or not node.serving:
            raise self._violation("has not come up")
        for key, value in node.served_now():
            if value != self._truth.now(key):
                raise self._violation(f"keeps {_name(key)} as {value}, not {self._truth.now(key)}")

    @property
    def _easy(self) -> float:
        """For how long nothing has kept the node from what it promises."""
        cluster, wire = self._cluster, self._node.strategy.wire
        return cluster.clock.seconds() - max(
            self._steady_since,
            wire.trouble_at,
            wire.cut_until,
            cluster.uneasy_until,
            cluster.weather.frozen_until,
        )

    def _check_age(self, key: Key, value: int | None, bound: float) -> None:
        if key[0] == "rows":
            # The holder reads again what the cache only forgets, behind another read or after a rest.
            if self._node.holder.last_error is not None:
                return
            bound += 3 * self._cluster.scenario.slowest
        ended = self._truth.ended(key, value)
        if ended is not None and min(self._easy, self._cluster.clock.seconds() - ended) > bound:
            raise self._violation(f"serves {_name(key)} as {value}, which ended at {ended:.2f}")

    def _place(self, key: Key, value: int | None, floor: int) -> int:
        place = self._truth.place_of(key, value, floor)
        if place is None:
            raise self._violation(
                f"serves {_name(key)} as {value} although it has known "
                f"{self._truth.states[key][floor].value} (world {self._truth.states[key][floor].world})"
            )
        return place

    def _violation(self, what: str) -> Violation:
        return Violation(f"{self._node.name} at {self._cluster.clock.seconds():.2f} {what}")


def _name(key: Key) -> str:
    return ":".join(key)
