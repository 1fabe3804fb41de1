"""Errors show the place, as Kong's parser does."""

from __future__ import annotations

from twisted_kong.core.router.expressions.errors import at_place


def test_the_line_is_shown_with_its_number() -> None:
    """The gutter is as wide as the number of the line."""
    assert (
        str(at_place("()", 1, 2, "expected term"))
        == " --> 1:2\n  |\n1 | ()\n  |  ^---\n  |\n  = expected term"
    )
    text = "\n" * 9 + "x"
    assert str(at_place(text, 10, 1, "why")) == "  --> 10:1\n   |\n10 | x\n   | ^---\n   |\n   = why"


def test_a_place_behind_the_last_line_shows_an_empty_one() -> None:
    """Nothing is shown of a line that is not there."""
    assert "2 | \n" in str(at_place("a", 2, 1, "why"))
