"""Schemas shown, and records judged by them."""

from __future__ import annotations

import pytest

from tests.kit.admin_node import AdminNode


@pytest.fixture
def node() -> AdminNode:
    return AdminNode("key-auth")


@pytest.mark.parametrize(
    "path", ["/schemas/services", "/schemas/plugins", "/schemas/plugins/key-auth", "/schemas/vaults/env"]
)
def test_schemas_have_fields_and_checks(node: AdminNode, path: str) -> None:
    """Kinds, plugins and vaults are described in one form."""
    assert set(node.client.get(path).json) == {"fields", "entity_checks"}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/schemas/nope", "No entity named 'nope'"),
        ("/schemas/plugins/nope", "No plugin named 'nope'"),
        ("/schemas/vaults/nope", "No vault named 'nope'"),
        ("/plugins/schema/nope", "No plugin named 'nope'"),
    ],
)
def test_unknown_names_are_named(node: AdminNode, path: str, text: str) -> None:
    """What is not there is 404 and says what."""
    answer = node.client.get(path)
    assert (answer.status, answer.json) == (404, {"message": text})


def test_validation_writes_nothing(node: AdminNode) -> None:
    """A good record is called good and is not stored; references and uniqueness are not looked at."""
    for _ in range(2):
        answer = node.client.post("/schemas/services/validate", {"name": "s", "host": "h"})
        assert (answer.status, answer.json) == (200, {"message": "schema validation successful"})
    assert node.client.get("/services").json["data"] == []
    assert node.applied == []


def test_validation_names_what_is_wrong(node: AdminNode) -> None:
    """A bad record is 400 with the schema's own error."""
    assert node.client.post("/schemas/services/validate", {}).json["fields"] == {
        "host": "required field missing"
    }
    assert node.client.post("/schemas/nope/validate", {}).status == 404
    assert node.client.get("/schemas/services/validate").status == 405


def test_plugins_and_vaults_are_validated_by_name(node: AdminNode) -> None:
    """Their records go by the subschema that their name selects, as JSON and as a form."""
    assert node.client.post("/schemas/plugins/validate", {"name": "key-auth"}).status == 200
    form = [("name", "key-auth"), ("config.hide_credentials", "true")]
    assert node.client.request("POST", "/schemas/plugins/validate", form=form).status == 200
    bad = node.client.post("/schemas/plugins/validate", {"name": "key-auth", "config": {"x": 1}})
    assert bad.json["fields"] == {"config": {"x": "unknown field"}}
    assert node.client.post("/schemas/vaults/validate", {"name": "env", "prefix": "abc"}).status == 200


def test_loaded_plugins_are_listed(node: AdminNode) -> None:
    """Those of this node, and the configuration record of one by its old path."""
    assert node.client.get("/plugins/enabled").json == {"enabled_plugins": ["key-auth"]}
    assert node.client.get("/plugins/schema/key-auth").json["type"] == "record"
