"""Sizes, offsets and tag filters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twisted_kong.core.errors import InvalidOffset, InvalidOptions, InvalidSize
from twisted_kong.db.interfaces import TagFilter
from twisted_kong.db.paging import check_size, decode_offset, encode_offset, parse_tags


@pytest.mark.parametrize(("size", "count"), [(1, 1), (1000, 1000), ("10", 10), (5.0, 5), ("1e2", 100)])
def test_sizes(size: object, count: int) -> None:
    """A size is a whole number from 1 to 1000, also as the text of a query argument."""
    assert check_size(size) == count


@pytest.mark.parametrize("size", ["abc", "", None, True, [1], "1x", "١", "nan", "0x10"])
def test_what_is_no_number(size: object) -> None:
    """What is no number is told apart from a number out of range."""
    with pytest.raises(InvalidSize, match=r"^size must be a number$"):
        check_size(size)


@pytest.mark.parametrize("size", [0, 1001, 1.5, "-1", "1e400", float("nan")])
def test_numbers_out_of_range(size: object) -> None:
    """A number that is no size is refused as such."""
    with pytest.raises(InvalidSize, match=r"^size must be an integer between 1 and 1000$"):
        check_size(size)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])) | st.integers(0, 1000), min_size=1))
def test_offsets(cursor: list[object]) -> None:
    """A cursor is read again from its token, which needs no padding."""
    token = encode_offset(cursor)
    assert token is not None
    assert "=" not in token
    assert decode_offset(token) == cursor


def test_no_offset() -> None:
    """No cursor has no token."""
    assert encode_offset(None) is None
    assert decode_offset(None) is None


@pytest.mark.parametrize("token", ["!", "ä", "a b", "abcde"])
def test_bad_base64(token: str) -> None:
    """What is no base64 is refused with Kong's text."""
    with pytest.raises(InvalidOffset) as caught:
        decode_offset(token)
    assert caught.value.message == f"'{token}' is not a valid offset: bad base64 encoding"


@pytest.mark.parametrize("token", ["junk", "", "e30", "MQ"])
def test_bad_json(token: str) -> None:
    """What is no JSON array is refused with Kong's text."""
    with pytest.raises(InvalidOffset) as caught:
        decode_offset(token)
    assert caught.value.message == f"'{token}' is not a valid offset: bad json encoding"


def test_tag_filters() -> None:
    """A comma means all, a slash any; a tag named twice counts once; no filter is none."""
    assert parse_tags("a,b,a") == TagFilter(("a", "b"), every=True)
    assert parse_tags("a/b") == TagFilter(("a", "b"), every=False)
    assert parse_tags("a b+ü") == TagFilter(("a b+ü",), every=True)
    assert parse_tags(None) is None


@pytest.mark.parametrize("text", [",", "/", "a/", ",a", "a,b/c", "a\n", "\ud800"])
def test_bad_tag_filters(text: str) -> None:
    """Separators need a tag on each side, and only one of them may be used."""
    with pytest.raises(InvalidOptions, match="invalid filter syntax"):
        parse_tags(text)


def test_a_long_size_takes_no_time() -> None:
    """What is no number after all is found out in one look, not once for each digit."""
    with pytest.raises(InvalidSize):
        check_size("1" * 1_000_000 + "x")
