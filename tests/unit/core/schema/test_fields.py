from __future__ import annotations

from typing import Any

import pytest

from tests.kit.write_context import NOW, TOKEN, numbered_uuid, write_context
from twisted_kong.core.schema.context import Purpose, Scope
from twisted_kong.core.schema.fields import NUL, Field, not_utf8
from twisted_kong.core.schema.record import build_field

SCOPE = Scope(NOW)
STRING = {"type": "string"}


def field(**definition: Any) -> Field:
    return build_field("f", definition, {})


def violation(value: Any, **definition: Any) -> Any:
    return field(**definition).violation(value, SCOPE)


def filled(value: Any, **definition: Any) -> Any:
    return field(**definition).fill(value, Purpose.INSERT, write_context())


@pytest.mark.parametrize(
    ("kind", "good", "bad", "text"),
    [
        ("string", "x", 1, "expected a string"),
        ("number", 1.5, "1", "expected a number"),
        ("number", 1, True, "expected a number"),
        ("integer", 5.0, 5.5, "expected an integer"),
        ("integer", 5, False, "expected an integer"),
        ("integer", 2**63 - 1, 2**63, "expected an integer"),
        ("integer", -5, 1e300, "expected an integer"),
        ("number", 1e300, 2**63, "expected a number"),
        ("boolean", False, 0, "expected a boolean"),
    ],
)
def test_scalars_are_told_apart(kind: str, good: Any, bad: Any, text: str) -> None:
    """Truth is no number and a text is no number either."""
    assert violation(good, type=kind) is None
    assert violation(bad, type=kind) == text


def test_json_is_anything() -> None:
    """A field of free JSON judges nothing."""
    assert [violation(value, type="json") for value in ("", 1, True, {}, [1])] == [None] * 5


def test_empty_texts_are_refused_unless_allowed() -> None:
    """Kong wants at least one byte where a definition does not say otherwise."""
    assert violation("", **STRING) == "length must be at least 1"
    assert violation("", type="string", len_min=0) is None


def test_null_is_judged_by_what_is_required() -> None:
    """Null passes unless the field is required, must differ from null or must equal something."""
    assert violation(None, **STRING) is None
    assert violation(None, type="string", required=True) == "required field missing"
    assert violation(None, type="string", ne=None) == "value must not be null"
    assert violation(None, type="string", eq="x") == "value must be x"


def test_a_field_that_must_be_null_accepts_nothing_else() -> None:
    """Its own text goes before Kong's."""
    assert violation("x", type="string", eq=None) == "value must be null"
    assert violation("x", type="string", eq=None, err="no") == "no"
    assert violation(None, type="string", eq=None) is None


def test_the_text_of_a_definition_stands_for_its_validators() -> None:
    """``err`` replaces what the validator would say, not what the type check says."""
    assert violation("y", type="string", eq="x", err="only x") == "only x"
    assert violation(1, type="string", eq="x", err="only x") == "expected a string"


def test_a_vault_reference_skips_all_checks() -> None:
    """The secret is not known yet, so nothing can be said of it, if the field may be a reference at all."""
    reference = "{vault://env/my-secret}"
    assert violation(reference, type="integer", referenceable=True, gt=5) is None
    assert violation(reference, type="integer") == "expected an integer"


def test_texts_must_be_utf8() -> None:
    """Half a surrogate pair cannot be stored; the position counts bytes from one."""
    assert violation("é\ud800", **STRING) == "invalid utf-8 character sequence detected at position 3"
    assert not_utf8("é") is None


def test_whole_floats_become_integers() -> None:
    """Lua knows one kind of number: 5.0 is stored and shown as 5."""
    assert repr(filled(5.0, type="integer")) == "5"
    assert repr(filled(5.5, type="number")) == "5.5"
    assert repr(filled(1e300, type="number")) == "1e+300"


@pytest.mark.parametrize("kind", ["array", "set"])
def test_elements_are_judged_at_their_place(kind: str) -> None:
    """Good elements before a bad one are null, those after it are cut off."""
    found = violation(["a", 1, "b"], type=kind, elements=STRING)
    assert found == [None, "expected a string"]
    assert violation([], type=kind, elements=STRING) is None
    assert violation([None], type=kind, elements=STRING) == ["required field missing"]


def test_lists_are_lists() -> None:
    """Anything else is no list, but for the empty object, which Lua cannot tell from one."""
    assert violation("a", type="array", elements=STRING) == "expected an array"
    assert violation({"a": 1}, type="set", elements=STRING) == "expected a set"
    assert violation({}, type="array", elements=STRING) is None
    assert filled({}, type="array", elements=STRING) == []
    assert filled("a", type="array", elements=STRING) == "a"


def test_sets_drop_duplicates() -> None:
    """The first of equal scalars stays, in its place; records are never equal."""
    assert filled(["b", "a", "b"], type="set", elements=STRING) == ["b", "a"]
    assert filled(["b", "b"], type="array", elements=STRING) == ["b", "b"]
    records = {"type": "record", "fields": {"a": STRING}}
    assert len(filled([{"a": "x"}, {"a": "x"}], type="set", elements=records)) == 2
    anything = {"type": "json"}
    assert filled([1, True, 1.0, "1", False, 0], type="set", elements=anything) == [1, True, "1", False, 0]


def test_long_sets_take_no_time() -> None:
    """A body full of tags must not hold up the requests that the same process serves."""
    tags = [f"t{number}" for number in range(100_000)]
    assert filled(tags * 2, type="set", elements=STRING) == tags


def test_no_number_is_infinite() -> None:
    """Nothing that JSON cannot say becomes part of an entity."""
    for value in (float("inf"), float("-inf"), float("nan")):
        assert violation(value, type="number") == "expected a number"
        assert violation(value, type="integer") == "expected an integer"


def test_elements_that_are_records_are_filled_in() -> None:
    """Also in an update, which replaces a list as a whole."""
    elements = {"type": "record", "fields": {"a": STRING, "n": {"type": "integer", "default": 1}}}
    listed = field(type="array", elements=elements)
    assert listed.fill([{"a": "x"}, None], Purpose.UPDATE, write_context()) == [{"a": "x", "n": 1}, None]


def test_a_maps_violation_stands_for_the_whole() -> None:
    """Kong tells what is wrong with a key or value, not with which."""
    definition = {"type": "map", "keys": {"type": "string", "len_max": 2}, "values": {"type": "integer"}}
    assert violation({"a": 1}, **definition) is None
    assert violation({"abc": 1}, **definition) == "length must be at most 2"
    assert violation({"a": "x"}, **definition) == "expected an integer"
    assert violation([1], **definition) == "expected a map"
    assert violation([], **definition) is None


def test_maps_fill_their_values() -> None:
    """Null values stay to be refused."""
    definition = {"type": "map", "keys": STRING, "values": {"type": "number"}}
    assert filled({"a": 2.0, "b": None}, **definition) == {"a": 2, "b": None}
    assert filled([], **definition) == {}
    assert filled("x", **definition) == "x"


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"id": numbered_uuid(1)}, None),
        ({"id": "x"}, {"id": "expected a valid UUID"}),
        ({"id": 5}, {"id": "expected a string"}),
        ({}, {"id": "missing primary key"}),
        ({"id": None}, {"id": "required field missing"}),
        ("abc", {"id": "missing primary key"}),
    ],
)
def test_references_are_primary_keys(value: Any, found: Any) -> None:
    """The violation names the part of the key that is wrong."""
    assert violation(value, type="foreign", reference="services") == found


def test_references_are_stored_as_keys_alone() -> None:
    """What else a client sends of the other entity is dropped."""
    value = {"id": numbered_uuid(1), "name": "x"}
    assert filled(value, type="foreign", reference="services") == {"id": numbered_uuid(1)}
    assert filled({"name": "x"}, type="foreign", reference="services") == {"name": "x"}


def test_defaults_are_never_shared() -> None:
    """Changing what one record was filled with does not change the next, and empty lists are lists."""
    listed = field(type="array", elements=STRING, default=["a"])
    first = listed.missing(Purpose.INSERT, write_context())
    first.append("b")
    assert listed.missing(Purpose.INSERT, write_context()) == ["a"]
    empty = field(type="array", elements=STRING, default={})
    assert empty.missing(Purpose.INSERT, write_context()) == []


@pytest.mark.parametrize(
    ("name", "definition", "made"),
    [
        ("id", {"type": "string", "uuid": True, "auto": True}, numbered_uuid(1)),
        ("key", {"type": "string", "auto": True}, TOKEN),
        ("created_at", {"type": "integer", "auto": True, "timestamp": True}, 1_700_000_000),
        ("created_at", {"type": "number", "auto": True, "timestamp": True}, 1_700_000_000.25),
        ("updated_at", {"type": "integer", "auto": True}, 1_700_000_000),
        ("last_seen", {"type": "integer", "auto": True, "timestamp": True}, 1_700_000_000),
        ("other", {"type": "integer", "auto": True}, None),
    ],
)
def test_automatic_values_are_made(name: str, definition: dict[str, Any], made: Any) -> None:
    """Ids, tokens and times are made when a new record leaves them out."""
    automatic = build_field(name, definition, {})
    assert automatic.automatic_value(None, False, Purpose.INSERT, write_context()) == made


def test_automatic_values_give_way_to_given_ones() -> None:
    """A client may choose id and key, but never when it was updated."""
    context = write_context()
    key = build_field("key", {"type": "string", "auto": True}, {})
    updated = build_field("updated_at", {"type": "integer", "auto": True}, {})
    assert key.automatic_value("mine", True, Purpose.INSERT, context) == "mine"
    assert key.automatic_value(None, True, Purpose.INSERT, context) is None
    assert key.automatic_value(None, False, Purpose.UPDATE, context) is None
    assert updated.automatic_value(1, True, Purpose.UPDATE, context) == 1_700_000_000


@pytest.mark.parametrize(
    ("definition", "value", "found"),
    [
        ({"type": "string"}, "a\0", NUL),
        ({"type": "string", "referenceable": True}, "{vault://env/a\0}", NUL),
        ({"type": "set", "elements": {"type": "string"}}, ["a", "\0b"], [None, NUL]),
        ({"type": "map", "keys": {"type": "string"}, "values": {"type": "string"}}, {"a\0": "b"}, NUL),
        ({"type": "map", "keys": {"type": "string"}, "values": {"type": "string"}}, {"a": "b\0"}, NUL),
        ({"type": "json"}, {"a": [1, {"b\0": None}]}, NUL),
        ({"type": "json"}, {"a": [1, {"b": "\0"}]}, NUL),
        ({"type": "json"}, {"a": [1, {"b": "c"}]}, None),
    ],
)
def test_no_text_has_a_nul(definition: dict[str, Any], value: Any, found: Any) -> None:
    """PostgreSQL's text and jsonb hold none, so Kong answers with an error; no path can name one."""
    assert violation(value, **definition) == found
