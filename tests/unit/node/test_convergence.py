"""Whoever waits is answered when every living node has applied the position, and told who has not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from tests.kit.deferreds import no_result, success_of
from tests.kit.history import HistoryStore, at
from twisted_kong.core.changes import Position
from twisted_kong.db.interfaces import Member
from twisted_kong.node.convergence import INTERVAL, PATIENCE, READING, Convergence
from twisted_kong.node.standing import DEAD_AFTER, Outcome


class Cluster:
    """This node, and others that report when the test says so."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.store = HistoryStore(self.clock)
        self.applied: Position | None = None
        self.hurried = 0
        # What reads of the log fire by; None: they are over at once.
        self.reading: Deferred[None] | None = None
        self.convergence = Convergence(self.store, self.store, self.this, self.hurry, self.clock)

    def this(self) -> Member:
        return Member("this", "id-this", "this.example", "1.0", 0.0, self.applied)

    def hurry(self) -> Deferred[None] | None:
        self.hurried += 1
        return self.reading

    def report(self, name: str, position: Position | None) -> None:
        """Another node reports."""
        member = Member(name, f"id-{name}", f"{name}.example", "1.0", 0.0, position)
        self.store.data.members[name] = (member, self.clock.seconds())

    def wait(self, position: Position, timeout: float = 10.0) -> Deferred[Outcome]:
        return self.convergence.reached(position, timeout)


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A cluster whose watcher is stopped in the end and must then have no timer left."""
    cluster = Cluster()
    yield cluster
    cluster.store.release()
    success_of(cluster.convergence.stop())
    assert cluster.clock.getDelayedCalls() == []


def names(members: Any) -> list[str]:
    """Which nodes these are."""
    return [member.instance for member in members]


def test_alone(cluster: Cluster) -> None:
    """A node that has no others has converged when it has applied the position itself."""
    position = cluster.store.write()
    waiting = cluster.wait(position)
    assert cluster.hurried == 1
    no_result(waiting)
    cluster.applied = position
    cluster.clock.advance(INTERVAL)
    outcome = success_of(waiting)
    assert (names(outcome.nodes), outcome.converged) == (["this"], True)


def test_this_node_reads_the_log_before_it_is_judged(cluster: Cluster) -> None:
    """With no time to wait a node that wrote by itself is no laggard for not having read of it yet."""
    position = cluster.store.write()
    reading: Deferred[None] = Deferred()
    cluster.reading = reading
    waiting = cluster.wait(position, 0)
    cluster.clock.advance(0)
    no_result(waiting)
    cluster.applied = position
    reading.callback(None)
    assert success_of(waiting).converged


def test_a_read_of_the_log_is_not_waited_for_long(cluster: Cluster) -> None:
    """While the database is slow the answer comes all the same; and when the node stops, at once."""
    position = cluster.store.write()
    cluster.reading = Deferred()
    waiting = cluster.wait(position, 0)
    cluster.clock.advance(READING)
    assert names(success_of(waiting).laggards) == ["this"]
    cluster.reading = Deferred()
    waiting = cluster.wait(position, 0)
    success_of(Deferred.fromCoroutine(cluster.convergence.stop()))
    assert success_of(waiting).error == "the node stops"


def test_everybody_is_waited_for(cluster: Cluster) -> None:
    """The answer comes when the last has reported the position."""
    before, position = cluster.store.write(), cluster.store.write()
    cluster.applied = position
    cluster.report("a", before)
    cluster.report("b", None)
    waiting = cluster.wait(position)
    cluster.report("a", position)
    cluster.clock.advance(INTERVAL)
    no_result(waiting)
    cluster.report("b", position)
    cluster.clock.advance(INTERVAL)
    assert names(success_of(waiting).nodes) == ["a", "b", "this"]


def test_who_is_there_already_is_not_waited_for(cluster: Cluster) -> None:
    """With everybody at the position, or further, the first look answers and no time passes."""
    position = cluster.store.write()
    cluster.report("a", position)
    cluster.applied = cluster.store.write()
    assert success_of(cluster.wait(position)).converged


def test_the_laggards_are_named(cluster: Cluster) -> None:
    """When the time is over it is told who has not got there."""
    before, position = cluster.store.write(), cluster.store.write()
    cluster.applied = position
    cluster.report("a", position)
    cluster.report("b", before)
    waiting = cluster.wait(position, 2)
    cluster.clock.pump([0.25] * 7)
    no_result(waiting)
    cluster.clock.advance(0.25)
    outcome = success_of(waiting)
    assert (names(outcome.nodes), names(outcome.laggards)) == (["a", "b", "this"], ["b"])
    assert outcome.laggards[0].position == before


def test_the_dead_age_out(cluster: Cluster) -> None:
    """A node that has been silent for thirty seconds is waited for no longer, and again when it is back."""
    before, position = cluster.store.write(), cluster.store.write()
    cluster.applied = position
    cluster.report("b", before)
    cluster.clock.advance(DEAD_AFTER - 1)
    waiting = cluster.wait(position)
    no_result(waiting)
    cluster.clock.pump([INTERVAL] * 25)
    assert names(success_of(waiting).nodes) == ["this"]
    cluster.report("b", before)
    no_result(cluster.wait(position))


def test_a_node_that_joins_is_waited_for(cluster: Cluster) -> None:
    """A look that was begun before somebody came does not answer it: it may not know a node that joined."""
    position = cluster.store.write()
    cluster.store.held = []
    first = cluster.wait(cluster.store.write())
    cluster.report("new", None)
    cluster.applied = position
    second = cluster.wait(position)
    cluster.store.release()
    no_result(second)
    cluster.clock.advance(INTERVAL)
    no_result(second)
    cluster.report("new", position)
    cluster.clock.advance(INTERVAL)
    assert names(success_of(second).nodes) == ["new", "this"]
    no_result(first)


def test_one_look_for_all_who_wait(cluster: Cluster) -> None:
    """However many wait, the list of nodes is read each 50 ms, and not at all when nobody does."""
    position = cluster.store.write()
    cluster.report("a", None)
    cluster.applied = position
    waiting = [cluster.wait(position) for _ in range(100)]
    reads = cluster.store.reads
    cluster.clock.pump([INTERVAL / 5] * 50)
    assert cluster.store.reads - reads <= 10
    cluster.report("a", position)
    cluster.clock.advance(INTERVAL)
    assert all(success_of(each).converged for each in waiting)
    reads = cluster.store.reads
    cluster.clock.advance(60)
    assert cluster.store.reads == reads


def test_a_greater_number_of_a_lost_history_is_no_arrival(cluster: Cluster) -> None:
    """A node that has not noticed the failover is further by its number, and has never seen the change."""
    cluster.store.write()
    lost = [cluster.store.write() for _ in range(3)]
    cluster.report("a", lost[-1])
    cluster.store.lose(3)
    position = cluster.store.write()
    cluster.applied = position
    waiting = cluster.wait(position, 1)
    cluster.clock.pump([0.25] * 4)
    assert names(success_of(waiting).laggards) == ["a"]


def test_a_greater_number_of_the_same_history_is_one(cluster: Cluster) -> None:
    """A node that is further in the same log has applied what lies before."""
    position, further = cluster.store.write(), cluster.store.write()
    cluster.report("a", further)
    cluster.applied = position
    assert success_of(cluster.wait(position)).converged


def test_a_position_that_was_lost_is_not_reached(cluster: Cluster) -> None:
    """Where the log does not hold what is asked for, nobody has applied it, whatever the numbers say."""
    lost = cluster.store.write()
    cluster.store.lose(1)
    cluster.store.write()
    cluster.applied = cluster.store.write()
    waiting = cluster.wait(lost, 1)
    cluster.clock.pump([0.25] * 4)
    outcome = success_of(waiting)
    assert not outcome.converged
    assert outcome.error == f"the log of changes does not hold the position {lost}"


def test_what_the_log_has_forgotten_is_reached(cluster: Cluster) -> None:
    """A position older than what is kept lies behind everybody who is at the end."""
    old = cluster.store.write()
    cluster.applied = cluster.store.write()
    success_of(cluster.store.trim_log(1.0))
    assert success_of(cluster.wait(old)).converged


def test_a_failover_in_the_middle_of_a_look(cluster: Cluster) -> None:
    """What was held when the look began and is lost when it ends is not reached."""
    cluster.store.write()
    lost = cluster.store.write()
    cluster.applied = lost
    cluster.report("a", at(2, "f0000000"))
    cluster.store.held = []
    waiting = cluster.wait(lost, 1)
    for _ in ("the list of nodes", "the position"):
        cluster.store.held.pop(0).callback(None)
    cluster.store.lose(1)
    cluster.report("a", cluster.store.write())
    cluster.store.release()
    cluster.clock.pump([0.25] * 4)
    assert not success_of(waiting).converged


def test_many_who_wait_on_a_slow_database(cluster: Cluster) -> None:
    """A look that takes too long answers those whom it has come to, so that all are answered in the end."""
    positions = [cluster.store.write() for _ in range(4)]
    cluster.applied = positions[-1]
    cluster.store.seconds = PATIENCE / 5
    waiting = [cluster.wait(position, 300) for position in positions]
    cluster.clock.pump([0.25] * 150)
    assert all(success_of(each).converged for each in waiting)


def test_a_database_that_is_away(cluster: Cluster) -> None:
    """It is waited for as well; when it does not come back the reason is told and nobody is accused."""
    position = cluster.store.write()
    cluster.applied = position
    cluster.store.away = True
    waiting = cluster.wait(position, 1)
    again = cluster.wait(position, 5)
    cluster.clock.pump([0.25] * 4)
    outcome = success_of(waiting)
    assert (outcome.error, outcome.laggards, outcome.converged) == ("the database is away", (), False)
    cluster.store.away = False
    cluster.clock.advance(INTERVAL)
    assert success_of(again).converged


def test_a_frozen_database(cluster: Cluster) -> None:
    """A look that is never answered is given up, and with it whoever has waited long enough."""
    position = cluster.store.write()
    cluster.store.held = []
    waiting = cluster.wait(position, 1)
    cluster.clock.advance(1)
    no_result(waiting)
    cluster.clock.advance(PATIENCE)
    assert success_of(waiting).error == "no answer within 5 seconds"


def test_without_patience_one_look_is_taken(cluster: Cluster) -> None:
    """A timeout of 0 asks how things are."""
    position = cluster.store.write()
    cluster.report("a", None)
    cluster.applied = position
    cluster.store.held = []
    waiting = cluster.wait(position, 0)
    cluster.clock.advance(0)
    no_result(waiting)
    cluster.store.release()
    assert names(success_of(waiting).laggards) == ["a"]


def test_stopping(cluster: Cluster) -> None:
    """Who waits when the node stops is told so, and so is who comes later."""
    position = at(99)
    cluster.report("a", None)
    waiting = cluster.wait(position)
    success_of(cluster.convergence.stop())
    assert success_of(waiting).error == "the node stops"
    assert success_of(cluster.wait(position)).error == "the node stops"


def test_everybody_is_listed(cluster: Cluster) -> None:
    """The list holds the dead too, and this node though it has not reported."""
    cluster.report("a", None)
    cluster.clock.advance(DEAD_AFTER + 5)
    members = success_of(cluster.convergence.members())
    assert [(member.instance, member.age) for member in members] == [("a", 35.0), ("this", 0.0)]
