"""A node is a member before it listens, has caught up by then, and is none when it has stopped."""

from __future__ import annotations

from pathlib import Path

from twisted.internet.defer import Deferred

from tests.kit.deferreds import success_of
from tests.kit.logs import caught_errors, caught_warnings
from tests.kit.memory_node import START, MemoryNode
from twisted_kong.core.changes import Position
from twisted_kong.core.errors import DatabaseUnavailable
from twisted_kong.db.interfaces import Member
from twisted_kong.node.standing import HEARTBEAT


def members(node: MemoryNode) -> tuple[Member, ...]:
    """Who is on the list of the node's database."""
    return success_of(node.strategy.members())


def two_nodes(directory: Path) -> tuple[MemoryNode, MemoryNode]:
    """Two nodes on one database, not started."""
    first = MemoryNode(directory)
    second = MemoryNode(directory, data=first.strategy.data)
    second.instance = "other-process"
    return first, second


def test_a_node_is_a_member_while_it_is_up(tmp_path: Path) -> None:
    """With its names, its version, when it was started and what it has applied."""
    node = MemoryNode(tmp_path)
    node.start()
    (member,) = members(node)
    assert (member.instance, member.hostname, member.started) == ("this-process", "test-host", START)
    assert member.id
    assert member.version
    assert member.position == success_of(node.strategy.head())
    node.stop()
    assert members(node) == ()


def test_a_write_is_reported(tmp_path: Path) -> None:
    """What the node has applied of the log is known to the others as soon as it polls."""
    node = MemoryNode(tmp_path)
    node.start()
    node.client(8001).post("/services", {"name": "a", "url": "http://localhost"})
    node.reactor.advance(1)
    node.reactor.turn()
    assert members(node)[0].position == success_of(node.strategy.head())
    node.stop()


def test_what_was_confirmed_before_the_report_is_served(tmp_path: Path) -> None:
    """A write that comes between the load and the report waits for nobody: it must be in before we listen."""
    first, node = two_nodes(tmp_path)
    first.start()
    admin = first.client(8001)
    admin.post("/services", {"name": "a", "url": "http://localhost"})
    report = node.strategy.report
    listening: list[list[int]] = []

    async def report_late(member: Member) -> Position:
        if not listening:
            assert admin.post("/services/a/routes", {"paths": ["/late"], "name": "late"}).status == 201
        listening.append(list(node.reactor.listening))
        return await report(member)

    node.strategy.report = report_late  # type: ignore[method-assign]
    node.start()
    assert listening[0] == []
    assert {route["name"] for route in node.parts.state.routing.routes.values()} == {"late"}
    node.stop()
    first.stop()


def test_a_node_that_cannot_catch_up_in_time_says_so(tmp_path: Path) -> None:
    """It serves what it has, as any node does whose database has gone."""
    first, node = two_nodes(tmp_path)
    first.start()
    report = node.strategy.report

    async def fail(*_: object) -> None:
        raise DatabaseUnavailable("gone")

    async def report_and_lose(member: Member) -> Position:
        first.client(8001).post("/routes", {"paths": ["/late"]})
        node.strategy.select = fail  # type: ignore[method-assign,assignment]
        node.strategy.report = report  # type: ignore[method-assign]
        return await report(member)

    node.strategy.report = report_and_lose  # type: ignore[method-assign]
    with caught_warnings() as warnings:
        node.node.startService()
        node.reactor.turn()
        for _ in range(31):
            node.reactor.advance(1)
        node.reactor.turn()
        success_of(node.node.when_ready())
    assert "this node may not have applied the latest changes yet" in warnings
    node.stop()
    first.stop()


def test_a_database_that_does_not_take_reports_stops_nobody(tmp_path: Path) -> None:
    """The node comes up, and is on the list as soon as that works again."""
    node = MemoryNode(tmp_path)
    report = node.strategy.report

    async def refuse(member: Member) -> Position:
        raise DatabaseUnavailable("no room")

    node.strategy.report = refuse  # type: ignore[method-assign]
    with caught_errors() as errors:
        node.start()
    assert errors == ["could not report this node, so that others may not wait for it: no room"]
    node.strategy.report = report  # type: ignore[method-assign]
    node.reactor.advance(HEARTBEAT)
    assert len(members(node)) == 1
    node.stop()


def test_a_frozen_database_delays_the_stop_by_two_seconds(tmp_path: Path) -> None:
    """Leaving is a courtesy: who does not leave is taken for dead after a while."""
    node = MemoryNode(tmp_path)
    node.start()

    async def freeze(instance: str) -> None:
        await Deferred()

    node.strategy.leave = freeze  # type: ignore[method-assign]
    stopping = node.node.stopService()
    node.reactor.advance(2)
    node.reactor.turn()
    assert stopping.called
    assert node.reactor.getDelayedCalls() == []
