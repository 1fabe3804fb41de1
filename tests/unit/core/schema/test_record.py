from __future__ import annotations

from typing import Any

import pytest

from tests.kit.write_context import write_context
from twisted_kong.core.schema.context import Purpose, Scope
from twisted_kong.core.schema.record import Record, ShorthandViolation, build_field, merge
from twisted_kong.core.schema.validators import SchemaDefinitionError

DEFINITION = {
    "fields": {
        "name": {"type": "string", "required": True},
        "n": {"type": "integer", "default": 1},
        "deep": {
            "type": "record",
            "fields": {
                "x": {"type": "integer", "default": 2},
                "y": {"type": "string"},
                "inner": {"type": "record", "fields": {"z": {"type": "boolean", "default": False}}},
            },
            "shorthand_fields": {
                "old_x": {
                    "type": "integer",
                    "deprecated": {"replaced_with": ["x"]},
                    "writes": {"fn": "-> x"},
                }
            },
        },
        "maybe": {"type": "record", "required": False, "fields": {"x": {"type": "integer"}}},
    }
}


@pytest.fixture
def record() -> Record:
    return Record(DEFINITION, {})


def fill(record: Record, given: dict[str, Any], purpose: Purpose = Purpose.INSERT) -> dict[str, Any]:
    return record.fill(given, purpose, write_context(), record.fields)


def test_a_new_record_is_filled_to_the_bottom(record: Record) -> None:
    """Records are there with the defaults of their fields, unless they need not be."""
    assert fill(record, {"name": "a"}) == {
        "name": "a",
        "n": 1,
        "deep": {"x": 2, "y": None, "inner": {"z": False}},
        "maybe": None,
    }


def test_a_partial_record_is_filled_too(record: Record) -> None:
    """Only what it leaves out is supplied; an empty list is an empty record."""
    assert fill(record, {"deep": {"x": 5}})["deep"] == {"x": 5, "y": None, "inner": {"z": False}}
    assert fill(record, {"deep": []})["deep"] == {"x": 2, "y": None, "inner": {"z": False}}
    assert fill(record, {"deep": "no"})["deep"] == "no"


def test_an_explicit_default_is_filled_in() -> None:
    """A record's default need not name all its fields."""
    fields = {"x": {"type": "integer"}, "y": {"type": "integer", "default": 2}}
    record = Record({"fields": {"r": {"type": "record", "default": {"x": 1}, "fields": fields}}}, {})
    assert fill(record, {}) == {"r": {"x": 1, "y": 2}}


def test_null_is_left_for_the_judge(record: Record) -> None:
    """A default does not stand in for what is said to be null."""
    assert fill(record, {"n": None, "deep": None}) == {"n": None, "deep": None, "name": None, "maybe": None}


def test_an_update_is_not_filled(record: Record) -> None:
    """What it does not mention shall stay as it is."""
    assert fill(record, {"deep": {"y": "a"}}, Purpose.UPDATE) == {"deep": {"y": "a"}}


def test_the_given_record_is_left_alone(record: Record) -> None:
    """Nothing a caller hands over is changed, also below."""
    given = {"name": "a", "deep": {"old_x": 7, "inner": {}}}
    filled = fill(record, given)
    assert given == {"name": "a", "deep": {"old_x": 7, "inner": {}}}
    assert filled["deep"] == {"x": 7, "y": None, "inner": {"z": False}}


def test_a_bad_shorthand_is_told_at_once(record: Record) -> None:
    """Nothing else is looked at then, and the record that it stands in is not named."""
    with pytest.raises(ShorthandViolation) as caught:
        fill(record, {"deep": {"old_x": "a"}})
    assert caught.value.violations == {"old_x": "expected an integer"}


def test_violations_mirror_the_record(record: Record) -> None:
    """Unknown members, missing ones and bad ones, each at its place."""
    found = record.violations({"deep": {"x": "a", "q": 1}, "odd": None}, Scope(1.0), record.fields)
    assert found == {
        "name": "required field missing",
        "deep": {"x": "expected an integer", "q": "unknown field", "inner": "required field missing"},
        "odd": "unknown field",
    }


def test_a_record_is_an_object(record: Record) -> None:
    """A list or a text is none."""
    found = record.violations({"name": "a", "deep": [1], "maybe": "x"}, Scope(1.0), record.fields)
    assert found == {"deep": "expected a record", "maybe": "expected a record"}


def test_deprecated_names_are_read_back(record: Record) -> None:
    """Answers show them beside the new ones; where there are none, nothing is shown."""
    assert record.read_back({"deep": {"x": 5, "y": None}}) == {"deep": {"x": 5, "y": None, "old_x": 5}}
    assert record.read_back({"deep": None}) == {}


def test_merging_goes_into_records_only(record: Record) -> None:
    """Members of records are merged, everything else is replaced, null included."""
    bottom = {"name": "a", "deep": {"x": 1, "y": "b", "inner": {"z": True}}, "maybe": {"x": 1}}
    top = {"deep": {"y": None, "inner": {"z": False}}, "maybe": None, "odd": 1}
    assert merge(top, bottom, record.fields) == {
        "name": "a",
        "deep": {"x": 1, "y": None, "inner": {"z": False}},
        "maybe": None,
        "odd": 1,
    }
    assert bottom["deep"] == {"x": 1, "y": "b", "inner": {"z": True}}


def test_an_abstract_record_must_be_specialised() -> None:
    """Its contents are not known here: nothing is filled in, and nothing can be accepted."""
    abstract = build_field("config", {"type": "record", "abstract": True}, {})
    assert abstract.missing(Purpose.INSERT, write_context()) is None
    assert abstract.fill({"a": 1}, Purpose.INSERT, write_context()) == {"a": 1}
    text = "error in schema definition: abstract field was not specialized"
    assert abstract.violation({}, Scope(1.0)) == text


def test_an_unknown_kind_stops_the_schema() -> None:
    """A misspelt type is found when the schema is built."""
    with pytest.raises(SchemaDefinitionError, match="unknown type 'strnig' of field 'a'"):
        build_field("a", {"type": "strnig"}, {})
