from __future__ import annotations

from typing import Any

import pytest

from twisted_kong.core.schema.validators import (
    SchemaDefinitionError,
    build_validators,
    function,
    is_uuid,
    size,
)


def judged(definition: dict[str, Any], value: Any) -> Any:
    validators = build_validators(definition, {"odd": lambda value: None if value % 2 else "even"})
    return next((found for validate in validators if (found := validate(value)) is not None), None)


@pytest.mark.parametrize(
    ("definition", "good", "bad", "text"),
    [
        ({"eq": 1}, 1, 2, "value must be 1"),
        ({"eq": True}, True, 1, "value must be true"),
        ({"ne": True}, False, True, "value must not be true"),
        ({"ne": 1}, True, 1, "value must not be 1"),
        ({"not_one_of": ["a", "b"]}, "c", "a", "must not be one of: a, b"),
        ({"one_of": ["a", "b"]}, "a", "c", "expected one of: a, b"),
        ({"one_of": [1, 2]}, 1, 3, "expected one of: 1, 2"),
        ({"gt": 0}, 0.1, 0, "value must be greater than 0"),
        ({"timestamp": True}, 1, 0, "expected a valid timestamp"),
        ({"uuid": True}, "A" * 8 + "-0000-0000-0000-" + "0" * 12, "x", "expected a valid UUID"),
        ({"is_regex": True}, "a+", "(", "not a valid regex: ("),
        ({"between": [0, 1.5]}, 1.5, 2, "value should be between 0 and 1"),
        ({"len_eq": 2}, "ab", "é1", "length must be 2"),
        ({"len_min": 2}, ["a", "b"], ["a"], "length must be at least 2"),
        ({"len_max": 2}, "é", "abc", "length must be at most 2"),
        ({"starts_with": "/"}, "/a", "a", "should start with: /"),
        ({"not_match": "^x"}, "a", "xa", "invalid value: xa"),
        ({"match_none": [{"regex": "//", "err": "no"}]}, "/", "//", "no"),
        ({"match_none": [{"regex": "//"}]}, "/", "//", "invalid value: //"),
        ({"regex": "^[A-Z]+$"}, "GET", "GET\n", "invalid value: GET\n"),
        ({"match_all": [{"regex": "a", "err": "e"}, {"regex": "b", "err": "f"}]}, "ab", "a", "f"),
        ({"match_any": {"regexes": ["^a", "^b"], "err": "e"}}, "b", "c", "e"),
        ({"match_any": {"regexes": ["^a"]}}, "a", "c", "invalid value: c"),
        ({"contains": "x"}, ["x", "y"], ["y"], "expected to contain: x"),
        ({"check": {"fn": "odd"}}, 1, 2, "even"),
        ({"custom_validator": {"fn": "odd"}}, 1, 2, "even"),
        (
            {"mutually_exclusive_subsets": [["a"], ["b", "c"], ["d"]]},
            ["b", "c"],
            ["c", "a", "b"],
            "these sets are mutually exclusive: ('b', 'c'), ('a')",
        ),
    ],
)
def test_each_validator_has_kongs_text(definition: dict[str, Any], good: Any, bad: Any, text: str) -> None:
    """A good value passes, a bad one is told why."""
    assert judged(definition, good) is None
    assert judged(definition, bad) == text


def test_validators_run_in_kongs_order() -> None:
    """The first to find something speaks, however the definition orders them."""
    definition = {"starts_with": "/", "check": {"fn": "odd"}, "len_min": 3, "one_of": ["/abc"]}
    assert judged(definition, "") == "expected one of: /abc"
    assert judged({"starts_with": "/", "len_min": 3}, "x") == "length must be at least 3"


def test_an_unknown_function_stops_the_schema() -> None:
    """A definition that names what is not there fails when it is built, not when a request comes."""
    with pytest.raises(SchemaDefinitionError, match="no function named 'nope'"):
        function({"fn": "nope"}, {})


def test_lengths_are_luas() -> None:
    """Texts are measured in bytes."""
    assert size("é") == 2
    assert size(["é"]) == 1


def test_uuids_are_texts() -> None:
    """Upper case and the nil UUID count, anything else does not."""
    assert is_uuid("00000000-0000-0000-0000-000000000000")
    assert not is_uuid("00000000-0000-0000-0000-000000000000\n")
    assert not is_uuid(5)
