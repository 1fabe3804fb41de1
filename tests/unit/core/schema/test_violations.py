from __future__ import annotations

from typing import Any

import pytest

from twisted_kong.core.schema.violations import (
    add_entity_violation,
    get_path,
    has_path,
    schema_violation,
    set_path,
    summary,
)


@pytest.mark.parametrize(
    ("found", "text"),
    [
        ({"host": "bad"}, "schema violation (host: bad)"),
        ({"b": "x", "a": "y"}, "2 schema violations (a: y; b: x)"),
        ({"@entity": ["e1", "e2"], "a": "x"}, "3 schema violations (e1; e2; a: x)"),
        ({"tags": [None, "bad"]}, "schema violation (tags.2: bad)"),
        ({"config": {"b": "x", "a": "y"}}, "2 schema violations (config.a: y; config.b: x)"),
        ({"config": {"a": ["x"]}}, 'schema violation (config.a: {\n  "x"\n})'),
        ({"config": {"@entity": ["x"]}}, 'schema violation (config.@entity: {\n  "x"\n})'),
    ],
)
def test_the_summary_is_kongs(found: dict[str, Any], text: str) -> None:
    """Two levels are spelled out, deeper ones printed as a Lua table."""
    assert summary(found) == text


def test_the_error_carries_the_tree() -> None:
    """Clients find each text at the place of its field."""
    error = schema_violation({"a": {"b": "x"}})
    assert error.body() == {
        "code": 2,
        "name": "schema violation",
        "message": "schema violation (a.b: x)",
        "fields": {"a": {"b": "x"}},
    }


def test_entity_violations_gather() -> None:
    """What concerns the whole is one list."""
    found: dict[str, Any] = {}
    add_entity_violation(found, "x")
    add_entity_violation(found, "y")
    assert found == {"@entity": ["x", "y"]}


def test_paths_lead_into_records() -> None:
    """A missing step leads to nothing, and so does one that is no record."""
    record = {"a": {"b": 1, "c": None}, "d": 2}
    assert get_path(record, ("a", "b")) == 1
    assert get_path(record, ("a", "x")) is None
    assert get_path(record, ("d", "x")) is None
    assert has_path(record, ("a", "c"))
    assert not has_path(record, ("d", "x"))


def test_setting_a_path_makes_the_way() -> None:
    """A text on the way gives way to the more precise violation below it."""
    found: dict[str, Any] = {"a": "bad"}
    set_path(found, ("a", "b"), "worse")
    set_path(found, ("c",), "x")
    assert found == {"a": {"b": "worse"}, "c": "x"}
