"""Arguments are read and written as Kong does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twisted_kong.core.query import encode_args, gathered, parse_args, without


@pytest.mark.parametrize(
    ("raw", "arguments"),
    [
        (b"", {}),
        (b"a=1&b=2", {"a": "1", "b": "2"}),
        (b"a", {"a": True}),
        (b"a=", {"a": ""}),
        (b"a=1&a&a=", {"a": ["1", True, ""]}),
        (b"&&a=b=c&", {"a": "b=c"}),
        (b"=x", {}),
        (b"a%20b=%C3%A9+x%zz", {"a b": "\u00e9 x%zz"}),
        (b"a=%ff", {"a": "\udcff"}),
    ],
)
def test_reading(raw: bytes, arguments: dict[str, object]) -> None:
    """Names and values are decoded; a name alone is True; repeated names become a list."""
    assert parse_args(raw) == arguments


def test_no_more_than_the_limit_is_read() -> None:
    """What comes after the limit is not looked at."""
    assert list(parse_args(b"a=1&b=2&c=3", 2)) == ["a", "b"]


def test_writing() -> None:
    """Arguments are sorted by name; True stands alone, False and None are left out."""
    arguments = {"b": ["1", True, 2], "a": "x y/\u00e9", "n": 1.5, "off": False, "none": None}
    assert encode_args(arguments) == b"a=x%20y%2F%C3%A9&b=1&b&b=2&n=1.5"
    with pytest.raises(TypeError, match="'a'"):
        encode_args({"a": {}})


@given(st.dictionaries(st.text(min_size=1, max_size=5), st.text(max_size=5), max_size=5))
def test_written_is_read_back(arguments: dict[str, str]) -> None:
    """What was written is read as it was."""
    assert parse_args(encode_args(arguments)) == arguments


def test_removing_one() -> None:
    """Only the named argument goes, however its name is written; the rest stays byte for byte."""
    assert without(b"x-k=k1&q=%20a&x%2Dk&z=+", "x-k") == b"q=%20a&z=+"
    assert without(b"k=1", "k") == b""


def test_values_of_one_name_come_together() -> None:
    """A name that occurs once has its value, one that occurs more often a list, in the order they came."""
    assert gathered([("a", 1), ("b", 2), ("a", 3), ("a", 1)]) == {"a": [1, 3, 1], "b": 2}
