"""A writer is answered when the node has followed: its own changes, or those that left it nothing to do."""

from __future__ import annotations

from collections.abc import Sequence

from twisted.internet.task import Clock

from tests.kit.changelog import FakeLog
from tests.kit.deferreds import no_result, started, success_of
from twisted_kong.core.changes import Change
from twisted_kong.db.dao import Written
from twisted_kong.node.cache import EntityCache
from twisted_kong.node.feed import ChangeFeed
from twisted_kong.node.following import PATIENCE, Following
from twisted_kong.node.invalidation import Invalidator


class Node:
    """A node that polls each minute and holds nothing but a cache."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.log = FakeLog()
        self.cache = EntityCache(self.clock)
        self.invalidator = Invalidator(self.cache, [], self.clock)
        self.followed: list[Change] = []
        self.feed = ChangeFeed(
            self.log, self.follow, self.invalidator.doubt, self.clock, frequency=60, watch=0
        )
        self.following = Following(self.invalidator, self.feed)
        self.feed.startService()

    async def follow(self, changes: Sequence[Change]) -> None:
        self.followed.extend(changes)


def test_own_changes_are_applied_without_a_look_into_the_log() -> None:
    """What was written is known already."""
    node = Node()
    reads = node.log.reads
    change = node.log.commit()
    assert success_of(node.following(Written(None, change.position, (change,)))) is True
    assert (node.log.reads, node.followed) == (reads, [])


def test_where_nothing_was_left_to_do_the_log_is_read_that_far() -> None:
    """Whoever did it, this node follows before it says that it is done."""
    node = Node()
    change = node.log.commit()
    assert success_of(node.following(Written(None, change.position, ()))) is True
    assert node.followed == [change]


def test_a_log_that_cannot_be_read_does_not_hold_the_answer_for_ever() -> None:
    """The writer is told that this node is not there yet."""
    node = Node()
    change = node.log.commit()
    node.log.errors = [ConnectionError("away")] * 10_000
    following = started(node.following(Written(None, change.position, ())))
    no_result(following)
    for _ in range(int(PATIENCE) * 100):
        node.clock.advance(0.1)
    assert success_of(following) is False
