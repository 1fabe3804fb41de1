"""Whatever the text is, reading it gives a tree or the one named error, soon."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kit.expressions import nodes
from twisted_kong.core.router.expressions.errors import ExpressionError
from twisted_kong.core.router.expressions.parsing import MOST_LENGTH, MOST_PREDICATES, parse
from twisted_kong.core.router.expressions.syntax import Node


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("", "1:1", "expected term"),
        ("()", "1:2", "expected term"),
        ('http.path "x"', "1:11", "expected binary_operator"),
        ("http.path == ", "1:14", "expected rhs"),
        ('http.path == "x', "1:14", "expected rhs"),
        ('http.path == "\\q"', "1:14", "expected rhs"),
        ("http.path == http.host", "1:14", "expected rhs"),
        ('a == "b" c', "1:10", "expected EOI, and_op, or or_op"),
        ('a == "b" & c == "d"', "1:10", "expected EOI, and_op, or or_op"),
        ('(a == "b"', "1:10", "expected closing parenthesis"),
        ('a == "b"\n  && ', "2:6", "expected term"),
        ("lower(1)", "1:7", "expected lhs"),
        ('lower(a == "b")', "1:9", "expected closing parenthesis"),
        ('!a == "b"', "1:2", "expected parenthesised_expression"),
        ('A == "b"', "1:1", "expected term"),
        ('a.b. == "b"', "1:4", "expected binary_operator"),
    ],
)
def test_errors_tell_the_place_and_what_was_expected(text: str, place: str, reason: str) -> None:
    """A text that is no expression is shown with the place, in Kong's form."""
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert str(caught.value).startswith(f" --> {place}\n  |\n")
    assert str(caught.value).endswith(f"= {reason}")


def test_the_recorded_error_of_kong() -> None:
    """Kong 3.9.1 was asked for an empty pair of parentheses."""
    with pytest.raises(ExpressionError) as caught:
        parse("()")
    assert str(caught.value) == " --> 1:2\n  |\n1 | ()\n  |  ^---\n  |\n  = expected term"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('a == "' + "x" * MOST_LENGTH + '"', "longer than"),
        (" && ".join(["a==1"] * (MOST_PREDICATES + 1)), "more than"),
        ("(" * 65 + "a==1" + ")" * 65, "nested deeper"),
        ('a == "\ud800"', "not valid UTF-8"),
    ],
)
def test_limits(text: str, reason: str) -> None:
    """What is too long, too many or too deep is refused, and so is what is no text."""
    with pytest.raises(ExpressionError, match=reason):
        parse(text)


PIECES = [
    *(
        "(",
        ")",
        "!",
        "&&",
        "||",
        "==",
        "!=",
        "~",
        "^=",
        "=^",
        ">",
        "<=",
        "in",
        "not",
        "contains",
        "&",
        "|",
        "=",
    ),
    *(
        "a",
        "http.path",
        "any(",
        "lower(",
        '"x"',
        '"',
        "\\",
        'r#"',
        '"#',
        "#",
        "1",
        "-",
        "0x",
        "1.2.3.4",
        "::",
        "/8",
    ),
    *(" ", "\n", "\0", "é", "\ud800", "."),
]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join) | st.text(max_size=30))
def test_anything_gives_a_tree_or_the_named_error(text: str) -> None:
    """No other exception comes out, and a tree that comes out can be printed and read again."""
    try:
        node = parse(text)
    except ExpressionError:
        return
    assert parse(str(node)) == node


@settings(max_examples=100, deadline=None)
@given(nodes, st.data())
def test_damaged_expressions(node: Node, data: st.DataObject) -> None:
    """A well-formed text with a piece cut out or put in gives a tree or the named error."""
    text = str(node)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 4)))
    try:
        parse(text[:start] + data.draw(st.sampled_from(["", *PIECES])) + text[end:])
    except ExpressionError:
        return


@pytest.mark.parametrize(
    "text",
    [
        "(" * MOST_LENGTH,
        "!(" * (MOST_LENGTH // 2),
        "lower(" * (MOST_LENGTH // 6),
        '"' * MOST_LENGTH,
        'a == "' + '\\"' * (MOST_LENGTH // 2 - 4),
        'r#"' * (MOST_LENGTH // 3),
        "a==1&&" * (MOST_LENGTH // 6),
        "a == " + "1" * (MOST_LENGTH - 5),
        "a == " + ":" * (MOST_LENGTH - 5),
        "a == " + "1:" * (MOST_LENGTH // 2 - 3),
        " " * MOST_LENGTH,
        "a." * (MOST_LENGTH // 2),
        "a == " + "1." * (MOST_LENGTH // 2 - 3),
    ],
)
def test_hostile_texts_are_refused_soon(text: str) -> None:
    """The longest texts take no more than a moment, whatever they consist of."""
    started = process_time()
    with pytest.raises(ExpressionError):
        parse(text)
    assert process_time() - started < 1.5
