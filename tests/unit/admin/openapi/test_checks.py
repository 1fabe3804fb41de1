"""Tests of what functions and patterns demand."""

from __future__ import annotations

import re

import pytest

from twisted_kong.admin.openapi.checks import EXAMPLES, SHAPES, check_shape
from twisted_kong.core.schema.checks.table import CORE_FUNCTIONS

GOOD = {
    "tag": ["a tag", "é", "a.b"],
    "utf8_name": ["orders_v1.2-x~", "größe"],
    "header_name": ["X-Tenant", "a_b"],
    "path": ["/", "/a%20b/:id@x"],
    "url": ["https://a.example/x", "a+b://c"],
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in GOOD.items() for text in texts])
def test_a_pattern_never_refuses_what_the_function_takes(name: str, text: str) -> None:
    """A client that checks before it sends must not be stricter than the node."""
    assert CORE_FUNCTIONS[name](text) is None
    assert re.search(SHAPES[name]["pattern"], text)


@pytest.mark.parametrize(
    "name", [name for name in EXAMPLES if name in CORE_FUNCTIONS and name != "split_url"]
)
def test_examples_are_good(name: str) -> None:
    """What is shown as an example is what the function takes."""
    assert CORE_FUNCTIONS[name](EXAMPLES[name]) is None


def test_patterns_that_must_not_match_are_told() -> None:
    """``match_none`` becomes ``not``."""
    field = {"type": "string", "match_none": [{"regex": "//", "err": "no"}]}
    assert check_shape(field) == {"not": {"pattern": "//"}}


def test_several_rules_stand_side_by_side() -> None:
    """All of them count."""
    field = {
        "type": "string",
        "regex": "^a",
        "match_any": {"regexes": ["b$", "c$"], "err": "no"},
    }
    assert check_shape(field) == {
        "allOf": [{"pattern": "^a"}, {"anyOf": [{"pattern": "b$"}, {"pattern": "c$"}]}]
    }


def test_what_ecma_cannot_say_is_left_out() -> None:
    """Inline flags would make the whole document invalid."""
    assert check_shape({"type": "string", "regex": "(?i)^host$"}) == {}
