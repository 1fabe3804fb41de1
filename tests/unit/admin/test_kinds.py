"""What can be done to one kind of entity, by id and by name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.kit.admin_node import AdminNode
from tests.kit.deferreds import failure_of, success_of
from twisted_kong.admin.answers import Answer
from twisted_kong.admin.api import kinds_of
from twisted_kong.admin.bodies import Body
from twisted_kong.admin.calls import Call
from twisted_kong.admin.failures import Missing
from twisted_kong.admin.kinds import Kind, NamedKind
from twisted_kong.core.errors import InvalidPrimaryKey, NotFound
from twisted_kong.db.terms import Terms

MISSING = "11111111-1111-4111-8111-000000000999"
# Who asks for the writes.
TERMS = Terms("192.0.2.7")


@pytest.fixture
def node() -> AdminNode:
    return AdminNode("key-auth", "rate-limiting")


@pytest.fixture
def services(node: AdminNode) -> Kind:
    return kinds_of(node.parts)["services"]


def body_of(answer: Answer) -> Any:
    return json.loads(answer.body)


def test_a_record_is_json_as_it_is_or_a_form_read_by_the_schema(services: Kind) -> None:
    """JSON keeps its types, the texts of a form get those of the fields."""
    assert services.record(Body({"port": "80"})) == {"port": "80"}
    assert services.record(Body({}, [("port", "80"), ("tags[]", "a"), ("path", "")])) == {
        "port": 80,
        "tags": ["a"],
        "path": None,
    }


def test_an_entity_is_found_by_id_and_by_name(node: AdminNode, services: Kind) -> None:
    """What is no primary key is taken for the endpoint key."""
    made = node.create("/services", {"name": "s", "host": "h"})
    assert success_of(services.find(made["id"])) == made
    assert success_of(services.find("s")) == made
    failure_of(services.find("other"), Missing)
    failure_of(services.find(MISSING), Missing)


def test_a_kind_without_names_wants_an_id(node: AdminNode) -> None:
    """Where there is no endpoint key, anything but an id is refused."""
    kinds = kinds_of(node.parts)
    ca_certificates = kinds["ca_certificates"]
    for act in (ca_certificates.find("x"), ca_certificates.delete("x", terms=TERMS)):
        error = failure_of(act, InvalidPrimaryKey)
        assert str(error) == "invalid primary key: '{id=\"expected a valid UUID\"}'"


def test_a_write_is_followed_before_it_is_answered(node: AdminNode, services: Kind) -> None:
    """Each write hands its changes over and answers with its position."""
    created = success_of(services.create({"name": "s", "host": "h"}, terms=TERMS))
    assert [(change.entity, change.operation) for change in node.applied] == [("services", "create")]
    assert dict(created.headers)["X-Kong-Position"] == str(node.applied[0].position)
    for write in (
        services.put("s", {"host": "i"}, terms=TERMS),
        services.patch("s", {"host": "j"}, terms=TERMS),
        services.delete("s", terms=TERMS),
    ):
        answer = success_of(write)
        assert dict(answer.headers)["X-Kong-Position"] == str(node.applied[-1].position)
    assert [change.operation for change in node.applied] == ["create", "update", "update", "delete"]


def test_a_write_that_is_not_followed_in_time_says_so(node: AdminNode, services: Kind) -> None:
    """The write stands and is answered; that this node does not serve it yet is told in a header."""
    assert "X-Kong-Applied" not in dict(success_of(services.create({"host": "h"}, terms=TERMS)).headers)
    node.follows = False
    answer = success_of(services.create({"host": "h"}, terms=TERMS))
    assert (answer.status, dict(answer.headers)["X-Kong-Applied"]) == (201, "false")


def test_what_the_path_says_comes_first_but_not_for_a_patch(node: AdminNode) -> None:
    """A parent in the path overrides the body of an insert and fills a gap in that of a patch."""
    routes = kinds_of(node.parts)["routes"]
    one, two = (node.create("/services", {"host": "h"})["id"] for _ in range(2))
    made = body_of(
        success_of(
            routes.create({"paths": ["/"], "service": {"id": one}}, {"service": {"id": two}}, terms=TERMS)
        )
    )
    assert made["service"] == {"id": two}
    moved = success_of(
        routes.patch(made["id"], {"service": {"id": one}}, {"service": {"id": two}}, terms=TERMS)
    )
    assert body_of(moved)["service"] == {"id": one}
    back = success_of(routes.patch(made["id"], {"tags": ["x"]}, {"service": {"id": two}}, terms=TERMS))
    assert body_of(back)["service"] == {"id": two}


def test_put_by_name_makes_or_replaces(services: Kind) -> None:
    """The name in the path is the entity's name, whatever the body says."""
    made = body_of(success_of(services.put("n", {"host": "h", "name": "other"}, terms=TERMS)))
    assert made["name"] == "n"
    again = body_of(success_of(services.put("n", {"host": "i"}, terms=TERMS)))
    assert (again["id"], again["host"]) == (made["id"], "i")


def test_patch_of_what_is_not_there(services: Kind) -> None:
    """A patch of a missing entity is the data layer's error, by id and by name."""
    failure_of(services.patch(MISSING, {}, terms=TERMS), NotFound)
    failure_of(services.patch("nope", {}, terms=TERMS), NotFound)


def test_delete_of_what_is_not_there(services: Kind) -> None:
    """A delete is content when there is nothing."""
    assert success_of(services.delete(MISSING, terms=TERMS)).status == 204
    assert success_of(services.delete("nope", terms=TERMS)).status == 204


def test_a_page_shows_the_rows_and_the_way_on(node: AdminNode, services: Kind) -> None:
    """Pages are by id and link to the next."""
    ids = sorted(node.create("/services", {"host": "h"})["id"] for _ in range(3))
    page = body_of(success_of(services.page(Call("GET", "/services", {}, [("size", "2")]))))
    assert [row["id"] for row in page["data"]] == ids[:2]
    assert page["next"].startswith("/services?offset=")


def test_a_page_shows_the_last_rows_first_where_that_is_asked_for(node: AdminNode) -> None:
    """As Kong Manager asks, with the tags it filters by: following the links leads down to the first id."""
    made = [node.create("/services", {"host": "h", "tags": ["t"] if n % 3 else None}) for n in range(6)]
    for tags in ("", "&tags=t"):
        wanted = sorted((row["id"] for row in made if row["tags"] or not tags), reverse=True)
        seen, path = [], f"/services?sort_desc=1&size=2{tags}"
        while path:
            page = node.client.get(path).json
            seen += [row["id"] for row in page["data"]]
            path = page["next"]
        assert seen == wanted
    for value in ("0", "false"):
        assert node.client.get(f"/services?sort_desc={value}").json == node.client.get("/services").json
    refused = node.client.get("/services?sort_desc=x")
    assert refused.status == 400
    assert refused.json == {"message": "sort_desc must be 1 (or true) or 0 (or false)"}


def test_an_offset_in_the_other_order_leads_back(node: AdminNode) -> None:
    """The two orders share their offsets: what lies on the other side of one comes, and nothing else."""
    ids = sorted(node.create("/services", {"host": "h"})["id"] for _ in range(4))
    offset = node.client.get("/services?size=2").json["offset"]
    back = node.client.get(f"/services?sort_desc=1&offset={offset}").json
    assert ([row["id"] for row in back["data"]], back["next"]) == ([ids[0]], None)


def test_answers_show_deprecated_names(node: AdminNode) -> None:
    """A Plugin is answered with its old names beside the new ones, in each way of answering."""
    made = node.create("/plugins", {"name": "rate-limiting", "config": {"minute": 1}})
    assert made["config"]["redis_port"] == made["config"]["redis"]["port"]
    assert node.client.get(f"/plugins/{made['id']}").json == made
    assert node.client.get("/plugins").json["data"] == [made]


def test_a_patch_of_a_plugin_goes_by_the_name_that_is_stored(node: AdminNode) -> None:
    """Without a name in the body the entity's own decides how a form is read."""
    plugins = kinds_of(node.parts)["plugins"]
    assert isinstance(plugins, NamedKind)
    made = node.create("/plugins", {"name": "key-auth"})
    changes = success_of(plugins.changes(made["id"], Body({}, [("config.key_names[]", "k")])))
    assert changes == {"name": "key-auth", "config": {"key_names": ["k"]}}
    assert success_of(plugins.changes(made["id"], Body({"enabled": False}))) == {
        "name": "key-auth",
        "enabled": False,
    }
    assert success_of(plugins.changes(MISSING, Body({"name": "x"}))) == {"name": "x"}
    assert success_of(plugins.changes(MISSING, Body({}, [("name", "x")]))) == {"name": "x"}


def test_a_patch_of_a_missing_plugin(node: AdminNode) -> None:
    """Without a name it is plainly not found; a Vault is left to the data layer's error."""
    kinds = kinds_of(node.parts)
    failure_of(kinds["plugins"].changes(MISSING, Body({})), Missing)
    assert success_of(kinds["vaults"].changes(MISSING, Body({"description": "d"}))) == {"description": "d"}
