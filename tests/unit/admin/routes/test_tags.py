"""Tags of all entities."""

from __future__ import annotations

import pytest

from tests.kit.admin_node import AdminNode


@pytest.fixture
def node() -> AdminNode:
    node = AdminNode()
    node.create("/services", {"host": "h", "tags": ["a", "b"]})
    node.create("/consumers", {"username": "c", "tags": ["a"]})
    return node


def test_every_tag_of_every_entity_is_listed(node: AdminNode) -> None:
    """One item for each tag of each entity, whatever its kind; or those of one tag."""
    rows = node.client.get("/tags").json["data"]
    assert [(row["entity_name"], row["tag"]) for row in rows] == [
        ("services", "a"),
        ("services", "b"),
        ("consumers", "a"),
    ]
    assert [row["entity_name"] for row in node.client.get("/tags/a").json["data"]] == [
        "services",
        "consumers",
    ]
    assert node.client.get("/tags/none").json == {"data": [], "next": None}


def test_tags_have_pages(node: AdminNode) -> None:
    """Links lead through all of them."""
    first = node.client.get("/tags?size=2").json
    assert len(first["data"]) == 2
    assert len(node.client.get(first["next"]).json["data"]) == 1
    # Their order is their own.
    assert node.client.get("/tags?size=2&sort_desc=1").json == first


def test_what_cannot_be_a_tag_is_refused(node: AdminNode) -> None:
    """Commas and slashes have another meaning."""
    answer = node.client.get("/tags/a,b")
    assert (answer.status, answer.json["code"], answer.json["name"]) == (400, 10, "invalid unique tag")


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/tags"), ("PUT", "/tags/a"), ("PATCH", "/tags/a"), ("DELETE", "/tags/a")]
)
def test_tags_cannot_be_written(node: AdminNode, method: str, path: str) -> None:
    """Tags are written with their entities only."""
    answer = node.client.request(method, path)
    assert (answer.status, answer.json["fields"]) == (
        400,
        {"tags": "does not support insert/upsert/update/delete operations"},
    )
