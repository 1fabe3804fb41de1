from __future__ import annotations

from typing import Any

import pytest

from twisted_kong.core.schema.context import Scope
from twisted_kong.core.schema.record import build_field
from twisted_kong.core.schema.shorthands import Shorthand
from twisted_kong.core.schema.validators import SchemaDefinitionError

FUNCTIONS = {"halve": lambda value: {"a": value // 2, "deep.b": value % 2}}
SCOPE = Scope(1.0)


def shorthand(writes: str, **more: Any) -> Shorthand:
    definition = {"type": "integer", "writes": {"fn": writes}, **more}
    return Shorthand("old", build_field("old", definition, FUNCTIONS), FUNCTIONS)


def test_an_arrow_writes_to_one_field() -> None:
    """``-> a.b`` names it; records on the way are made."""
    data: dict[str, Any] = {"old": 5}
    assert shorthand("-> deep.b").expand(data, SCOPE) is None
    assert data == {"deep": {"b": 5}}


def test_a_function_may_write_to_several() -> None:
    """It answers values by path."""
    data: dict[str, Any] = {"old": 5}
    assert shorthand("halve").expand(data, SCOPE) is None
    assert data == {"a": 2, "deep": {"b": 1}}


def test_nested_records_of_the_caller_are_left_alone() -> None:
    """The record on the way is copied before it is written to."""
    deep = {"b": 1, "c": 2}
    data: dict[str, Any] = {"old": 5, "deep": deep}
    shorthand("-> deep.b").expand(data, SCOPE)
    assert data == {"deep": {"b": 5, "c": 2}}
    assert deep == {"b": 1, "c": 2}


def test_a_record_without_it_stays() -> None:
    """Nothing is written."""
    data: dict[str, Any] = {"a": 1}
    assert shorthand("-> a").expand(data, SCOPE) is None
    assert data == {"a": 1}


def test_it_is_judged_as_a_field() -> None:
    """A bad one is taken out and told about."""
    data: dict[str, Any] = {"old": "x"}
    assert shorthand("-> a").expand(data, SCOPE) == "expected an integer"
    assert data == {}


DEPRECATED = {"deprecated": {"replaced_with": ["a"]}}


@pytest.mark.parametrize(
    ("data", "left"),
    [
        ({"old": None, "a": 1}, {"a": 1}),
        ({"old": 1, "a": 1}, {"a": 1}),
        ({"old": 1, "a": None}, {"a": 1}),
        ({"old": None}, {"a": None}),
    ],
)
def test_old_and_new_name_may_stand_side_by_side(data: dict[str, Any], left: dict[str, Any]) -> None:
    """As clients send back what they were shown; a null of the old name says nothing against the new."""
    assert shorthand("-> a", **DEPRECATED).expand(data, SCOPE) is None
    assert data == left


def test_a_deprecated_name_gives_way() -> None:
    """Also where it does not say what replaces it; any other shorthand overrides."""
    data: dict[str, Any] = {"old": 1, "a": 2}
    assert shorthand("-> a", deprecated={"removal": "4.0"}).expand(dict(data), SCOPE) is None
    shorthand("-> a").expand(data, SCOPE)
    assert data == {"a": 1}
    data = {"old": 1, "a": 2}
    shorthand("-> a", deprecated={"removal": "4.0"}).expand(data, SCOPE)
    assert data == {"a": 2}


def test_old_and_new_name_must_not_disagree() -> None:
    """Neither can be preferred."""
    found = shorthand("-> a", **DEPRECATED).expand({"old": 1, "a": 2}, SCOPE)
    assert found == ("both deprecated and new field are used but their values mismatch: old = 1 vs a = 2")


def test_only_a_replaced_name_is_read_back() -> None:
    """With the value of its replacement, if that is there."""
    assert shorthand("-> a", **DEPRECATED).read_back({"a": 5}) == ("old", 5)
    assert shorthand("-> a", **DEPRECATED).read_back({}) is None
    assert shorthand("-> a").read_back({"a": 5}) is None


def test_an_unknown_function_stops_the_schema() -> None:
    """It is found when the schema is built."""
    with pytest.raises(SchemaDefinitionError):
        shorthand("nope")
