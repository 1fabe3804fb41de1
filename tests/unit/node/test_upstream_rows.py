from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.task import Clock

from tests.kit.changelog import change
from tests.kit.deferreds import success_of
from tests.kit.rows import FakeRows
from twisted_kong.node.balancing import Balancing, NoPeer, Peer
from twisted_kong.node.upstream_rows import UpstreamHolder


class Node:
    """An upstream holder over its rows; every name resolves to one address."""

    def __init__(self) -> None:
        self.upstreams, self.targets = FakeRows(), FakeRows()
        balancing = Balancing(lambda host: ("10.0.0.9",))
        self.holder = UpstreamHolder(balancing, self.upstreams, self.targets, Clock())

    def put_upstream(self, id: str, name: str) -> None:
        self.upstreams.put({"id": id, "name": name, "host_header": None})
        self.changed("upstreams", id)

    def put_target(self, id: str, upstream: str, target: str, weight: int = 100) -> None:
        row: dict[str, Any] = {"id": id, "upstream": {"id": upstream}, "target": target, "weight": weight}
        self.targets.put(row)
        self.changed("targets", id)

    def changed(self, kind: str, id: str) -> None:
        success_of(self.holder.apply([change(1, kind, id)]))

    def reached(self, host: str, times: int = 4) -> set[str]:
        """The addresses that a Service of this host is balanced over."""
        peers = [self.holder.balancing.pick(host, 80) for _ in range(times)]
        return {f"{peer.ip}:{peer.port}" for peer in peers if isinstance(peer, Peer)}


@pytest.fixture
def node() -> Iterator[Node]:
    """A holder of no rows."""
    node = Node()
    node.holder.startService()
    success_of(node.holder.doubt())
    yield node
    node.holder.stopService()


def test_a_service_is_balanced_over_the_targets_of_its_upstream(node: Node) -> None:
    """A Service whose host is the name of an Upstream goes to that Upstream's Targets."""
    node.put_upstream("u", "backend")
    node.put_target("1", "u", "10.0.0.1:81")
    node.put_target("2", "u", "10.0.0.2:82")
    assert node.reached("backend") == {"10.0.0.1:81", "10.0.0.2:82"}


def test_a_target_may_be_read_before_its_upstream(node: Node) -> None:
    """Rows come in any order; the Upstream that a Target refers to is read along with it."""
    node.upstreams.put({"id": "u", "name": "backend", "host_header": None})
    node.put_target("1", "u", "10.0.0.1:81")
    assert node.reached("backend") == {"10.0.0.1:81"}


def test_a_changed_weight_counts_at_once(node: Node) -> None:
    """A Target of weight 0 gets nothing from then on."""
    node.put_upstream("u", "backend")
    node.put_target("1", "u", "10.0.0.1:81")
    node.put_target("2", "u", "10.0.0.2:82")
    node.put_target("2", "u", "10.0.0.2:82", weight=0)
    assert node.reached("backend") == {"10.0.0.1:81"}


def test_a_target_that_moves_leaves_its_old_upstream(node: Node) -> None:
    """A Target belongs to one Upstream at a time."""
    node.put_upstream("u", "backend")
    node.put_upstream("v", "other")
    node.put_target("1", "u", "10.0.0.1:81")
    node.put_target("1", "v", "10.0.0.1:81")
    assert node.reached("other") == {"10.0.0.1:81"}
    with pytest.raises(NoPeer):
        node.holder.balancing.pick("backend", 80)


def test_a_target_that_goes_gets_nothing(node: Node) -> None:
    """A removed Target is out of the balancing, and an Upstream without any has no peer."""
    node.put_upstream("u", "backend")
    node.put_target("1", "u", "10.0.0.1:81")
    del node.targets.rows["1"]
    node.changed("targets", "1")
    with pytest.raises(NoPeer):
        node.holder.balancing.pick("backend", 80)


def test_an_upstream_that_goes_leaves_its_name_to_dns(node: Node) -> None:
    """Without the Upstream the host of a Service is a host again."""
    node.put_upstream("u", "backend")
    del node.upstreams.rows["u"]
    node.changed("upstreams", "u")
    assert node.reached("backend") == {"10.0.0.9:80"}
