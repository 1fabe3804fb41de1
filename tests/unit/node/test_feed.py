from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from tests.kit.changelog import FakeLog
from tests.kit.deferreds import no_result, started, success_of
from tests.kit.logs import caught_failures
from twisted_kong.core.changes import Change
from twisted_kong.node.feed import ChangeFeed


class Node:
    """A feed on a fake log, and what it was told to do."""

    def __init__(self, **options: Any) -> None:
        self.clock, self.log = Clock(), FakeLog()
        self.seen: list[Any] = []
        self.errors: list[Exception] = []
        self.settle: list[Deferred[None]] = []
        self.slow = False
        self.feed = ChangeFeed(self.log, self.apply, self.doubt, self.clock, **options)

    async def apply(self, changes: Sequence[Change]) -> None:
        self.seen += [each.position for each in changes]
        await self._end()

    async def doubt(self) -> None:
        self.seen.append("doubt")
        await self._end()

    async def _end(self) -> None:
        if self.errors:
            raise self.errors.pop(0)
        if self.slow:
            self.settle.append(Deferred())
            await self.settle[-1]


@pytest.fixture
def nodes() -> Iterator[list[Node]]:
    """Nodes that are stopped in the end and must then have no timer left."""
    nodes: list[Node] = []
    yield nodes
    for node in nodes:
        if node.feed.running:
            node.feed.stopService()
        node.log.release()
        assert node.clock.getDelayedCalls() == [], "timers left behind"


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[str]]:
    """The failures that were logged."""
    with caught_failures() as lines:
        yield lines


def running(nodes: list[Node], **options: Any) -> Node:
    node = Node(**options)
    nodes.append(node)
    node.feed.startService()
    return node


def test_it_starts_at_the_end_of_the_log_with_everything_dropped(nodes: list[Node]) -> None:
    """Nothing is known at the start; what was changed before is not replayed."""
    node = Node()
    nodes.append(node)
    node.log.commit()
    node.feed.startService()
    assert node.seen == ["doubt"]
    assert (node.feed.position, node.feed.applied, node.feed.lag) == (1, 1, 0)


def test_changes_arrive_with_the_next_poll(nodes: list[Node]) -> None:
    """Polled every db_update_frequency seconds."""
    node = running(nodes, frequency=5, watch=0)
    node.log.commit()
    node.clock.advance(4.9)
    assert node.seen == ["doubt"]
    node.clock.advance(0.1)
    assert node.seen == ["doubt", 1]
    assert node.feed.applied == 1


def test_one_poll_reads_to_the_end(nodes: list[Node]) -> None:
    """However many changes there are, one poll applies them all, in order."""
    node = running(nodes, limit=10)
    for _ in range(35):
        node.log.commit()
    success_of(node.feed.poll_now())
    assert node.seen == ["doubt", *range(1, 36)]


def test_an_error_is_survived_and_nothing_is_lost(nodes: list[Node], logged: list[str]) -> None:
    """The database being away delays changes; polling never ends."""
    node = running(nodes, frequency=5)
    node.log.commit()
    node.log.errors = [RuntimeError("down")] * 3
    node.clock.pump([5, 5, 5])
    assert node.seen == ["doubt"]
    assert (node.feed.errors, node.feed.last_error, logged) == (3, "down", ["down"])
    assert node.feed.lag == 15
    node.clock.advance(5)
    assert node.seen == ["doubt", 1]
    assert (node.feed.last_error, node.feed.lag) == (None, 0)


def test_a_database_that_is_away_at_the_start_is_waited_for(nodes: list[Node]) -> None:
    """The first load happens as soon as the log can be read."""
    node = Node(frequency=5)
    nodes.append(node)
    node.log.errors = [RuntimeError("down")]
    node.feed.startService()
    assert (node.seen, node.feed.lag) == ([], None)
    node.clock.advance(5)
    assert node.seen == ["doubt"]


def test_an_error_in_the_middle_repeats_only_what_was_not_handed_over(nodes: list[Node]) -> None:
    """The position advances batch by batch, after each was processed."""
    node = running(nodes, limit=1)
    node.log.commit()
    node.log.commit()
    read = node.log._batch

    def once(position: int, limit: int) -> Any:
        if position == 1:
            node.log._batch = read  # type: ignore[method-assign]
            raise RuntimeError("lost connection")
        return read(position, limit)

    node.log._batch = once  # type: ignore[method-assign]
    success_of(node.feed.poll_now())
    assert (node.seen, node.feed.position) == (["doubt", 1], 1)
    success_of(node.feed.poll_now())
    assert node.seen == ["doubt", 1, 2]


def test_an_error_while_applying_makes_everything_doubtful(nodes: list[Node]) -> None:
    """What may have been applied in part is dropped as a whole at the next poll."""
    node = running(nodes, frequency=5)
    node.log.commit()
    node.errors = [RuntimeError("bug")]
    node.clock.advance(5)
    assert node.seen == ["doubt", 1]
    assert node.feed.applied == 0
    node.clock.advance(5)
    assert node.seen == ["doubt", 1, "doubt"]
    assert (node.feed.applied, node.feed.last_error) == (1, None)


def test_a_failing_reload_is_tried_again(nodes: list[Node]) -> None:
    """Doubt is not over before everything has been dropped and loaded."""
    node = Node(frequency=5)
    nodes.append(node)
    node.errors = [RuntimeError("bug")]
    node.feed.startService()
    assert node.feed.applied is None
    node.clock.advance(5)
    assert node.seen == ["doubt", "doubt"]
    assert node.feed.applied == 0


def test_a_gap_means_that_everything_is_stale(nodes: list[Node]) -> None:
    """Changes fell out of retention while this node was away: drop everything, go on from the end."""
    node = running(nodes)
    for _ in range(5):
        node.log.commit()
    node.log.trimmed = 3
    success_of(node.feed.poll_now())
    assert node.seen == ["doubt", "doubt"]
    assert (node.feed.position, node.feed.applied, node.feed.doubts) == (5, 5, 2)
    node.log.commit()
    success_of(node.feed.poll_now())
    assert node.seen == ["doubt", "doubt", 6]


def test_a_log_that_went_backwards_means_that_everything_is_stale(nodes: list[Node]) -> None:
    """A restored or promoted database is noticed."""
    node = running(nodes)
    node.log.commit()
    success_of(node.feed.poll_now())
    node.log.changes.clear()
    success_of(node.feed.poll_now())
    assert node.seen == ["doubt", 1, "doubt"]
    assert node.feed.position == 0


def test_there_are_never_two_polls_at_once(nodes: list[Node]) -> None:
    """A poll that takes longer than the interval is not overtaken; who asked meanwhile gets the next one."""
    node = running(nodes, frequency=5)
    node.log.held = True
    node.clock.advance(5)
    node.log.commit()
    asked = [node.feed.poll_now() for _ in range(3)]
    node.clock.pump([5, 5])
    assert node.log.reading == 1
    node.log.release()
    for each in asked:
        no_result(each)
    # The read that was under way had seen the log before the commit.
    assert node.seen == ["doubt"]
    node.log.release()
    for each in asked:
        success_of(each)
    assert node.seen == ["doubt", 1]
    assert node.log.most_at_once == 1


def test_a_frozen_database_is_given_up_after_a_while(nodes: list[Node]) -> None:
    """A read that never answers delays the next poll, but does not end polling."""
    node = running(nodes, frequency=5, patience=30)
    node.log.commit()
    node.log.held = True
    node.clock.advance(5)
    node.log.held = False
    node.clock.pump([5] * 5)
    assert node.seen == ["doubt"]
    node.clock.pump([5, 5])
    assert node.seen == ["doubt", 1]


def test_news_wakes_the_poll_at_once(nodes: list[Node]) -> None:
    """Nodes on one SQLite file see another's commit within the watch interval."""
    node = running(nodes, frequency=5, watch=0.1)
    node.log.commit()
    node.log.news = True
    node.clock.advance(0.1)
    assert node.seen == ["doubt", 1]


def test_a_look_for_news_that_fails_does_not_end_looking(nodes: list[Node], logged: list[str]) -> None:
    """LoopingCall would stop for ever; here the next poll clears the error and looking goes on."""
    node = running(nodes, frequency=5, watch=0.1)
    node.log.news = RuntimeError("bad file")
    node.clock.advance(0.1)
    assert logged == ["bad file"]
    node.log.news = False
    node.clock.advance(5)
    node.log.commit()
    node.log.news = True
    node.clock.advance(0.1)
    assert node.seen == ["doubt", 1]


def test_a_broken_store_with_news_is_not_asked_ten_times_a_second(nodes: list[Node]) -> None:
    """After an error only the regular poll tries again."""
    node = running(nodes, frequency=5, watch=0.1)
    node.log.news = True
    node.log.errors = [RuntimeError("down")] * 2
    reads = node.log.reads
    node.clock.pump([0.1] * 40)
    assert node.log.reads == reads + 1


def test_a_push_wakes_the_poll_at_once(nodes: list[Node]) -> None:
    """What the store tells of is read before any time passes."""
    node = running(nodes, frequency=5, watch=0)
    node.log.commit()
    node.log.push()
    assert node.seen == ["doubt", 1]


def test_pushes_during_a_poll_are_one_more_poll(nodes: list[Node]) -> None:
    """However many commits are told of meanwhile, they are read together, and none is missed."""
    node = running(nodes, frequency=5, watch=0)
    node.log.held = True
    node.log.push()
    reads = node.log.reads
    for _ in range(100):
        node.log.commit()
        node.log.push()
    node.log.held = False
    node.log.release()
    assert node.seen == ["doubt", *range(1, 101)]
    assert (node.log.reads, node.log.most_at_once) == (reads + 1, 1)


def test_a_push_after_an_error_is_heeded(nodes: list[Node]) -> None:
    """The store tells that it is back: it is not left alone until the regular poll."""
    node = running(nodes, frequency=60, watch=0)
    node.log.commit()
    node.log.errors = [RuntimeError("down")]
    node.log.push()
    node.clock.advance(0.4)
    node.log.push()
    assert node.seen == ["doubt"]
    node.clock.advance(0.6)
    assert (node.seen, node.feed.last_error) == (["doubt", 1], None)


def test_a_store_that_pushes_and_fails_is_asked_once_a_second(nodes: list[Node]) -> None:
    """Pushes that only ever lead to errors make no busy loop."""
    node = running(nodes, frequency=60, watch=0)
    node.log.errors = [RuntimeError("down")] * 100
    reads = node.log.reads
    for _ in range(100):
        node.log.push()
        node.clock.advance(0.05)
    assert node.log.reads - reads in (5, 6)


def test_nothing_is_heard_of_where_polling_is_off(nodes: list[Node]) -> None:
    """Without polling no push is asked for either: the node is as deaf as it was told to be."""
    assert running(nodes, frequency=0).log.listeners == []


def test_a_feed_started_again_does_not_listen_twice(nodes: list[Node]) -> None:
    """A store has one listener at most; while the feed is stopped a push leads to nothing."""
    node = running(nodes, frequency=5, watch=0)
    node.feed.stopService()
    reads = node.log.reads
    node.log.push()
    assert node.log.reads == reads
    node.feed.startService()
    assert len(node.log.listeners) == 1
    node.log.commit()
    node.log.push()
    assert node.seen == ["doubt", 1]


def test_regular_polls_begin_by_chance(nodes: list[Node]) -> None:
    """Nodes that were started together poll at moments of their own, and none later than it should."""
    node = running(nodes, frequency=5, watch=0, chance=lambda: 0.25)
    moments = []
    for quarter in range(1, 49):
        reads = node.log.reads
        node.clock.advance(0.25)
        if node.log.reads > reads:
            moments.append(quarter / 4)
    assert moments == [1.25, 6.25, 11.25]


def test_a_late_poll_puts_off_no_other(nodes: list[Node]) -> None:
    """A loop that was held up polls once for all that was due, and is then back in step."""
    node = running(nodes, frequency=5, watch=0)
    reads = node.log.reads
    node.clock.advance(13)
    assert node.log.reads == reads + 1
    node.clock.advance(1.75)
    assert node.log.reads == reads + 1
    node.clock.advance(0.25)
    assert node.log.reads == reads + 2


def test_watchers_are_told_of_what_was_applied(nodes: list[Node]) -> None:
    """Whoever wants to know is called when the position has been applied, and when nothing was new."""
    node = running(nodes, frequency=5, propagation=2, watch=0)
    node.clock.advance(2)
    seen: list[Any] = []
    node.feed.watchers.append(lambda: seen.append(node.feed.applied))
    node.log.commit()
    node.log.push()
    assert seen == []
    node.clock.advance(2)
    assert seen == [1]
    node.clock.advance(1)
    assert seen == [1, 1]


def test_propagation_puts_off_what_is_applied(nodes: list[Node]) -> None:
    """db_update_propagation = 2: seen at once, purged two seconds later, never before."""
    node = running(nodes, frequency=5, propagation=2, watch=0)
    node.clock.advance(2)
    assert node.seen == ["doubt", "doubt"]
    node.log.commit()
    node.clock.advance(3)
    assert (node.feed.position, node.feed.applied, node.feed.pending) == (1, 0, 1)
    node.clock.advance(1.9)
    assert node.seen == ["doubt", "doubt"]
    node.clock.advance(0.1)
    assert node.seen == ["doubt", "doubt", 1]
    assert node.feed.applied == 1


def test_polling_can_be_switched_off(nodes: list[Node]) -> None:
    """With frequency 0 there is the first load and nothing more, unless somebody asks."""
    node = running(nodes, frequency=0)
    node.log.commit()
    node.clock.advance(1000)
    assert node.seen == ["doubt"]
    success_of(node.feed.poll_now())
    assert node.seen == ["doubt", 1]


def test_whoever_waits_for_a_position_makes_the_feed_poll(nodes: list[Node]) -> None:
    """Convergence is not held up by the interval between polls."""
    node = running(nodes, frequency=5)
    node.log.commit()
    assert success_of(node.feed.reached(1, 10)) is True
    late = node.feed.reached(2, 1)
    node.clock.advance(1)
    assert success_of(late) is False


def test_a_position_is_reached_when_it_is_settled(nodes: list[Node]) -> None:
    """Read is not applied: a router still being changed has not reached the position."""
    node = running(nodes)
    node.slow = True
    node.log.commit()
    waiter = node.feed.reached(1, 10)
    assert node.seen == ["doubt", 1]
    no_result(waiter)
    node.settle[0].callback(None)
    assert success_of(waiter) is True


def test_stopping_ends_a_poll_under_way(nodes: list[Node]) -> None:
    """stopService does not wait for a database that does not answer, and nothing is applied after it."""
    node = running(nodes, frequency=5)
    node.log.held = True
    node.log.commit()
    asked = node.feed.poll_now()
    stopped = node.feed.stopService()
    assert stopped is not None
    success_of(stopped)
    success_of(asked)
    node.log.release()
    assert node.seen == ["doubt"]
    assert success_of(node.feed.poll_now()) is None
    assert success_of(node.feed.reached(1, 1)) is False


def test_a_store_that_cannot_be_cancelled_changes_nothing_after_the_stop(nodes: list[Node]) -> None:
    """An answer that comes all the same is thrown away."""
    node = running(nodes, frequency=5)
    node.log.commit()
    answer: Deferred[None] = Deferred(lambda d: d.callback(None))

    async def stubborn(position: int, limit: int) -> Any:
        await answer
        return node.log._batch(position, limit)

    node.log.changes_after = stubborn  # type: ignore[assignment,method-assign]
    node.feed.poll_now()
    node.feed.stopService()
    assert node.seen == ["doubt"]


def test_a_feed_started_again_drops_what_it_had_not_applied(nodes: list[Node]) -> None:
    """Batches put off when it was stopped are covered by a new start from the end."""
    node = running(nodes, frequency=5, propagation=2, watch=0)
    node.clock.advance(2)
    node.log.commit()
    node.clock.advance(3)
    node.feed.stopService()
    node.feed.startService()
    assert node.seen == ["doubt", "doubt", "doubt"]


def test_a_feed_started_again_goes_on_where_it_was(nodes: list[Node]) -> None:
    """When all was applied, nothing needs to be dropped."""
    node = running(nodes)
    node.feed.stopService()
    node.log.commit()
    node.feed.startService()
    assert node.seen == ["doubt", 1]


def test_catching_up_waits_until_all_is_applied(nodes: list[Node]) -> None:
    """It ends when what was committed before it has settled, and says so."""
    node = running(nodes, frequency=5, watch=0)
    node.log.commit()
    node.slow = True
    caught = started(node.feed.catch_up(1, 10))
    no_result(caught)
    node.settle.pop().callback(None)
    assert success_of(caught)
    assert node.seen == ["doubt", 1]


def test_catching_up_is_given_up(nodes: list[Node]) -> None:
    """What does not settle in time is not waited for any longer."""
    node = running(nodes, frequency=50, watch=0)
    node.log.commit()
    node.slow = True
    caught = started(node.feed.catch_up(1, 10))
    node.clock.advance(10)
    assert not success_of(caught)
    node.settle.pop().callback(None)


def test_catching_up_does_not_wait_for_propagation(nodes: list[Node]) -> None:
    """What is put off is applied at once, and once more when it is due."""
    node = running(nodes, frequency=50, propagation=2, watch=0)
    node.clock.advance(3)
    node.log.commit()
    assert success_of(node.feed.catch_up(1, 10))
    assert (node.seen, node.feed.applied) == (["doubt", "doubt", 1], 0)
    node.clock.advance(2)
    assert (node.seen, node.feed.applied) == (["doubt", "doubt", 1, 1], 1)


def test_catching_up_right_after_the_start_loads_nothing_twice(nodes: list[Node]) -> None:
    """The load of the start is not repeated before its time."""
    node = running(nodes, frequency=50, propagation=2, watch=0)
    assert success_of(node.feed.catch_up(0, 10))
    assert node.seen == ["doubt"]


def test_catching_up_asks_again_until_it_is_there(nodes: list[Node]) -> None:
    """A replica that lags, or a database that is away for a moment, is asked ten times a second."""
    node = running(nodes, frequency=50, watch=0)
    node.log.errors = [RuntimeError("down")]
    caught = started(node.feed.catch_up(1, 10))
    node.clock.advance(0.1)
    no_result(caught)
    node.log.commit()
    node.clock.advance(0.1)
    assert success_of(caught)
    assert node.seen == ["doubt", 1]


def test_one_cannot_catch_up_with_what_cannot_be_read(nodes: list[Node]) -> None:
    """With the database away it is given up after a while."""
    node = running(nodes, frequency=50, watch=0)
    node.log.errors = [RuntimeError("down")] * 1000
    caught = started(node.feed.catch_up(1, 10))
    node.clock.pump([0.25] * 40)
    assert not success_of(caught)
