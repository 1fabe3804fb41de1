"""Groups of a Consumer by id and by name."""

from __future__ import annotations

import pytest

from tests.kit.admin_node import AdminNode

UNKNOWN = "11111111-1111-4111-8111-000000000999"


@pytest.fixture
def node() -> AdminNode:
    node = AdminNode("acl")
    for name in ("bob", "amy"):
        node.create("/consumers", {"username": name})
    node.create("/consumers/bob/acls", {"group": "g 1"})
    return node


def test_a_group_is_reached_by_name(node: AdminNode) -> None:
    """Read, changed, replaced and left by the name of the group, below the Consumer only."""
    made = node.client.get("/consumers/bob/acls/g%201").json
    assert made == node.client.get(f"/consumers/bob/acls/{made['id']}").json
    assert node.client.patch("/consumers/bob/acls/g%201", {"tags": ["t"]}).json["tags"] == ["t"]
    replaced = node.client.put("/consumers/bob/acls/g%201", {"group": "other"}).json
    assert (replaced["id"], replaced["group"], replaced["tags"]) == (made["id"], "g 1", None)
    assert node.client.delete("/consumers/bob/acls/g%201").status == 204
    assert node.client.get("/acls").json["data"] == []


def test_put_by_a_new_name_joins_the_group(node: AdminNode) -> None:
    """200, with a new id; again it is the same membership."""
    first = node.client.put("/consumers/amy/acls/new", {})
    assert (first.status, first.json["group"]) == (200, "new")
    assert node.client.put("/consumers/amy/acls/new", {"tags": ["x"]}).json["id"] == first.json["id"]
    assert len(node.client.get("/consumers/amy/acls").json["data"]) == 1


def test_put_by_id_may_take_a_membership_away(node: AdminNode) -> None:
    """As with all that is nested."""
    made = node.client.get("/consumers/bob/acls/g%201").json
    moved = node.client.put(f"/consumers/amy/acls/{made['id']}", {"group": "g"}).json
    assert moved["id"] == made["id"]
    assert node.client.get("/consumers/bob/acls").json["data"] == []


@pytest.mark.parametrize("key", ["nope", UNKNOWN])
@pytest.mark.parametrize("consumer", ["bob", "nope"])
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_what_is_not_there(node: AdminNode, method: str, consumer: str, key: str) -> None:
    """404 with the plain message."""
    body: dict[str, str] | None = {} if method == "PATCH" else None
    answer = node.client.request(method, f"/consumers/{consumer}/acls/{key}", json=body)
    assert (answer.status, answer.json) == (404, {"message": "Not found"})


def test_groups_of_others_are_not_reached(node: AdminNode) -> None:
    """Neither by name nor by id."""
    made = node.client.get("/consumers/bob/acls/g%201").json
    for key in ("g%201", made["id"]):
        assert node.client.get(f"/consumers/amy/acls/{key}").status == 404
        assert node.client.delete(f"/consumers/amy/acls/{key}").status == 404
    assert node.client.put("/consumers/nope/acls/g", {}).status == 404
