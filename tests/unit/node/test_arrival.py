"""A position is waited for until it is applied and proven to be of this node's history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from tests.kit.deferreds import no_result, started, success_of
from tests.kit.history import HistoryStore, at
from twisted_kong.core.changes import Change, Position
from twisted_kong.node.arrival import WAITING, Arrival
from twisted_kong.node.feed import ChangeFeed


class Node:
    """A node that follows a log by polling each minute."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.store = HistoryStore(self.clock)
        self.loading: list[Deferred[None]] | None = None
        self.feed = ChangeFeed(self.store, self.apply, self.doubt, self.clock, frequency=60, watch=0)
        self.arrival = Arrival(self.store, self.feed, self.clock)
        self.feed.startService()

    async def apply(self, changes: Sequence[Change]) -> None:
        """Nothing is held."""

    async def doubt(self) -> None:
        """Load everything, as long as the test lets it take."""
        if self.loading is not None:
            self.loading.append(Deferred())
            await self.loading[-1]

    def wait(self, position: Position, timeout: float = 10.0) -> Deferred[str | None]:
        return started(self.arrival.wait(position, timeout))


@pytest.fixture
def node() -> Iterator[Node]:
    """A node that is stopped in the end and must then have no timer left."""
    node = Node()
    yield node
    node.store.release()
    node.feed.stopService()
    assert node.clock.getDelayedCalls() == []


def test_what_the_node_has_applied_is_known_at_once(node: Node) -> None:
    """The end of the log, as the node knows it, costs no query."""
    position = node.store.write()
    assert not node.arrival.has_applied(position)
    success_of(node.feed.poll_now())
    reads = node.store.reads
    assert node.arrival.has_applied(position)
    assert success_of(node.wait(position)) is None
    assert node.store.reads == reads


def test_what_comes_is_waited_for(node: Node) -> None:
    """Who waits makes the node read the log; a position ahead of it is there when it is applied."""
    position = node.store.write()
    assert success_of(node.wait(position)) is None
    ahead = at(position.number + 1, "00000003")
    waiting = node.wait(ahead)
    no_result(waiting)
    assert node.store.write() == ahead
    success_of(node.feed.poll_now())
    assert success_of(waiting) is None


def test_what_does_not_come_is_given_up(node: Node) -> None:
    """After the timeout the reason is told."""
    waiting = node.wait(at(99), 3)
    node.clock.advance(3)
    assert success_of(waiting) == "this node has not applied the position 99-deadbeef within 3 seconds"


def test_an_older_position_is_proven_once(node: Node) -> None:
    """One that the node passed long ago is looked up in the log, and then remembered."""
    old = node.store.write()
    node.store.write()
    success_of(node.feed.poll_now())
    assert not node.arrival.has_applied(old)
    assert success_of(node.wait(old)) is None
    assert node.arrival.has_applied(old)


def test_a_lost_position_is_refused(node: Node) -> None:
    """A number that was given out again since is not what was asked for."""
    node.store.write()
    lost = node.store.write()
    node.store.lose(1)
    node.store.write()
    node.store.write()
    success_of(node.feed.poll_now())
    assert success_of(node.wait(lost)) == f"the log of changes does not hold the position {lost}"


def test_a_node_that_has_not_noticed_the_failover(node: Node) -> None:
    """It is further by number, yet has never seen the change: only when all is loaded again it has."""
    for _ in range(5):
        node.store.write()
    success_of(node.feed.poll_now())
    node.store.lose(3)
    node.loading = []
    waiting = node.wait(node.store.write())
    no_result(waiting)
    assert node.feed.doubts == 2
    loading, node.loading = node.loading, None
    loading[0].callback(None)
    assert success_of(waiting) is None


def test_a_doubt_ends_what_was_proven(node: Node) -> None:
    """What was of the old history is of no history."""
    node.store.write()
    position = node.store.write()
    success_of(node.feed.poll_now())
    assert node.arrival.has_applied(position)
    node.store.lose(1)
    node.store.write()
    success_of(node.feed.poll_now())
    assert not node.arrival.has_applied(position)


def test_the_forgotten_is_taken_by_its_number(node: Node) -> None:
    """What the log no longer holds lies before all that the node has."""
    old = node.store.write()
    node.store.write()
    success_of(node.feed.poll_now())
    success_of(node.store.trim_log(1.0))
    assert success_of(node.wait(old)) is None


def test_a_database_that_is_away(node: Node) -> None:
    """What is not proven cannot be proven then; what is, is served."""
    old, position = node.store.write(), node.store.write()
    success_of(node.feed.poll_now())
    node.store.away = True
    assert success_of(node.wait(position)) is None
    assert success_of(node.wait(old)) == (
        f"this node cannot tell whether it has applied the position {old}: the database is away"
    )


def test_few_questions_at_a_time(node: Node) -> None:
    """Positions made up by a client cannot flood the database: one is looked up at a time, few wait."""
    node.store.write()
    node.store.write()
    success_of(node.feed.poll_now())
    node.store.held = []
    waiting = [node.wait(at(1, f"{tag:08x}")) for tag in range(WAITING + 50)]
    assert len(node.store.held) == 1
    refused = [each for each in waiting if each.called]
    assert {success_of(each) for each in refused} == {"too many positions wait to be looked up"}
    assert len(refused) == 49
    for each in waiting:
        each.cancel()
        each.addErrback(lambda _: None)
