"""Tests of the descriptions of all endpoints."""

from __future__ import annotations

from tests.kit.openapi import node_document, node_source, operations
from twisted_kong.admin.openapi.endpoints.everything import all_components, all_descriptions


def test_every_endpoint_is_described() -> None:
    """Nobody added an endpoint without telling what it does and answers."""
    source = node_source()
    missing = [
        (method, path)
        for path, methods in source.table.items()
        for method in methods
        if method not in source.descriptions.get(path, {})
    ]
    assert missing == []


def test_no_description_outlives_its_endpoint() -> None:
    """What is described is there, but for what Kong keeps to itself."""
    source = node_source()
    gone = {path for path in source.descriptions if path not in source.table}
    assert gone == {
        "/targets",
        "/targets/{targets}",
        "/targets/{targets}/upstream",
        "/snis/{snis}/certificate",
    }


def test_every_operation_tells_who_may_come_in() -> None:
    """Statuses that any endpoint may answer are told of all."""
    for method, path, operation in operations():
        assert {"400", "401", "403", "413", "500", "503"} <= operation["responses"].keys(), (method, path)


def test_every_write_of_an_entity_can_wait_and_be_tried_out() -> None:
    """The arguments of writes stand with all of them."""
    for method, path in (
        ("post", "/services"),
        ("delete", "/consumers/{consumers}/key-auth/{keyauth_credentials}"),
    ):
        operation = node_document()["paths"][path][method]
        names = {each.get("$ref", "").rpartition("/")[2] for each in operation["parameters"]}
        assert {"Wait", "WaitTimeout", "DryRun", "IfMatch", "IfNoneMatch"} <= names


def test_consumers_can_be_found_by_custom_id() -> None:
    """The further argument of one collection does not get lost."""
    listing = node_document()["paths"]["/consumers"]["get"]
    assert "custom_id" in [each.get("name") for each in listing["parameters"]]


def test_schemas_of_answers_have_names_of_their_own() -> None:
    """No schema of an answer stands in the place of an entity's."""
    named = node_document()["components"]["schemas"]
    assert all(named[name] == shape for name, shape in all_components().items())


def test_a_node_without_tokens_has_no_rotation() -> None:
    """Descriptions of what some nodes lack depend on their kinds."""
    assert "/admin-tokens/{admin_tokens}/rotate" not in all_descriptions({})
