"""JSON is read in pieces to the same values as in one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kit.finishing import finished
from twisted_kong.core.declarative.json_reading import read_json
from twisted_kong.core.declarative.limits import Limits
from twisted_kong.core.declarative.problems import DocumentError

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(TEXTS, below, max_size=4),
    max_leaves=20,
)


@settings(max_examples=40, deadline=None)
@given(VALUES, st.sampled_from([None, 2]))
def test_the_same_as_in_one_go(value: Any, indent: int | None) -> None:
    """Compact or indented."""
    assert finished(read_json(json.dumps(value, indent=indent))) == value


def test_numbers_have_one_type() -> None:
    """A whole number is an integer, as in Kong."""
    assert repr(finished(read_json("[80.0, 1.5, 1e3]"))) == "[80, 1.5, 1000]"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('{"a": 1,\n"b" 2}', 2),
        ('{"a": [1,\n2,,]}', 2),
        ('{"a": 1}\nx', 2),
        ('{"a": 1,\n"a": 2}', 2),
        ('{"a": NaN}', None),
        ('{"a": 1e999}', None),
        ('{"a": "\\ud800"}', None),
        ("{a: 1}", 1),
        ('{"a"', 1),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, line: int | None) -> None:
    """Where there is one to tell."""
    with pytest.raises(DocumentError) as caught:
        finished(read_json(text))
    assert caught.value.line == line


def test_bounds_hold() -> None:
    """Of values and of depth."""
    with pytest.raises(DocumentError, match="more than 3 values"):
        finished(read_json('{"a": [1, 2, 3, 4]}', Limits(values=3)))
    with pytest.raises(DocumentError, match="deep"):
        finished(read_json("[" * 500 + "]" * 500))


def test_it_rests_in_between() -> None:
    """Between the entities of a long list."""
    text = json.dumps({"services": [{"name": "x" * 100} for _ in range(1000)]})
    assert sum(1 for _ in read_json(text)) >= 4
