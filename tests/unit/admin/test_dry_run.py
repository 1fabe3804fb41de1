"""Tests of writes that are tried out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.kit.admin_client import Response
from tests.kit.admin_node import AdminNode
from tests.kit.deferreds import success_of
from twisted_kong.admin.api import entities_over
from twisted_kong.admin.dispatch import Asked
from twisted_kong.admin.dry_run import DryRun, dry_run_wanted
from twisted_kong.admin.failures import Refused


@pytest.fixture
def node() -> AdminNode:
    node = AdminNode("key-auth", "basic-auth")
    node.create("/services", {"name": "s", "host": "h"})
    node.create("/services/s/routes", {"name": "r", "paths": ["/r"]})
    node.create("/consumers", {"username": "c"})
    node.create("/consumers/c/basic-auth", {"username": "c", "password": "p"})
    node.applied.clear()
    return node


def tried(node: AdminNode, method: str, path: str, json: Any = None) -> Response:
    """What a write would do; nothing of it may have been done."""
    head = success_of(node.database.log.head())
    answer = node.client.request(method, f"{path}{'&' if '?' in path else '?'}dry_run=1", json=json)
    assert success_of(node.database.log.head()) == head
    assert node.applied == []
    assert answer.header("X-Kong-Position") is None
    return answer


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ([], False),
        ([("dry_run", "1")], True),
        ([("dry_run", "true"), ("x", "y")], True),
        ([("dry_run", "0")], False),
        ([("dry_run", "false")], False),
    ],
)
def test_what_asks_for_it(query: list[tuple[str, str]], wanted: bool) -> None:
    """1 and true do, 0 and false do not."""
    assert dry_run_wanted(query) is wanted


@pytest.mark.parametrize("values", [["yes"], [""], ["1", "0"], ["True"]])
def test_what_cannot_be_told(values: list[str]) -> None:
    """Anything else is refused: nobody shall write who meant not to."""
    with pytest.raises(Refused):
        dry_run_wanted([("dry_run", value) for value in values])


def test_an_insert_shows_what_it_would_make(node: AdminNode) -> None:
    """The answer has the real status, the real body and the change; a read then finds nothing."""
    answer = tried(node, "POST", "/services", {"name": "new", "host": "h"})
    assert (answer.status, answer.header("X-Kong-Dry-Run")) == (201, "true")
    entity = answer.json["entity"]
    assert (entity["name"], entity["port"]) == ("new", 80)
    assert answer.json == {
        "dry_run": True,
        "status": 201,
        "entity": entity,
        "changes": [
            {"entity": "services", "operation": "create", "id": entity["id"], "before": None, "after": entity}
        ],
    }
    assert node.client.get("/services/new").status == 404


def test_an_update_shows_before_and_after(node: AdminNode) -> None:
    """Both are whole entities."""
    service = node.client.get("/services/s").json
    answer = tried(node, "PATCH", "/services/s", {"port": 81})
    [change] = answer.json["changes"]
    assert (answer.status, change["operation"]) == (200, "update")
    assert change["before"] == service
    assert {name for name in service if change["after"][name] != service[name]} == {"port"}
    assert node.client.get("/services/s").json == service


def test_a_delete_shows_what_goes_with_it(node: AdminNode) -> None:
    """Cascades are shown before their parent; what would be 204 is 200, to have a body."""
    answer = tried(node, "DELETE", "/consumers/c")
    assert (answer.status, answer.json["status"], answer.json["entity"]) == (200, 204, None)
    changes = answer.json["changes"]
    assert [(each["entity"], each["operation"], each["after"]) for each in changes] == [
        ("basicauth_credentials", "delete", None),
        ("consumers", "delete", None),
    ]
    assert changes[0]["before"]["password"] == "******"
    assert node.client.get("/consumers/c/basic-auth/c").status == 200


def test_secrets_are_hidden_but_not_that_they_change(node: AdminNode) -> None:
    """Of a password only that it is another is shown."""
    answer = tried(node, "PATCH", "/consumers/c/basic-auth/c", {"password": "q"})
    [change] = answer.json["changes"]
    assert (change["before"]["password"], change["after"]["password"]) == ("******", "****** (changed)")


def test_nested_writes_can_be_tried_out(node: AdminNode) -> None:
    """Also those below a parent, and those that make a parent together with the reference to it."""
    answer = tried(node, "PUT", "/services/s/routes/new", {"paths": ["/n"]})
    assert answer.json["entity"]["service"] == {"id": node.client.get("/services/s").json["id"]}
    node.create("/routes", {"name": "lone", "paths": ["/l"]})
    node.applied.clear()
    answer = tried(node, "PUT", "/routes/lone/service", {"name": "p", "host": "h"})
    assert [(each["entity"], each["operation"]) for each in answer.json["changes"]] == [
        ("services", "create"),
        ("routes", "update"),
    ]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/services", {"host": 1}),
        ("POST", "/services", {"name": "s", "host": "h"}),
        ("PATCH", "/services/none", {"port": 1}),
        ("DELETE", "/services/s", None),
        ("POST", "/routes", {"paths": ["/x"], "service": {"name": "none"}}),
        ("PUT", "/services", {}),
        ("DELETE", "/routes/r/service", None),
        ("POST", "/services/none/routes", {"paths": ["/x"]}),
        ("POST", "/tags", {}),
    ],
)
def test_a_refusal_is_the_real_one(node: AdminNode, method: str, path: str, body: Any) -> None:
    """What the write would be refused with is what the dry run answers, status and body."""
    answer = tried(node, method, path, body)
    real = node.client.request(method, path, json=body)
    assert answer.status == real.status >= 400
    assert answer.body == real.body


def test_conditions_are_judged(node: AdminNode) -> None:
    """If-Match is held against what is there."""
    etag = node.client.get("/services/s").header("ETag")
    for value, status in ((etag, 200), ('"other"', 412)):
        answer = node.client.patch("/services/s?dry_run=1", {"port": 1}, headers={"If-Match": value})
        assert answer.status == status


@pytest.mark.parametrize(
    ("method", "path"),
    [("DELETE", "/cache"), ("PUT", "/debug/node/log-level/debug"), ("POST", "/schemas/services/validate")],
)
def test_what_writes_no_entity_is_not_done(node: AdminNode, method: str, path: str) -> None:
    """It is refused, rather than done or ignored."""
    answer = tried(node, method, path, {} if method != "DELETE" else None)
    assert answer.status == 400
    assert answer.json == {"message": f"{method} {path} writes no entity: it cannot be tried out"}
    assert node.levels == []


def test_no_dry_run_is_a_write(node: AdminNode) -> None:
    """dry_run=0 writes; another value is refused and writes nothing."""
    assert node.client.post("/services?dry_run=maybe", {"name": "a", "host": "h"}).status == 400
    assert node.client.get("/services/a").status == 404
    answer = node.client.post("/services?dry_run=0", {"name": "a", "host": "h"})
    assert (answer.status, answer.header("X-Kong-Dry-Run")) == (201, None)
    assert node.client.get("/services/a?dry_run=1").json["name"] == "a"


def test_what_a_caller_may_not_read_is_not_shown(node: AdminNode) -> None:
    """Whoever may remove a Consumer but not read credentials is told of them, but not what they are."""

    def permit(method: str, pattern: str) -> None:
        if "basic-auth" in pattern:
            raise Refused(403, "not yours")

    over = entities_over(node.parts)
    asked = Asked("DELETE", "/consumers/c", "/consumers/{consumers}", {"consumers": "c"}, permit=permit)
    answer = success_of(DryRun(node.database, over, node.schemas).answer({}, asked))
    first, second = json.loads(answer.body)["changes"]
    assert first["before"] == {"id": first["id"]}
    assert second["before"]["username"] == "c"
