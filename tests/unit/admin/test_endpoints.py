"""Endpoints that follow from the schemas, as a client meets them."""

from __future__ import annotations

import pytest

from tests.kit.admin_node import AdminNode
from tests.kit.deferreds import success_of
from twisted_kong.admin.api import kinds_of
from twisted_kong.admin.endpoints import collection_path, generated, nested_path, without
from twisted_kong.core.errors import DatabaseUnavailable
from twisted_kong.db.interfaces import Commit, Committed
from twisted_kong.db.staging import JointWrites

UNKNOWN = "11111111-1111-4111-8111-000000000999"


@pytest.fixture
def node() -> AdminNode:
    node = AdminNode("key-auth")
    node.create("/services", {"name": "s1", "host": "h"})
    node.create("/services", {"name": "s2", "host": "h"})
    node.create("/services/s1/routes", {"name": "r1", "paths": ["/1"]})
    node.create("/routes", {"name": "lone", "paths": ["/2"]})
    return node


def test_the_table_follows_from_the_schemas(node: AdminNode) -> None:
    """A kind has a collection and single entities; each reference adds the paths both ways."""
    table = generated(kinds_of(node.parts), JointWrites(node.database))
    assert set(table["/routes"]) == {"GET", "POST"}
    assert set(table["/routes/{routes}"]) == {"GET", "PUT", "PATCH", "DELETE"}
    assert set(table["/services/{services}/routes"]) == {"GET", "POST"}
    assert set(table["/services/{services}/routes/{routes}"]) == {"GET", "PUT", "PATCH", "DELETE"}
    assert set(table["/routes/{routes}/service"]) == {"GET", "PUT", "PATCH", "DELETE"}
    assert "/consumers/{consumers}/key-auth/{keyauth_credentials}" in table
    assert "/key-auths/{keyauth_credentials}/consumer" in table
    assert "/certificates/{certificates}/upstreams" in table
    assert "/key-sets/{key_sets}/keys" in table
    for path in ("/workspaces", "/parameters", "/clustering/data-planes"):
        assert path not in table


def test_paths_are_named_as_the_schemas_say(node: AdminNode) -> None:
    """The name in the Admin API may differ from the kind's, and again below a parent."""
    schemas = node.schemas
    assert collection_path(schemas["keyauth_credentials"]) == "/key-auths"
    assert collection_path(schemas["services"]) == "/services"
    assert (
        nested_path(schemas["consumers"], schemas["keyauth_credentials"]) == "/consumers/{consumers}/key-auth"
    )


def test_paths_can_be_taken_out() -> None:
    """What Kong keeps to itself is taken out of a table."""
    assert without({"/a": {}, "/b": {}}, ["/b", "/c"]) == {"/a": {}}


def test_children_are_those_of_the_parent_only(node: AdminNode) -> None:
    """A collection below a parent has its children and no others; there is none below what is not there."""
    assert [row["name"] for row in node.client.get("/services/s1/routes").json["data"]] == ["r1"]
    assert node.client.get("/services/s2/routes").json == {"data": [], "next": None}
    assert node.client.get("/services/nope/routes").status == 404
    assert node.client.post("/services/nope/routes", {"paths": ["/"]}).status == 404


def test_a_child_is_only_seen_below_its_parent(node: AdminNode) -> None:
    """Below another parent a child is neither read, nor changed, nor removed."""
    assert node.client.get("/services/s1/routes/r1").status == 200
    for method in ("GET", "PATCH", "DELETE"):
        body = {} if method == "PATCH" else None
        for path in ("/services/s2/routes/r1", "/services/s1/routes/nope", f"/services/{UNKNOWN}/routes/r1"):
            assert node.client.request(method, path, json=body).json == {"message": "Not found"}
    assert node.client.get("/routes/r1").status == 200


def test_a_child_can_be_put_and_taken_over(node: AdminNode) -> None:
    """PUT below a parent makes the child, or takes it from another parent."""
    s1, s2 = (node.client.get(f"/services/{name}").json["id"] for name in ("s1", "s2"))
    assert node.client.put("/services/s1/routes/new", {"paths": ["/n"]}).json["service"] == {"id": s1}
    assert node.client.put("/services/s2/routes/r1", {"paths": ["/n"]}).json["service"] == {"id": s2}
    assert node.client.put("/services/nope/routes/r1", {"paths": ["/n"]}).status == 404
    assert node.client.get("/services/s1/routes/r1").status == 404


def test_a_patch_below_a_parent_may_move_the_child(node: AdminNode) -> None:
    """PATCH leaves the child with its parent unless the body names another."""
    s2 = node.client.get("/services/s2").json["id"]
    assert node.client.patch("/services/s1/routes/r1", {"tags": ["t"]}).json["tags"] == ["t"]
    assert node.client.patch("/services/s1/routes/r1", {"service": {"id": s2}}).json["service"] == {"id": s2}
    assert node.client.get("/services/s1/routes/r1").status == 404


def test_a_child_is_removed_below_its_parent(node: AdminNode) -> None:
    """DELETE below the parent is 204 once and 404 then."""
    assert node.client.delete("/services/s1/routes/r1").status == 204
    assert node.client.delete("/services/s1/routes/r1").status == 404


def test_the_parent_is_reached_through_the_child(node: AdminNode) -> None:
    """GET, PATCH and PUT of the parent by way of the child; it cannot be removed that way."""
    s1 = node.client.get("/services/s1").json["id"]
    assert node.client.get("/routes/r1/service").json["id"] == s1
    assert node.client.patch("/routes/r1/service", {"retries": 1}).json["retries"] == 1
    assert node.client.put("/routes/r1/service", {"host": "new"}).json["host"] == "new"
    assert node.client.get(f"/services/{s1}").json["host"] == "new"
    assert node.client.delete("/routes/r1/service").json == {"message": "Method not allowed"}


def test_no_parent_through_a_child_without_one(node: AdminNode) -> None:
    """Where the child refers to nothing, or is not there, there is no parent to read, change or remove."""
    for path in ("/routes/lone/service", "/routes/nope/service"):
        assert node.client.get(path).json == {"message": "Not found"}
        assert node.client.patch(path, {}).status == 404
        assert node.client.delete(path).status == 404
    assert node.client.put("/routes/nope/service", {"host": "h"}).status == 404


def test_a_parent_can_be_made_through_the_child(node: AdminNode) -> None:
    """PUT makes a parent for a child that has none, and links it; both changes are followed."""
    node.applied.clear()
    made = node.client.put("/routes/lone/service", {"host": "h", "name": "made"})
    assert made.status == 200
    assert node.client.get("/routes/lone").json["service"] == {"id": made.json["id"]}
    assert [change.entity for change in node.applied] == ["services", "routes"]
    assert made.header("X-Kong-Position") == str(node.applied[-1].position)


def test_pages_of_children_go_on(node: AdminNode) -> None:
    """Following the links below a parent meets each child once, and no other."""
    for number in range(4):
        node.create("/services/s1/routes", {"paths": [f"/{number}"]})
    assert len(followed(node, "/services/s1/routes?size=2")) == 5
    ascending = followed(node, "/services/s1/routes")
    assert sorted(ascending) == ascending
    # Kong: the links keep no size; so the first page alone is a small one.
    assert followed(node, "/services/s1/routes?size=2&sort_desc=true") == ascending[::-1]


def followed(node: AdminNode, path: str | None) -> list[str]:
    """The ids on a page and on those that its links lead to, each once."""
    seen: list[str] = []
    while path:
        page = node.client.get(path).json
        seen += [row["id"] for row in page["data"]]
        path = page["next"]
    assert len(seen) == len(set(seen))
    return seen


def test_forms_are_read_below_parents_and_through_children(node: AdminNode) -> None:
    """A form goes by the schema of what the path addresses."""
    made = node.client.request(
        "POST", "/services/s1/routes", form=[("paths[]", "/f"), ("strip_path", "false")]
    )
    assert made.json["strip_path"] is False
    patched = node.client.request("PATCH", "/routes/r1/service", form=[("retries", "7")])
    assert patched.json["retries"] == 7


def test_a_parent_is_made_together_with_the_reference(node: AdminNode) -> None:
    """Parent and reference are one commit with one position; this node follows both, the log tells both."""
    node.applied.clear()
    before = success_of(node.database.log.head())
    answer = node.client.put("/routes/lone/service", {"name": "s3", "host": "h"})
    assert answer.status == 200
    assert [(change.entity, change.operation) for change in node.applied] == [
        ("services", "create"),
        ("routes", "update"),
    ]
    batch = success_of(node.database.log.changes_after(before))
    assert (batch.changes, str(batch.position)) == (tuple(node.applied), answer.header("X-Kong-Position"))
    assert node.client.get("/routes/lone").json["service"] == {"id": answer.json["id"]}


def test_a_parent_is_not_made_without_the_reference(node: AdminNode) -> None:
    """Should the database go away, neither is there."""

    async def gone(commit: Commit) -> Committed:
        raise DatabaseUnavailable("gone")

    apply = node.database.strategy.apply
    node.database.strategy.apply = gone  # type: ignore[method-assign]
    answer = node.client.put("/routes/lone/service", {"name": "s3", "host": "h"})
    assert answer.status == 503
    node.database.strategy.apply = apply  # type: ignore[method-assign]
    assert node.client.get("/services/s3").status == 404


def test_a_parent_given_meanwhile_is_replaced(node: AdminNode) -> None:
    """Who is overtaken by somebody who gives the child a parent puts his in the place of that one."""
    apply, s1 = node.database.strategy.apply, node.client.get("/services/s1").json["id"]

    async def overtaken(commit: Commit) -> Committed:
        node.database.strategy.apply = apply  # type: ignore[method-assign]
        assert node.client.patch("/routes/lone", {"service": {"id": s1}}).status == 200
        return await apply(commit)

    node.database.strategy.apply = overtaken  # type: ignore[method-assign]
    answer = node.client.put("/routes/lone/service", {"name": "s3", "host": "h"})
    assert (answer.status, answer.json["id"], answer.json["name"]) == (200, s1, "s3")
