"""Tests of fields as JSON Schema."""

from __future__ import annotations

from typing import Any

import pytest

from twisted_kong.admin.openapi.fields import (
    Side,
    field_schema,
    must_be_given,
    nullable,
    record_schema,
)

DOCUMENT, ANSWER, CHANGE = Side.DOCUMENT, Side.ANSWER, Side.CHANGE


def shape(definition: dict[str, Any], side: Side = DOCUMENT) -> dict[str, Any]:
    """The schema of a field without what is only for people."""
    made = field_schema({"required": True, **definition}, side, "things.field")
    return {name: value for name, value in made.items() if name != "description"}


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        ({"type": "string"}, {"type": "string", "minLength": 1}),
        ({"type": "string", "len_min": 0}, {"type": "string"}),
        ({"type": "string", "len_max": 9}, {"type": "string", "minLength": 1, "maxLength": 9}),
        ({"type": "string", "one_of": ["a", "b"]}, {"type": "string", "enum": ["a", "b"]}),
        ({"type": "string", "uuid": True}, {"type": "string", "format": "uuid"}),
        ({"type": "string", "regex": "^[A-Z]+$"}, {"type": "string", "minLength": 1, "pattern": "^[A-Z]+$"}),
        ({"type": "boolean"}, {"type": "boolean"}),
        (
            {"type": "integer", "between": [1, 9]},
            {"type": "integer", "format": "int64", "minimum": 1, "maximum": 9},
        ),
        ({"type": "number", "gt": 0}, {"type": "number", "exclusiveMinimum": 0}),
        ({"type": "json"}, {}),
        (
            {"type": "array", "elements": {"type": "boolean"}, "len_min": 1},
            {"type": "array", "items": {"type": "boolean"}, "minItems": 1},
        ),
        (
            {"type": "map", "keys": {"type": "string"}, "values": {"type": "boolean"}},
            {"type": "object", "additionalProperties": {"type": "boolean"}},
        ),
        ({"type": "string", "eq": None}, {"type": "null"}),
    ],
)
def test_a_field_says_what_its_validators_want(definition: dict[str, Any], expected: dict[str, Any]) -> None:
    """Types, limits and choices are told in the words of JSON Schema."""
    assert shape(definition) == expected


def test_what_is_not_required_may_be_null() -> None:
    """In Kong null resets a field, and stands in answers where it is not set."""
    assert shape({"type": "integer", "required": False})["type"] == ["integer", "null"]


def test_what_the_node_makes_is_never_null_in_answers() -> None:
    """Ids and moments are always there, though a document may say null."""
    made = {"type": "string", "uuid": True, "auto": True, "required": False}
    assert (shape(made, ANSWER)["type"], shape(made)["type"]) == ("string", ["string", "null"])


def test_a_rule_that_null_would_break_is_kept_from_it() -> None:
    """``not`` looks at null too, so null is an alternative of its own."""
    schema = {"type": "string", "not": {"pattern": "//"}}
    assert nullable(schema) == {"anyOf": [schema, {"type": "null"}]}


def test_null_is_among_the_choices() -> None:
    """An enumeration that may be null lists it."""
    assert nullable({"type": "string", "enum": ["a"]}) == {"type": ["string", "null"], "enum": ["a", None]}


def test_a_reference_to_a_vault_may_stand_for_a_value() -> None:
    """What can be kept in a vault may be referred to."""
    first, second = shape({"type": "string", "len_min": 5, "referenceable": True})["anyOf"]
    assert (first["minLength"], second["pattern"]) == (5, r"^\{vault://.*\}$")


def test_defaults_stand_in_documents_only() -> None:
    """An answer has no defaults, and a change takes none."""
    field = {"type": "integer", "default": 5}
    assert [shape(field, side).get("default") for side in Side] == [None, 5, None]


def test_an_empty_default_of_a_list_is_a_list() -> None:
    """Definitions may say ``{}`` where Lua knows one empty table."""
    assert shape({"type": "array", "elements": {"type": "string"}, "default": {}})["default"] == []


def test_moments_are_only_read() -> None:
    """Forms need not ask for what the node sets."""
    field = {"type": "integer", "auto": True, "timestamp": True}
    assert field_schema(field, DOCUMENT, "services.created_at")["readOnly"] is True


RECORD: dict[str, Any] = {
    "type": "record",
    "fields": {
        "host": {"type": "string", "required": True},
        "port": {"type": "integer", "required": True, "default": 80},
    },
}


def test_answers_hold_every_field() -> None:
    """Kong leaves nothing out of an answer."""
    assert record_schema(RECORD, ANSWER, "things")["required"] == ["host", "port"]


def test_documents_hold_what_has_no_default() -> None:
    """A document without it is refused, and so is one with unknown members."""
    made = record_schema(RECORD, DOCUMENT, "things")
    assert (made["required"], made["additionalProperties"]) == (["host"], False)


def test_changes_hold_anything() -> None:
    """A change tells only what is to change."""
    assert "required" not in record_schema(RECORD, CHANGE, "things")


def test_a_shorthand_may_stand_for_what_is_required() -> None:
    """``url`` instead of ``host`` is a full document, and is never shown."""
    record = {**RECORD, "shorthand_fields": {"url": {"type": "string", "writes": {"fn": "split_url"}}}}
    made = record_schema(record, DOCUMENT, "things")
    assert made["anyOf"] == [{"required": ["host"]}, {"required": ["url"]}]
    assert made["properties"]["url"]["writeOnly"] is True
    assert "url" not in record_schema(record, ANSWER, "things")["properties"]


def test_a_deprecated_name_is_shown_and_marked() -> None:
    """Kong answers with the old name too where it leads to a new one."""
    old = {"type": "string", "deprecated": {"replaced_with": ["host"]}, "writes": {"fn": "-> host"}}
    made = record_schema({**RECORD, "shorthand_fields": {"server": old}}, ANSWER, "things")
    assert made["properties"]["server"]["deprecated"] is True


def test_a_record_must_be_given_for_what_is_in_it() -> None:
    """A required record is filled in unless something in it has no default."""
    assert (must_be_given(RECORD), must_be_given({"type": "record", "fields": {}})) == (True, False)


def test_references_are_ids_in_answers_and_may_be_names_in_documents() -> None:
    """Whoever writes may say which by another unique field."""
    field = {"type": "foreign", "reference": "services"}
    assert (shape(field, ANSWER).get("required"), shape(field).get("required")) == (["id"], None)


@pytest.mark.parametrize("side", [DOCUMENT, ANSWER, CHANGE])
def test_hidden_fields_are_not_told_of(side: Side) -> None:
    """They are in no answer, and nobody may send them."""
    definition = {
        "type": "record",
        "fields": {
            "name": {"type": "string"},
            "token_hash": {"type": "string", "required": True, "hidden": True},
        },
    }
    made = record_schema(definition, side, "things")
    assert list(made["properties"]) == ["name"]
    assert "token_hash" not in made.get("required", ())
