"""Where pages begin."""

from __future__ import annotations

from typing import Any

import pytest

from twisted_kong.db.interfaces import Selection
from twisted_kong.db.places import Place, place_of

ASCENDING, DESCENDING = Selection(), Selection(descending=True)
KEYS = ("0", "f" * 36, "ÿ", "\N{EURO SIGN}", "\U0001f600", '["a","b"]')


def test_the_first_page_begins_at_an_end_of_all() -> None:
    """Every key comes after the beginning of either order, as texts compare and as their bytes do."""
    first, last = place_of(None, ASCENDING), place_of(None, DESCENDING)
    for key in KEYS:
        assert first.key < key < last.key
        assert first.key.encode() < key.encode() < last.key.encode()


def test_a_cursor_is_a_key() -> None:
    """A cursor means the same key in either order."""
    assert place_of(["k"], ASCENDING) == Place("k", descending=False)
    assert place_of(["k"], DESCENDING) == Place("k", descending=True)


def test_how_sql_says_it() -> None:
    """The next keys are above, or below and the other way round."""
    assert (Place("k", descending=False).sign, Place("k", descending=False).order) == (">", "")
    assert (Place("k", descending=True).sign, Place("k", descending=True).order) == ("<", " desc")


@pytest.mark.parametrize("cursor", [[], ["a", "b"], [1], [None]])
def test_what_is_no_cursor(cursor: list[Any]) -> None:
    """Anything but one key is refused."""
    with pytest.raises(ValueError, match="no cursor"):
        place_of(cursor, ASCENDING)
