"""Health that an operator sets."""

from __future__ import annotations

import pytest

from tests.kit.admin_node import AdminNode
from twisted_kong.core.health.upstream import Target
from twisted_kong.node.health.settings import Setting, setting_of

PATH = "/upstreams/up/targets"
STATES = ["healthy", "unhealthy"]


@pytest.fixture
def node() -> AdminNode:
    """A node with an Upstream that is checked, and another that is not."""
    node = AdminNode()
    passive = {"unhealthy": {"tcp_failures": 1}}
    node.create("/upstreams", {"name": "up", "healthchecks": {"passive": passive}})
    node.create("/upstreams", {"name": "off"})
    for target in ("127.0.0.1:80", "h.test:81", "[::1]:82"):
        node.create(PATH, {"target": target})
    node.create("/upstreams/off/targets", {"target": "127.0.0.1:80"})
    node.applied.clear()
    return node


def settings(node: AdminNode) -> list[Setting]:
    """What the node was told."""
    return [each for each in map(setting_of, node.applied) if each is not None]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(
    ("path", "target", "ip", "port"),
    [
        ("127.0.0.1:80", ("127.0.0.1", 80), None, None),
        ("h.test:81", ("h.test", 81), None, None),
        ("h.test:81/10.0.0.1:82", ("h.test", 81), "10.0.0.1", 82),
        ("h.test:81/10.0.0.1", ("h.test", 81), "10.0.0.1", None),
        ("h.test:81/[::2]:81", ("h.test", 81), "0000:0000:0000:0000:0000:0000:0000:0002", 81),
    ],
)
def test_what_is_set_goes_through_the_log(
    node: AdminNode, state: str, path: str, target: Target, ip: str | None, port: int | None
) -> None:
    """Of the whole Target or one of its addresses; the answer tells the position, as that of any write."""
    upstream = node.client.get("/upstreams/up").json
    answer = node.client.put(f"{PATH}/{path}/{state}")
    assert (answer.status, answer.body) == (204, b"")
    assert answer.header("X-Kong-Position")
    assert settings(node) == [Setting(upstream["id"], target, ip, port, state == "healthy")]


def test_nothing_is_left_behind(node: AdminNode) -> None:
    """However often it is used, no row stays; and each time is a change, after whatever."""
    for _ in range(3):
        node.clock.advance(1)
        assert node.client.put(f"{PATH}/127.0.0.1:80/unhealthy").status == 204
    assert len(settings(node)) == 3
    assert [change.operation for change in node.applied] == ["create", "delete"] * 3


@pytest.mark.parametrize("state", STATES)
def test_health_cannot_be_set_where_it_is_not_checked(node: AdminNode, state: str) -> None:
    """In Kong's words; what is not there is 404, whichever method is wrong 405."""
    for address in ("", "/127.0.0.1:80"):
        answer = node.client.put(f"/upstreams/off/targets/127.0.0.1:80{address}/{state}")
        assert (answer.status, answer.json) == (400, {"message": "no healthchecker found for off"})
        assert node.client.put(f"{PATH}/nope:1{address}/{state}").status == 404
        assert node.client.put(f"/upstreams/nope/targets/127.0.0.1:80{address}/{state}").status == 404
        assert node.client.post(f"{PATH}/127.0.0.1:80{address}/{state}").status == 405
    assert settings(node) == []


@pytest.mark.parametrize("address", ["10.0.0.1:99999", "300.0.0.1", "name.test", "%20"])
def test_an_address_must_be_one(node: AdminNode, address: str) -> None:
    """Anything else is refused."""
    assert node.client.put(f"{PATH}/h.test:81/{address}/healthy").status == 400
    assert settings(node) == []


def test_health_is_no_entity(node: AdminNode) -> None:
    """It cannot be tried out, nor be part of a batch: both are about what is stored."""
    assert node.client.put(f"{PATH}/127.0.0.1:80/healthy?dry_run=1").status == 400
    operation = {"method": "PUT", "path": f"{PATH}/127.0.0.1:80/healthy"}
    assert node.client.post("/batch", {"operations": [operation]}).status == 400
    assert settings(node) == []
