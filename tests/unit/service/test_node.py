"""The life of a node: up, drained, reloaded, down, and whatever may come in between."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred, fail
from twisted.internet.error import CannotListenError

from tests.kit.deferreds import failure_of, no_result, outcome, success_of
from tests.kit.logs import caught_failures, caught_warnings
from tests.kit.memory_node import MemoryNode, started_node
from twisted_kong.core.errors import DatabaseError
from twisted_kong.node.error_log import ErrorLog
from twisted_kong.service.node import KongNode


@pytest.fixture
def node(tmp_path: Path) -> Iterator[MemoryNode]:
    yield from started_node(tmp_path)


def test_ready_is_told_before_and_after(tmp_path: Path) -> None:
    """Whoever asks early waits, whoever asks late is told at once."""
    node = MemoryNode(tmp_path)
    node.strategy.start_waits = Deferred()
    node.node.startService()
    early = node.node.when_ready()
    no_result(early)
    node.strategy.start_waits.callback(None)
    node.settle(early)
    success_of(node.node.when_ready())
    assert node.reactor.listening == [8100, 8001, 8000]
    node.stop()


def test_a_failure_is_told_before_and_after(tmp_path: Path) -> None:
    """The reason is the same for all who ask, and nothing is left behind."""
    node = MemoryNode(tmp_path)
    node.strategy.start_error = DatabaseError("the file is no database")
    assert str(node.fails()) == "the file is no database"
    assert str(failure_of(node.node.when_ready())) == "the file is no database"
    success_of(node.node.stopService())


def test_a_stop_while_starting_breaks_the_start_off(tmp_path: Path) -> None:
    """The step under way is cancelled, what was done is undone, and nothing listens afterwards."""
    node = MemoryNode(tmp_path)
    node.strategy.start_waits = Deferred()
    node.node.startService()
    seen = outcome(node.node.when_ready())
    node.stop()
    assert seen
    assert node.node.parts is None


def test_a_stop_during_the_first_load_breaks_the_start_off(tmp_path: Path) -> None:
    """A database that cannot be read does not keep the node from stopping."""
    node = MemoryNode(tmp_path)
    node.strategy.page_error = DatabaseError("the disk is gone")
    with caught_failures():
        node.node.startService()
        seen = outcome(node.node.when_ready())
        node.reactor.turn()
        assert seen == []
        node.stop()
    assert seen


def test_a_node_can_be_started_again(node: MemoryNode) -> None:
    """Nothing of its first life is in the way of its second."""
    node.stop()
    node.start()
    assert node.client(8001).get("/services").status == 200


def test_a_stop_that_fails_in_one_part_stops_the_others(tmp_path: Path) -> None:
    """The failure is logged, the rest is stopped all the same."""
    node = MemoryNode(tmp_path)
    node.start()
    gateway = node.parts.gateway
    gateway.drain = lambda clock, timeout: fail(ValueError("stuck"))  # type: ignore[method-assign]
    with caught_failures() as logged:
        node.stop()
    assert logged == ["stuck"]


def test_drained_node_listens_no_more_and_tells_so(node: MemoryNode) -> None:
    """The proxy goes first: load balancers hear it of the Status API as long as requests are under way."""
    drained = Deferred.fromCoroutine(node.node.drain())
    assert node.reactor.listening == [8100]
    assert node.client(8100).get("/status/ready").json["message"] == "draining"
    success_of(drained)


def test_a_node_that_is_not_up_has_nothing_to_drain(tmp_path: Path) -> None:
    """Draining it is done at once, and so is reopening its logs."""
    node = MemoryNode(tmp_path)
    success_of(node.node.drain())
    node.node.reopen_logs()


def test_reload_takes_the_log_level_over(node: MemoryNode) -> None:
    """The level is in force at once, and what the Admin API had set for a while is over."""
    client = node.client(8001)
    client.put("/debug/node/log-level/debug?timeout=10")
    success_of(node.node.reload(node.configured(log_level="warn")))
    assert client.get("/debug/node/log-level").json["message"] == "log level: warn"


def test_reload_names_what_needs_a_restart(node: MemoryNode) -> None:
    """One warning for each property that has another value now and cannot be taken over."""
    with caught_warnings() as warned:
        success_of(node.node.reload(node.configured(log_level="warn", db_cache_ttl=5, plugins="off")))
    assert warned == [
        "db_cache_ttl has changed: restart the node for it to take effect",
        "plugins has changed: restart the node for it to take effect",
    ]


def test_a_port_in_use_leaves_nothing_listening(tmp_path: Path) -> None:
    """The proxy listens last; when it cannot, the APIs are closed again."""
    node = MemoryNode(tmp_path)
    node.reactor.in_use.add(8000)
    assert isinstance(node.fails(), CannotListenError)


def test_the_error_log_masks_the_secrets_that_were_looked_up(tmp_path: Path) -> None:
    """From the moment on when the node has them."""
    world = MemoryNode(tmp_path)
    log = ErrorLog(str(tmp_path / "error.log"), "notice", 7)
    node = KongNode(
        world.conf, world.reactor, host=world.host, error_log=log, make_database=world.make_database
    )
    node._known.learn("hunter2-long")
    log.close()
    assert log.hide("it was hunter2-long") == "it was ******"
