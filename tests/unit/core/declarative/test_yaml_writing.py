"""YAML is written so that everybody reads the same value from it, and looks the way people write it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kit.finishing import finished
from twisted_kong.core.declarative.yaml_reading import read_yaml
from twisted_kong.core.declarative.yaml_writing import item_lines, yaml_lines

ODD = (
    *(
        "yes",
        "null",
        "1e3",
        "0x1f",
        "1_000",
        "12:30",
        "- a",
        "# b",
        "a: b",
        "a #b",
        " a",
        "a ",
        "~",
        "=",
        "y",
    ),
    *("a\nb", "a\nb\n", "\na", "a\n\nb\n", " a\nb", "a \nb", "#\n#", "---\na", "a\tb", "a\n", "%a", "|\nb"),
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(ODD)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
)
VALUES = st.recursive(
    SCALARS,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(TEXTS, below, max_size=4),
    max_leaves=12,
)


def written(value: Any) -> str:
    """The text of a mapping or list."""
    return "".join(f"{line}\n" for line in yaml_lines(value))


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=5))
def test_what_is_written_reads_the_same(value: dict[str, Any]) -> None:
    """Our reader makes the very value of the text, with numbers of the same type."""
    found = finished(read_yaml(written(value)))
    assert repr(found) == repr(value)


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=5))
def test_others_read_the_same(value: dict[str, Any]) -> None:
    """So does PyYAML, in libyaml's version and in its own, which know dates and base-60 numbers too."""
    for loader in {yaml.SafeLoader, getattr(yaml, "CSafeLoader", yaml.SafeLoader)}:
        assert yaml.load(written(value), Loader=loader) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"name": "orders", "port": 80, "tags": ["a", "b"]}, "name: orders\nport: 80\ntags:\n- a\n- b\n"),
        ({"a": {"b": None, "c": True}}, "a:\n  b: null\n  c: true\n"),
        ({"a": [{"b": 1, "c": [2]}]}, "a:\n- b: 1\n  c:\n  - 2\n"),
        ({"a": [], "b": {}}, "a: []\nb: {}\n"),
        ({"on": "yes", "v": "3.0"}, '"on": "yes"\nv: "3.0"\n'),
        ({"cert": "one\ntwo\n"}, "cert: |\n  one\n  two\n"),
        ({"cert": "one\ntwo"}, "cert: |-\n  one\n  two\n"),
        ({"a": [["b"], ["c"]]}, "a:\n- - b\n- - c\n"),
        ({"t": "a\u2028b\x7f"}, 't: "a\\u2028b\\u007f"\n'),
    ],
)
def test_looks_the_way_people_write(value: dict[str, Any], text: str) -> None:
    """Blocks, two spaces a level, lists as far left as their key, quotes only where they are needed."""
    assert written(value) == text


def test_an_element_of_a_list_stands_alone() -> None:
    """Whoever writes a long list asks for its elements one by one."""
    assert list(item_lines({"a": 1, "b": {"c": 2}}, "  ")) == ["  - a: 1", "    b:", "      c: 2"]
    assert list(item_lines("x")) == ["- x"]
