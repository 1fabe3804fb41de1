from __future__ import annotations

from typing import Any

import pytest

from twisted_kong.core.schema.context import Scope
from twisted_kong.core.schema.entity_checks import is_empty, path_of, quoted_list
from twisted_kong.core.schema.record import Record
from twisted_kong.core.schema.validators import SchemaDefinitionError

FIELDS = {
    "a": {"type": "string"},
    "b": {"type": "string"},
    "secret": {"type": "string", "referenceable": True},
    "list": {"type": "set", "elements": {"type": "string"}},
    "deep": {"type": "record", "fields": {"x": {"type": "string"}}},
}


def found(check: dict[str, Any], record: dict[str, Any], *, updating: bool = False) -> dict[str, Any]:
    functions = {
        "grumble": lambda record, scope: "grr" if record.get("a") == "bad" else None,
        "look_into_deep": lambda record, scope: record["deep"]["x"],
    }
    kind = Record({"fields": FIELDS, "entity_checks": [check]}, functions)
    return kind.violations(record, Scope(1.0, updating), kind.fields)


@pytest.mark.parametrize(
    ("check", "bad", "text"),
    [
        (
            {"at_least_one_of": ["a", "deep.x"]},
            {"a": ""},
            "at least one of these fields must be non-empty: 'a', 'deep.x'",
        ),
        ({"only_one_of": ["a", "b"]}, {}, "exactly one of these fields must be non-empty: 'a', 'b'"),
        (
            {"only_one_of": ["a", "b"]},
            {"a": "x", "b": "y"},
            "exactly one of these fields must be non-empty: 'a', 'b'",
        ),
        ({"mutually_required": ["a", "b"]}, {"a": "x"}, "all or none of these fields must be set: 'a', 'b'"),
        (
            {"mutually_exclusive": ["a", "b"]},
            {"a": "x", "b": "y"},
            "only one or none of these fields must be set: 'a', 'b'",
        ),
        ({"distinct": ["a", "b"]}, {"a": "x", "b": "x"}, "values of these fields must be distinct: 'a', 'b'"),
        ({"custom_entity_check": {"fields": ["a"], "fn": "grumble"}}, {"a": "bad"}, "grr"),
    ],
)
def test_each_check_has_kongs_text(check: dict[str, Any], bad: dict[str, Any], text: str) -> None:
    """What concerns the whole record stands under @entity."""
    assert text in found(check, bad)["@entity"]


@pytest.mark.parametrize(
    ("check", "good"),
    [
        ({"at_least_one_of": ["a", "deep.x"]}, {"deep": {"x": "y"}}),
        ({"only_one_of": ["a", "b"]}, {"a": "x", "b": None}),
        ({"mutually_required": ["a", "b"]}, {}),
        ({"mutually_required": ["a", "b"]}, {"a": "x", "b": "y"}),
        ({"mutually_exclusive": ["a", "b"]}, {"a": "x"}),
        ({"distinct": ["a", "b"]}, {"a": "x", "b": "y"}),
        ({"distinct": ["a", "b"]}, {"a": None, "b": None}),
        ({"custom_entity_check": {"fields": ["a"], "fn": "grumble"}}, {"a": "good"}),
    ],
)
def test_each_check_lets_good_records_pass(check: dict[str, Any], good: dict[str, Any]) -> None:
    """Nothing is found in a record that is as it should be."""
    assert found(check, {"deep": {}, **good}) == {}


@pytest.mark.parametrize(
    "check",
    [
        {"mutually_required": ["a", "b"]},
        {"mutually_exclusive": ["a", "b"]},
        {"custom_entity_check": {"fields": ["a"], "fn": "grumble"}},
    ],
)
def test_a_bad_field_keeps_checks_from_running(check: dict[str, Any]) -> None:
    """A value that is wrong by itself is not compared with others."""
    assert found(check, {"a": 5, "b": 5, "deep": {}}).keys() == {"a", "b"}


def test_a_bad_record_keeps_checks_of_its_members_from_running() -> None:
    """Whoever looks into a record finds one."""
    check = {"custom_entity_check": {"fields": ["deep.x"], "fn": "look_into_deep"}}
    assert found(check, {"deep": 5}).keys() == {"deep"}


def test_emptiness_is_checked_despite_bad_fields() -> None:
    """An empty text is bad by itself and still counts as not given."""
    text = "at least one of these fields must be non-empty: 'a'"
    assert found({"at_least_one_of": ["a"]}, {"a": "", "deep": {}}) == {
        "a": "length must be at least 1",
        "@entity": [text],
    }


def test_updates_are_told_so() -> None:
    """Kong puts two words before what concerns an update."""
    check = {"at_least_one_of": ["a"]}
    text = "when updating, at least one of these fields must be non-empty: 'a'"
    assert found(check, {"deep": {}}, updating=True) == {"@entity": [text]}


CONDITION = {"if_field": "a", "if_match": {"one_of": ["x"]}, "then_field": "b", "then_match": {"eq": None}}


def test_a_condition_binds_one_field_to_another() -> None:
    """The other field gets its own text, the record another."""
    assert found({"conditional": CONDITION}, {"a": "x", "b": "y", "deep": {}}) == {
        "b": "value must be null",
        "@entity": ["failed conditional validation given value of field 'a'"],
    }


@pytest.mark.parametrize("record", [{"a": "y"}, {"a": 5}, {}])
def test_a_condition_that_does_not_hold_binds_nothing(record: dict[str, Any]) -> None:
    """Neither another value, nor a bad one, nor a missing one makes it hold."""
    assert "b" not in found({"conditional": CONDITION}, {**record, "b": "y", "deep": {}})


@pytest.mark.parametrize(
    ("match", "holds"),
    [({"one_of": ["x"]}, True), ({"eq": None}, True), ({"eq": "x"}, False), ({"required": True}, False)],
)
def test_null_fits_most_conditions(match: dict[str, Any], holds: bool) -> None:
    """Kong lets null pass wherever it is not excluded."""
    condition = {**CONDITION, "if_match": match}
    assert ("b" in found({"conditional": condition}, {"a": None, "b": "y", "deep": {}})) is holds


@pytest.mark.parametrize(
    "check",
    [
        {"mutually_exclusive": ["secret", "b"]},
        {"conditional": {**CONDITION, "if_field": "b", "then_field": "secret"}},
    ],
)
def test_nothing_is_compared_with_a_secret(check: dict[str, Any]) -> None:
    """A value in a vault is not known while the record is judged."""
    record = {"secret": "{vault://env/x}", "b": "x", "deep": {}}
    assert found(check, record) == {}
    assert found(check, {**record, "secret": "plain"}) != {}


def test_a_condition_may_speak_for_itself() -> None:
    """``then_err`` replaces Kong's text, and a nested field's violation stands at its place."""
    condition = {**CONDITION, "then_field": "deep.x", "then_match": {"required": True}, "then_err": "set x"}
    assert found({"conditional": condition}, {"a": "x", "deep": {"x": None}}) == {
        "deep": {"x": "required field missing"},
        "@entity": ["set x"],
    }


def test_a_condition_may_look_at_elements() -> None:
    """The members of a list are matched by a definition of their own."""
    match = {"elements": {"type": "string", "one_of": ["tcp"]}}
    condition = {**CONDITION, "if_field": "list", "if_match": match}
    assert "b" in found({"conditional": condition}, {"list": ["tcp"], "b": "y", "deep": {}})
    assert "b" not in found({"conditional": condition}, {"list": ["tcp", "http"], "b": "y", "deep": {}})


BRANCHES = {
    "if_field": "list",
    "if_match": {"contains": "https"},
    "then_at_least_one_of": ["a", "b"],
    "then_err": "must set one of %s",
    "else_match": {"contains": "http"},
    "else_then_at_least_one_of": ["a"],
    "else_then_err": "must set %s",
}


@pytest.mark.parametrize(
    ("record", "text"),
    [
        ({"list": ["http", "https"]}, "must set one of 'a', 'b'"),
        ({"list": ["http"], "b": "x"}, "must set 'a'"),
        ({"list": ["https"], "b": "x"}, None),
        ({"list": ["tcp"]}, None),
        ({"list": None}, "must set one of 'a', 'b'"),
        ({}, None),
    ],
)
def test_what_must_be_given_depends_on_a_value(record: dict[str, Any], text: str | None) -> None:
    """The first branch that holds decides."""
    expected = {} if text is None else {"@entity": [text]}
    assert found({"conditional_at_least_one_of": BRANCHES}, {"deep": {}, **record}) == expected


def test_without_a_text_of_its_own_kongs_is_used() -> None:
    """And in an update it is told that it is one."""
    branch = {"if_field": "a", "if_match": {"eq": "x"}, "then_at_least_one_of": ["b"]}
    check = {"conditional_at_least_one_of": branch}
    text = "at least one of these fields must be non-empty: 'b'"
    assert found(check, {"a": "x", "deep": {}})["@entity"] == [text]
    assert found(check, {"a": "x", "deep": {}}, updating=True)["@entity"] == [f"when updating, {text}"]


@pytest.mark.parametrize(
    "check",
    [
        {"nope": ["a"]},
        {"conditional": {**CONDITION, "if_field": "z"}},
        {"conditional": {**CONDITION, "then_field": "a.x"}},
    ],
)
def test_checks_must_fit_the_record(check: dict[str, Any]) -> None:
    """An unknown check or field stops the schema from being built."""
    with pytest.raises(SchemaDefinitionError):
        Record({"fields": FIELDS, "entity_checks": [check]}, {})


def test_what_counts_as_empty() -> None:
    """Zero and false are values."""
    assert [is_empty(value) for value in (None, "", [], {}, 0, False, "x")] == [True] * 4 + [False] * 3


def test_names_are_paths_and_quoted() -> None:
    """A dot leads into a record, in messages names stand in quotes."""
    assert path_of("config.redis.host") == ("config", "redis", "host")
    assert quoted_list(["a", "b"]) == "'a', 'b'"
