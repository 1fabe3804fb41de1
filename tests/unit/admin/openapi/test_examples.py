"""Tests of examples."""

from __future__ import annotations

import pytest

from tests.kit.admin_node import AdminNode
from tests.kit.openapi import node_document
from twisted_kong.admin.openapi.examples import DOCUMENTS, curl_line, example_of, resolved


@pytest.mark.parametrize(
    "kind", ["services", "routes", "consumers", "upstreams", "key_sets", "vaults", "plugins"]
)
def test_documents_are_taken(kind: str) -> None:
    """Whoever copies an example makes an entity."""
    node = AdminNode("rate-limiting")
    path = {"key_sets": "/key-sets"}.get(kind, f"/{kind}")
    assert node.client.post(path, DOCUMENTS[kind]).status == 201


def test_an_example_holds_what_is_required() -> None:
    """And nothing that is not."""
    schema = {
        "type": "object",
        "properties": {"a": {"type": "integer", "minimum": 3}, "b": {"type": "string"}},
        "required": ["a"],
    }
    assert example_of(schema, {}) == {"a": 3}


def test_references_are_followed() -> None:
    """Shared parameters are looked up."""
    document = node_document()
    assert resolved({"$ref": "#/components/parameters/Size"}, document)["name"] == "size"


def test_the_first_choice_is_the_example() -> None:
    """Of several forms one is shown."""
    assert example_of({"oneOf": [{"const": 1}, {"const": 2}]}, {}) == 1


def test_what_is_said_twice_is_merged() -> None:
    """A body that must name its parent shows both."""
    both = {
        "allOf": [
            {"examples": [{"a": 1}]},
            {"type": "object", "properties": {"b": {"type": "boolean"}}, "required": ["b"]},
        ]
    }
    assert example_of(both, {}) == {"a": 1, "b": True}


def test_a_line_of_curl_can_be_pasted() -> None:
    """Names in braces would be globbed, so they are capitals, and the body is quoted."""
    assert (
        curl_line("put", "/services/{services}", {"host": "it's"})
        == "curl -X PUT http://localhost:8001/services/SERVICE -H 'Content-Type: application/json'"
        """ -d '{"host": "it'"'"'s"}'"""
    )
    assert curl_line("get", "/status", None) == "curl http://localhost:8001/status"
