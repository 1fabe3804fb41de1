"""``X-Kong-Min-Position`` holds a request until the node is new enough, and costs nothing when it is off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock

from tests.kit.deferreds import failure_of, no_result, success_of
from tests.kit.history import HistoryStore, at
from tests.kit.memory_node import MemoryNode
from tests.kit.methods import Method, Stage
from tests.kit.pdk import a_context
from twisted_kong.core.context import RequestContext
from twisted_kong.core.replies import JSON, Replies
from twisted_kong.node.arrival import Arrival
from twisted_kong.node.feed import ChangeFeed
from twisted_kong.pdk.phases import Phases
from twisted_kong.service.min_position import PATIENCE, HeldPhases


class Node:
    """The phases of a node that follows a log by polling each minute."""

    def __init__(self, **plugins: tuple[int, dict[str, Method | None]]) -> None:
        self.clock = Clock()
        self.store = HistoryStore(self.clock)
        self.feed = ChangeFeed(self.store, self._nothing, self._nothing, self.clock, frequency=60, watch=0)
        self.feed.startService()
        self.stage = Stage(**plugins).rows()
        self.phases = HeldPhases(
            self.stage.plan,
            self.stage.handlers,
            self.stage.gateway,
            arrival=Arrival(self.store, self.feed, self.clock),
            parse=self.store.parse_position,
            replies=Replies(JSON),
        )

    async def _nothing(self, *_: object) -> None:
        """Nothing is held."""


def asking(*positions: object) -> RequestContext:
    """A request that names positions."""
    return a_context(headers=[("X-Kong-Min-Position", str(position)) for position in positions])


def test_a_request_that_names_none_is_not_held() -> None:
    """It goes on at once, and plugins see it as ever."""
    node = Node(a=(1, {"rewrite": None}))
    assert node.phases.rewrite(a_context()) is None
    assert node.stage.ran == ["a.rewrite"]


def test_what_is_applied_is_not_waited_for() -> None:
    """The usual case costs no Deferred."""
    node = Node()
    position = node.store.write()
    success_of(node.feed.poll_now())
    assert node.phases.rewrite(asking(position)) is None


def test_a_request_waits_until_the_change_is_applied() -> None:
    """No plugin sees it before, for plugins are configuration too."""
    node = Node(a=(1, {"rewrite": None}))
    position = node.store.write()
    node.store.held = []
    waiting = node.phases.rewrite(asking(position))
    assert isinstance(waiting, Deferred)
    no_result(waiting)
    assert node.stage.ran == []
    node.store.release()
    assert success_of(waiting) is None
    assert node.stage.ran == ["a.rewrite"]


def test_a_plugin_that_waits_is_waited_for() -> None:
    """What the plugins answer after the wait is the answer, be it late."""
    gate: Deferred[None] = Deferred()

    async def leave(kong: Any, conf: Any) -> None:
        await gate
        kong.response.exit(418)

    node = Node(a=(1, {"rewrite": leave}))
    waiting = node.phases.rewrite(asking(node.store.write()))
    assert isinstance(waiting, Deferred)
    no_result(waiting)
    gate.callback(None)
    answer = success_of(waiting)
    assert answer is not None
    assert answer.status == 418


def test_a_request_that_waits_in_vain_is_refused() -> None:
    """Rather than be served from an older configuration."""
    node = Node(a=(1, {"rewrite": None}))
    waiting = node.phases.rewrite(asking(at(99)))
    assert isinstance(waiting, Deferred)
    node.clock.advance(PATIENCE)
    answer = success_of(waiting)
    assert answer is not None
    assert answer.status == 503
    assert b"this node has not applied the position 99-deadbeef within 10 seconds" in answer.body
    assert node.stage.ran == []


@pytest.mark.parametrize("named", [("nonsense",), ("",), ("1-deadbeef", "2-deadbeef"), ("é",)])
def test_nonsense_is_refused(named: tuple[str, ...]) -> None:
    """What is no position, or more than one, is the client's mistake."""
    answer = Node().phases.rewrite(asking(*named))
    assert answer is not None
    assert not isinstance(answer, Deferred)
    assert (answer.status, b"X-Kong-Min-Position is not a position" in answer.body) == (400, True)


def test_a_client_that_leaves_is_not_waited_for() -> None:
    """Nothing stays behind of a request that was given up."""
    node = Node()
    waiting = node.phases.rewrite(asking(at(99)))
    assert isinstance(waiting, Deferred)
    waiting.cancel()
    failure_of(waiting, CancelledError)
    node.feed.stopService()
    assert node.clock.getDelayedCalls() == []


@pytest.mark.parametrize("on", [True, False])
def test_only_with_the_property(tmp_path: Path, on: bool) -> None:
    """Off, the phases are of the class that knows nothing of it."""
    node = MemoryNode(tmp_path, allow_min_position_header=on)
    node.start()
    assert type(node.parts.gateway.phases) is (HeldPhases if on else Phases)
    node.stop()
