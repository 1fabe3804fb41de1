from __future__ import annotations

import pytest

from tests.kit.admin_node import AdminNode
from twisted_kong.core.admin_tokens import has_token_shape

ROLES = {"services": "read"}


@pytest.fixture
def node() -> AdminNode:
    """A node that asks for no token."""
    return AdminNode()


def test_a_token_is_told_when_it_is_made_and_when_it_is_rotated(node: AdminNode) -> None:
    """By name or by id; the other answers do not have it."""
    made = node.create("/admin-tokens", {"name": "ci", "roles": ROLES})
    assert has_token_shape(made["token"])
    for key in ("ci", made["id"]):
        rotated = node.client.post(f"/admin-tokens/{key}/rotate")
        assert rotated.status == 200
        assert has_token_shape(rotated.json["token"])
        assert rotated.json["token"] != made["token"]
        shown = node.client.get("/admin-tokens/ci")
        assert shown.json == {name: value for name, value in rotated.json.items() if name != "token"}
        assert shown.header("ETag") == rotated.header("ETag")


def test_a_rotation_changes_the_tag(node: AdminNode) -> None:
    """So of two who rotate a token with ``If-Match`` only one does."""
    made = node.client.post("/admin-tokens", {"name": "ci", "roles": ROLES})
    condition = {"If-Match": made.header("ETag") or ""}
    first, second = (node.client.post("/admin-tokens/ci/rotate", headers=condition) for _ in range(2))
    assert (first.status, second.status) == (200, 412)


def test_there_must_be_a_token_to_rotate(node: AdminNode) -> None:
    """404 as for any entity."""
    assert node.client.post("/admin-tokens/nobody/rotate").status == 404


def test_a_put_makes_a_token_once(node: AdminNode) -> None:
    """The first answer has it; a PUT on it changes what it may do."""
    assert has_token_shape(node.client.put("/admin-tokens/ci", {"roles": ROLES}).json["token"])
    again = node.client.put("/admin-tokens/ci", {"roles": {"routes": "write"}})
    assert again.json["roles"] == {"routes": "write"}
    assert "token" not in again.json


def test_tokens_come_as_forms_too(node: AdminNode) -> None:
    """``roles.services=write`` as any map."""
    form = [("name", "ci"), ("roles.services", "write"), ("tags[]", "team-a")]
    answer = node.client.request("POST", "/admin-tokens", form=form)
    assert (answer.status, answer.json["roles"]) == (201, {"services": "write"})
    assert [row["entity_name"] for row in node.client.get("/tags/team-a").json["data"]] == ["admin_tokens"]


def test_a_hash_cannot_be_written(node: AdminNode) -> None:
    """It is as unknown as any field that does not exist."""
    answer = node.client.post("/admin-tokens", {"name": "ci", "roles": ROLES, "token_hash": "0" * 64})
    assert (answer.status, answer.json["fields"]) == (400, {"token_hash": "unknown field"})


def test_an_answer_that_tells_a_token_is_kept_by_no_cache(node: AdminNode) -> None:
    """Nor one on the way; the others may be asked for again by their tags."""
    made = node.client.post("/admin-tokens", {"name": "ci", "roles": ROLES})
    rotated = node.client.post("/admin-tokens/ci/rotate")
    assert [answer.header("Cache-Control") for answer in (made, rotated)] == ["no-store"] * 2
    assert node.client.get("/admin-tokens/ci").header("Cache-Control") is None
    assert node.client.patch("/admin-tokens/ci", {"tags": ["x"]}).header("Cache-Control") is None
    assert node.client.delete("/admin-tokens/ci").status == 204
