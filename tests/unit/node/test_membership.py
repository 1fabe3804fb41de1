"""A node reports itself, its position soon after it moved, and leaves; nothing stops it from running."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from twisted.internet.task import Clock

from tests.kit.deferreds import no_result, started, success_of
from tests.kit.history import HistoryStore, at
from tests.kit.logs import caught_errors, caught_infos
from twisted_kong.core.changes import Position
from twisted_kong.db.interfaces import Member
from twisted_kong.node.membership import PATIENCE, Membership
from twisted_kong.node.standing import FORGOTTEN_AFTER, HEARTBEAT

THIS = Member("this", "node-id", "host.example", "1.0", 17.0, None)


class Node:
    """A node that reports, what the store knows of it, and a position that the test moves."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.store = HistoryStore(self.clock)
        self.applied: Position | None = at(1)
        self.membership = Membership(self.store, THIS, lambda: self.applied, self.clock)

    def move(self, number: int) -> None:
        """Apply the log up to a position."""
        self.applied = at(number)
        self.membership.moved()

    @property
    def known(self) -> Position | None:
        """The position that the others are told."""
        return self.store.data.members["this"][0].position


@pytest.fixture
def node() -> Iterator[Node]:
    """A node that is stopped in the end and must then have no timer left."""
    node = Node()
    yield node
    node.store.away = False
    node.store.release()
    success_of(node.membership.stop())
    assert node.clock.getDelayedCalls() == []


def test_the_first_report_is_waited_for(node: Node) -> None:
    """The node goes on when the others can know of it."""
    node.store.held = []
    coming = started(node.membership.start())
    no_result(coming)
    node.store.release()
    assert success_of(coming)
    assert node.known == at(1)


def test_a_move_is_reported_at_once(node: Node) -> None:
    """A single change is known without any delay."""
    success_of(node.membership.start())
    node.clock.advance(1)
    node.move(2)
    assert node.known == at(2)


def test_moves_are_reported_together(node: Node) -> None:
    """However fast the log is applied, there is a report each 50 ms at most, and the last one is true."""
    success_of(node.membership.start())
    node.clock.advance(1)
    reported = []
    for number in range(2, 202):
        node.move(number)
        node.clock.advance(0.001)
        reported.append(node.known)
    node.clock.advance(0.05)
    assert len(set(reported)) <= 5
    assert node.known == at(201)


def test_a_move_during_a_report_is_not_forgotten(node: Node) -> None:
    """What happens while the database is being told is told next."""
    success_of(node.membership.start())
    node.clock.advance(1)
    node.store.held = []
    node.move(2)
    node.move(3)
    node.store.release()
    assert node.known == at(2)
    node.clock.advance(0.05)
    assert node.known == at(3)


def test_nothing_new_is_not_reported(node: Node) -> None:
    """A poll that found nothing costs no write."""
    success_of(node.membership.start())
    node.clock.advance(1)
    node.store.held = []
    node.membership.moved()
    assert node.store.held == []


def test_a_heartbeat(node: Node) -> None:
    """A node that has nothing to tell is seen to live."""
    success_of(node.membership.start())
    node.clock.advance(HEARTBEAT - 0.5)
    (before,) = success_of(node.store.members())
    node.clock.advance(0.5)
    (after,) = success_of(node.store.members())
    assert (before.age, after.age) == (HEARTBEAT - 0.5, 0)


def test_a_doubt_is_reported(node: Node) -> None:
    """A node that does not know where it stands says so."""
    success_of(node.membership.start())
    node.clock.advance(1)
    node.applied = None
    node.membership.moved()
    assert node.known is None


def test_a_database_that_is_away_stops_nothing(node: Node) -> None:
    """It is told once, in one line, and the node is back on the list when the log can be read again."""
    with caught_errors() as errors, caught_infos() as infos:
        node.store.away = True
        assert not success_of(node.membership.start())
        node.clock.pump([HEARTBEAT] * 3)
        node.store.away = False
        node.membership.moved()
        node.clock.advance(1)
        assert node.known == at(1)
    assert errors == ["could not report this node, so that others may not wait for it: the database is away"]
    assert infos == ["this node is on the list of nodes again"]


def test_a_store_that_refuses_reports_is_not_asked_without_end(node: Node) -> None:
    """After a failed report the next one waits for a second, however often the log is read."""
    success_of(node.membership.start())
    node.clock.advance(1)
    node.store.away = True
    tries = 0
    report = node.store.report

    async def counted(member: Member) -> None:
        nonlocal tries
        tries += 1
        await report(member)

    node.store.report = counted  # type: ignore[method-assign]
    for number in range(2, 102):
        node.move(number)
        node.clock.advance(0.05)
    assert tries <= 6


def test_a_frozen_database_is_given_up(node: Node) -> None:
    """A report that is never answered keeps the node from nothing, and is tried again."""
    node.store.held = []
    coming = started(node.membership.start())
    node.clock.advance(PATIENCE)
    assert not success_of(coming)
    node.store.held = None
    node.clock.advance(HEARTBEAT)
    assert node.known == at(1)


def test_leaving(node: Node) -> None:
    """A node that stops is no longer waited for, and does not come back by a late report."""
    success_of(node.membership.start())
    node.move(2)
    success_of(node.membership.stop())
    assert success_of(node.store.members()) == ()
    node.move(3)
    node.clock.advance(60)
    assert success_of(node.store.members()) == ()


def test_leaving_a_frozen_database(node: Node) -> None:
    """The stop waits for two seconds at most."""
    success_of(node.membership.start())
    node.store.held = []
    node.move(2)
    leaving = started(node.membership.stop())
    no_result(leaving)
    node.clock.advance(2)
    success_of(leaving)


def test_the_long_dead_are_forgotten(node: Node) -> None:
    """Whoever has been silent for an hour is taken off the list, by whoever looks next."""
    success_of(node.store.report(Member("dead", "id", "host", "1.0", 0.0, None)))
    success_of(node.membership.start())
    node.clock.pump([HEARTBEAT] * int(FORGOTTEN_AFTER / HEARTBEAT - 1))
    assert [member.instance for member in success_of(node.store.members())] == ["dead", "this"]
    node.clock.pump([HEARTBEAT] * 61)
    assert [member.instance for member in success_of(node.store.members())] == ["this"]


def test_the_process_before_this_one_is_not_waited_for(node: Node) -> None:
    """A node that was killed and started again knows best that the other is gone: it had the same prefix."""
    for instance, node_id, hostname in (
        ("before", "node-id", "host.example"),
        ("elsewhere", "node-id", "other.example"),
        ("other", "another-id", "host.example"),
    ):
        success_of(node.store.report(Member(instance, node_id, hostname, "1.0", 0.0, None)))
    success_of(node.membership.start())
    known = {member.instance for member in success_of(node.store.members())}
    assert known == {"elsewhere", "other", "this"}


def test_whoever_has_the_same_id_and_lives_comes_back(node: Node) -> None:
    """Only the first report looks for the process before: one that lives after all is back with its next."""
    success_of(node.membership.start())
    success_of(node.store.report(Member("twin", "node-id", "host.example", "1.0", 0.0, None)))
    node.clock.advance(HEARTBEAT)
    assert {member.instance for member in success_of(node.store.members())} == {"this", "twin"}
