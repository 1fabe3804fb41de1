from __future__ import annotations

from collections.abc import Sequence

import pytest
from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.task import Clock

from tests.kit.changelog import change
from tests.kit.deferreds import failure_of, no_result, started, success_of
from twisted_kong.core.cache import ABSENT
from twisted_kong.core.changes import Change
from twisted_kong.node.cache import EntityCache
from twisted_kong.node.invalidation import REMEMBERED, Invalidator


class Recorder:
    """A follower that notes what it is told, and may take its time."""

    def __init__(self) -> None:
        self.seen: list[object] = []
        self.slow = False
        self.pending: list[Deferred[None]] = []

    def apply(self, changes: Sequence[Change]) -> Deferred[None]:
        self.seen += [each.position for each in changes]
        return self._end()

    def doubt(self) -> Deferred[None]:
        self.seen.append("doubt")
        return self._end()

    def _end(self) -> Deferred[None]:
        if not self.slow:
            return succeed(None)
        self.pending.append(Deferred())
        return self.pending[-1]


class Node:
    """An invalidator with a cache that holds k, and one follower."""

    def __init__(self) -> None:
        self.clock, self.follower = Clock(), Recorder()
        self.cache = EntityCache(self.clock)
        self.invalidator = Invalidator(self.cache, [self.follower], self.clock, patience=10)
        self.fill()

    def fill(self) -> None:
        async def load() -> str:
            return "v"

        success_of(self.cache.get("k", load))

    async def read(self) -> str:
        return "v"


@pytest.fixture
def node() -> Node:
    """The node."""
    return Node()


def test_a_write_is_applied_before_its_writer_is_answered(node: Node) -> None:
    """Keys are purged at once, and the answer waits for the holders."""
    node.follower.slow = True
    answer = started(node.invalidator.apply([change(1, keys=("k",))]))
    assert node.cache.peek("k") is ABSENT
    no_result(answer)
    node.follower.pending[0].callback(None)
    assert success_of(answer) is True
    assert node.clock.getDelayedCalls() == []


def test_a_writer_does_not_wait_for_ever(node: Node) -> None:
    """The database went away after the commit: the write stands, and is answered."""
    node.follower.slow = True
    answer = started(node.invalidator.apply([change(1)]))
    node.clock.advance(10)
    assert success_of(answer) is False


def test_the_feed_leaves_out_what_was_applied_at_the_write(node: Node) -> None:
    """A node's own writes cost one purge, not two."""
    success_of(node.invalidator.apply([change(1, origin="me")]))
    success_of(node.invalidator.follow([change(1, origin="me"), change(2, origin="other")]))
    assert node.follower.seen == [1, 2]


def test_an_own_write_that_was_not_applied_is_applied_by_the_feed(node: Node) -> None:
    """The writer died between the commit and the purge, or was answered before all had settled."""
    success_of(node.invalidator.follow([change(1, keys=("k",), origin="me")]))
    assert node.cache.peek("k") is ABSENT
    node.follower.slow = True
    answer = started(node.invalidator.apply([change(2, origin="me")]))
    node.clock.advance(10)
    assert success_of(answer) is False
    again = started(node.invalidator.follow([change(2, origin="me")]))
    no_result(again)
    assert node.follower.seen == [1, 2, 2]


def test_the_memory_of_own_writes_is_bounded(node: Node) -> None:
    """Forgetting one only means to apply it twice."""
    for number in range(REMEMBERED + 1):
        success_of(node.invalidator.apply([change(number, keys=(), origin="me")]))
    node.follower.seen.clear()
    success_of(node.invalidator.follow([change(0, origin="me"), change(1, origin="me")]))
    assert node.follower.seen == [0]


def test_the_feed_waits_as_long_as_it_takes(node: Node) -> None:
    """A position is claimed only when all of the node has applied it."""
    node.follower.slow = True
    followed = started(node.invalidator.follow([change(1)]))
    node.clock.advance(1000)
    no_result(followed)
    node.follower.pending[0].errback(CancelledError())
    failure_of(followed, CancelledError)


def test_doubt_drops_the_cache_and_reloads(node: Node) -> None:
    """Nothing cached before is served after."""
    success_of(node.invalidator.doubt())
    assert node.cache.peek("k") is ABSENT
    assert node.follower.seen == ["doubt"]


def test_a_refresh_makes_no_request_wait(node: Node) -> None:
    """DELETE /cache: values answer until they are read again."""
    success_of(node.invalidator.refresh())
    assert node.cache.peek("k") is ABSENT
    assert success_of(node.cache.get("k", node.read)) == "v"
    assert node.follower.seen == ["doubt"]
