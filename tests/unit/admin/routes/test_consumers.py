"""Consumers by the id of an external system."""

from __future__ import annotations

import pytest

from tests.kit.admin_node import AdminNode


@pytest.fixture
def node() -> AdminNode:
    node = AdminNode()
    node.create("/consumers", {"username": "a", "custom_id": "1"})
    node.create("/consumers", {"username": "b"})
    return node


def test_a_consumer_is_found_by_custom_id(node: AdminNode) -> None:
    """The collection has one entry or none."""
    assert [row["username"] for row in node.client.get("/consumers?custom_id=1").json["data"]] == ["a"]
    assert node.client.get("/consumers?custom_id=2").json == {"data": [], "next": None}


@pytest.mark.parametrize("query", ["custom_id=", "custom_id=1&custom_id=2"])
def test_an_empty_custom_id_is_refused(node: AdminNode, query: str) -> None:
    """Nothing, or more than one, is no custom id."""
    answer = node.client.get(f"/consumers?{query}")
    assert (answer.status, answer.json) == (400, {"message": "custom_id must be an unempty string"})


def test_without_custom_id_all_are_listed(node: AdminNode) -> None:
    """The plain collection is as that of any kind."""
    assert len(node.client.get("/consumers").json["data"]) == 2
    assert node.client.request("OPTIONS", "/consumers").header("Allow") == "GET, HEAD, OPTIONS, POST"
