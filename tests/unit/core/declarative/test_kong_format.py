"""Entities as Kong exports them."""

from __future__ import annotations

from tests.kit.bundled import bundled
from twisted_kong.core.declarative.kong_format import entity_lines, head_lines, kind_line, record_of
from twisted_kong.core.schema.registry import build_schemas

SCHEMAS = build_schemas(bundled("key-auth"))


def test_head() -> None:
    """What is stored in another form is not to be brought into it once more."""
    assert list(head_lines()) == ['_format_version: "3.0"', "_transform: false"]
    assert kind_line("services") == "services:"


def test_an_entity() -> None:
    """All fields, references as ids, what is left of its time, nothing that is stored elsewhere."""
    credential = {"id": "1", "key": "k", "consumer": {"id": "2"}, "tags": None, "created_at": 5, "ttl": 9}
    record = record_of(SCHEMAS["keyauth_credentials"], credential)
    assert record == {"id": "1", "key": "k", "consumer": "2", "tags": None, "created_at": 5, "ttl": 9}
    assert "ttl" not in record_of(SCHEMAS["keyauth_credentials"], {**credential, "ttl": None})
    assert "snis" not in record_of(SCHEMAS["certificates"], {"id": "1", "snis": ["a"]})
    assert next(entity_lines(SCHEMAS["keyauth_credentials"], credential)).startswith("- id: ")
