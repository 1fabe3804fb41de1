"""The Admin and Status APIs over the parts of a node."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.logs import caught_warnings
from tests.kit.memory_node import MemoryNode, started_node
from twisted_kong.admin.status_app import NO_DATABASE
from twisted_kong.core.errors import DatabaseUnavailable
from twisted_kong.core.router.router import RouteQuery


@pytest.fixture
def node(tmp_path: Path) -> Iterator[MemoryNode]:
    yield from started_node(tmp_path, admin_allowed_hosts="gateway.example", headers="off")


def finds(node: MemoryNode, path: str) -> bool:
    """Whether a request for a path would be routed."""
    query = RouteQuery("GET", "http", "example.com", 80, path, None, lambda name: [])
    return node.parts.state.routing.match(query) is not None


def test_a_write_is_answered_when_the_node_serves_it(node: MemoryNode) -> None:
    """No time passes between the answer and the first request that is routed by it."""
    client = node.client(8001)
    assert client.post("/routes", {"paths": ["/x"], "name": "r"}).status == 201
    assert finds(node, "/x")
    assert client.delete("/routes/r").status == 204
    assert not finds(node, "/x")


def test_the_root_tells_of_the_node(node: MemoryNode) -> None:
    """Identity, plugins with their versions, and which of them are in use."""
    client = node.client(8001)
    client.post("/plugins", {"name": "key-auth"})
    root = client.get("/").json
    assert root["hostname"] == "test-host"
    assert root["pids"]["master"] == 42
    assert root["plugins"]["available_on_server"]["key-auth"]["priority"] == 1250
    assert root["plugins"]["enabled_in_cluster"] == ["key-auth"]


def test_the_status_counts_what_the_proxy_has_done(node: MemoryNode) -> None:
    """Connections and requests are the gateway's; stores are the cache's."""
    node.parts.gateway.accepted = 3
    node.parts.gateway.requests = 5
    node.parts.gateway.refused.update(node=1, client=1, proxy_protocol=1)
    status = node.client(8100).get("/status").json
    assert (status["server"]["connections_accepted"], status["server"]["total_requests"]) == (3, 5)
    assert status["server"]["connections_handled"] == 1
    sizes = {name: use["capacity"] for name, use in status["memory"]["lua_shared_dicts"].items()}
    assert {name for name, size in sizes.items() if size != "0.00 MiB"} == {
        "kong_core_db_cache",
        "kong_core_db_cache_miss",
        "kong_db_cache",
    }


def test_the_cache_of_the_api_is_the_nodes(node: MemoryNode) -> None:
    """A key that the proxy has cached is listed and can be purged."""
    node.settle(node.parts.state.cache.get("consumers:x:::::", _nothing))
    client = node.client(8001)
    assert [entry["key"] for entry in client.get("/cache").json["data"]] == ["consumers:x:::::"]
    assert client.delete("/cache/consumers:x:::::").status == 204
    assert client.get("/cache").json["data"] == []


async def _nothing() -> None:
    """The database holds no such entity."""


def test_only_known_hosts_are_spoken_to(node: MemoryNode) -> None:
    """This machine's names and ``admin_allowed_hosts``: a browser that was led here is refused."""
    client = node.client(8001)
    for host, status in (("gateway.example", 200), ("test-host", 200), ("evil.example", 403)):
        client.host = host
        assert client.get("/services").status == status


def test_headers_can_be_switched_off(node: MemoryNode) -> None:
    """``headers = off`` is for the APIs too."""
    answer = node.client(8001).get("/services")
    assert answer.header("Server") is None
    assert answer.header("X-Kong-Admin-Latency") is None


@pytest.mark.parametrize(("needs", "status", "text"), [("off", 200, "ready"), ("on", 503, NO_DATABASE)])
def test_ready_without_the_database(tmp_path: Path, needs: str, status: int, text: str) -> None:
    """A node that has lost its database stays ready and says so; with Kong's way chosen it is not ready."""
    for node in started_node(tmp_path, status_ready_needs_database=needs):
        client = node.client(8100)
        assert client.get("/status/ready").json["database"]["reachable"] is True

        async def unavailable() -> None:
            raise DatabaseUnavailable("gone")

        node.strategy.head = unavailable  # type: ignore[assignment, method-assign]
        answer = client.get("/status/ready")
        assert (answer.status, answer.json["message"]) == (status, text)
        assert answer.json["database"]["reachable"] is False
        assert client.get("/status").json["database"] == {"reachable": False}


def test_tokens_are_asked_for_if_the_configuration_says_so(tmp_path: Path) -> None:
    """By the Admin API and not by the Status API; who has locked himself out is told the way in."""
    node = MemoryNode(tmp_path, admin_auth="token")
    with caught_warnings() as lines:
        node.start()
    try:
        assert lines == [
            "admin_auth is token, and there is no token yet: make the first with 'kong admin-token create'"
        ]
        assert node.client(8001).get("/services").status == 401
        assert node.client(8100).get("/status").status == 200
    finally:
        node.stop()


def test_the_token_of_the_configuration_is_a_way_in(tmp_path: Path) -> None:
    """It may do everything; what it makes is followed at once, and so is what becomes of it."""
    root = "a-token-of-kong.conf-with-32-chars"
    node = MemoryNode(tmp_path, admin_auth="token", admin_token=root)
    with caught_warnings() as lines:
        node.start()
    try:
        client = node.client(8001)
        mine = {"headers": {"Kong-Admin-Token": root}}
        record = {"name": "ci", "roles": {"services": "read"}}
        token = client.post("/admin-tokens", record, **mine).json["token"]
        theirs = {"headers": {"Kong-Admin-Token": token}}
        assert client.get("/services", **theirs).status == 200
        assert client.get("/", **mine).json["configuration"]["admin_token"] == "******"
        assert client.delete("/admin-tokens/ci", **mine).status == 204
        assert lines == []
        assert client.get("/services", **theirs).status == 401
    finally:
        node.stop()
