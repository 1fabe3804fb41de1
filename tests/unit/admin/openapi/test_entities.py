"""Tests of the components of entities."""

from __future__ import annotations

import pytest

from tests.kit.admin_node import AdminNode
from tests.kit.openapi import node_document, node_source
from twisted_kong.admin.openapi.entities import demanded_parents, is_named, page_of

CASES = [
    ("/services", {"host": "a.example"}, "Service"),
    ("/routes", {"paths": ["/a"]}, "Route"),
    ("/consumers", {"username": "a"}, "Consumer"),
    ("/upstreams", {"name": "a.example"}, "Upstream"),
    ("/plugins", {"name": "rate-limiting", "config": {"minute": 5}}, "Plugin"),
    ("/plugins", {"name": "key-auth"}, "Plugin"),
    ("/vaults", {"name": "env", "prefix": "my-env"}, "Vault"),
]


@pytest.mark.parametrize(("path", "record", "component"), CASES)
def test_answers_and_documents_fit_their_components(
    path: str, record: dict[str, object], component: str
) -> None:
    """What is sent fits the document's schema, what is answered the answer's."""
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
    schemas = node_document()["components"]
    answer = AdminNode("rate-limiting", "key-auth").create(path, record)
    for name, value in ((component, answer), (f"{component}Document", record)):
        validator = jsonschema.Draft202012Validator(
            {"$ref": f"#/components/schemas/{name}", "components": schemas}
        )
        assert [error.message for error in validator.iter_errors(value)] == []


def test_plugins_are_told_apart_by_name() -> None:
    """Each plugin has a schema of its own, found by the discriminator."""
    shown = node_document()["components"]["schemas"]["PluginDocument"]
    assert shown["discriminator"]["propertyName"] == "name"
    assert shown["discriminator"]["mapping"]["key-auth"] == "#/components/schemas/PluginKeyAuthDocument"
    assert len(shown["oneOf"]) == len(shown["discriminator"]["mapping"])


def test_a_change_of_a_plugin_tells_only_what_changes() -> None:
    """Its configuration is merged, so nothing in it is demanded."""
    change = node_document()["components"]["schemas"]["PluginChange"]
    assert "required" not in change
    assert change["properties"]["config"]["type"] == ["object", "null"]


def test_only_a_path_without_parent_demands_one() -> None:
    """A credential of no Consumer is refused, unless the path names the Consumer."""
    assert demanded_parents(node_source().schemas["keyauth_credentials"]) == ["consumer"]
    paths = node_document()["paths"]
    own = paths["/key-auths"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    nested = paths["/consumers/{consumers}/key-auth"]["post"]["requestBody"]["content"]["application/json"][
        "schema"
    ]
    assert (own["allOf"][1]["required"], nested) == (
        ["consumer"],
        {"$ref": "#/components/schemas/KeyauthCredentialDocument"},
    )


def test_routes_are_not_named() -> None:
    """Their protocols refine them, but several at once: one schema serves all."""
    assert [is_named(node_source().schemas[kind]) for kind in ("plugins", "vaults", "routes")] == [
        True,
        True,
        False,
    ]


def test_a_page_always_tells_whether_it_is_the_last() -> None:
    """``next`` is there even if null, the offset only with a next page."""
    assert page_of({})["required"] == ["data", "next"]
