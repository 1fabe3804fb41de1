"""The answers that proxy-cache keeps."""

from __future__ import annotations

import pytest

from tests.kit.admin_node import AdminNode

ANSWER = {"status": 200, "headers": {"Content-Type": "text/plain"}, "body": "hello", "ttl": 300}


@pytest.fixture
def node() -> AdminNode:
    node = AdminNode("proxy-cache", "key-auth")
    node.answers.put("k", ANSWER, size=100, lifetime=300)
    return node


def test_an_answer_is_shown_and_dropped(node: AdminNode) -> None:
    """By its key; afterwards it is missing, for which nginx's page is sent."""
    assert node.client.get("/proxy-cache/k").json == ANSWER
    assert node.client.delete("/proxy-cache/k").status == 204
    for answer in (node.client.get("/proxy-cache/k"), node.client.delete("/proxy-cache/k")):
        assert (answer.status, answer.header("Content-Type")) == (404, "text/html; charset=UTF-8")
        assert b"<h1>404 Not Found</h1>" in answer.body


def test_below_an_instance(node: AdminNode) -> None:
    """The same below an instance of the plugin, and nothing below anything else."""
    cache = {"name": "proxy-cache", "config": {"strategy": "memory"}}
    ids = {each["name"]: node.create("/plugins", each)["id"] for each in (cache, {"name": "key-auth"})}
    assert node.client.get(f"/proxy-cache/{ids['proxy-cache']}/caches/k").json == ANSWER
    for wrong in (ids["key-auth"], "ffffffff-0000-4000-8000-00000000ffff", "nope"):
        assert node.client.get(f"/proxy-cache/{wrong}/caches/k").status == 404
        assert node.client.delete(f"/proxy-cache/{wrong}/caches/k").status == 404
    assert node.client.delete(f"/proxy-cache/{ids['proxy-cache']}/caches/k").status == 204
    assert node.client.get("/proxy-cache/k").status == 404


def test_all_are_dropped(node: AdminNode) -> None:
    """With one request, whether there are any or not."""
    assert [node.client.delete("/proxy-cache").status for _ in range(2)] == [204, 204]
    assert len(node.answers) == 0
    assert node.client.get("/proxy-cache").status == 405


def test_the_endpoints_come_with_the_plugin() -> None:
    """Without it they are not there."""
    assert AdminNode("key-auth").client.delete("/proxy-cache").status == 404
