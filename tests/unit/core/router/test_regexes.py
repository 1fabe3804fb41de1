"""Regexes run in linear time, and what is said of them without running them is true."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twisted_kong.core.router.regexes import BadRegex, captures_of, compile_regex, decode, literal_prefix


@pytest.mark.parametrize(
    ("pattern", "literal"),
    [
        ("/users", "/users"),
        (r"/users/(?<id>\d+)$", "/users/"),
        (r"/v1\.0/x\-y", "/v1.0/x-y"),
        (r"/a\d", "/a"),
        (r"/ab?", "/a"),
        (r"/ab*c", "/a"),
        (r"/ab{0,2}", "/a"),
        (r"/ab+", "/a"),
        (r"/a\.?", "/a"),
        ("/a|/b", ""),
        ("/x/(a|b)/y", "/x/"),
        ("/x/(a)|(b)", ""),
        ("/x[|]y", ""),
        (r"/x\|y", ""),
        (r"\Q/a|b\E", ""),
        ("(?i)/a", ""),
        ("^/a", ""),
        ("/a$", "/a"),
        ("/é.", "/é"),
        ("", ""),
    ],
)
def test_literal_prefix(pattern: str, literal: str) -> None:
    """The text before the first thing that is not plain text, or less."""
    assert literal_prefix(pattern) == literal


pieces = st.sampled_from(
    [
        "/",
        "a",
        "b",
        "é",
        r"\.",
        r"\d",
        r"\|",
        "|",
        "(a|b)",
        "(",
        ")",
        "[ab]",
        "[|]",
        "?",
        "*",
        "+",
        "{2}",
        "$",
        "^",
        ".",
    ]
)


@settings(max_examples=150, deadline=None)
@given(pattern=st.lists(pieces, max_size=6).map("".join), subject=st.text("/abé.|1", max_size=6))
def test_literal_prefix_never_lies(pattern: str, subject: str) -> None:
    """Whatever a pattern bound to the start matches starts with its literal prefix."""
    try:
        regex = compile_regex("^" + pattern)
    except BadRegex:
        return
    if regex.search(subject.encode()) is not None:
        assert subject.startswith(literal_prefix(pattern))


@pytest.mark.parametrize("pattern", ["(?=a)", "(a", "a**", r"\1", "\udcff"])
def test_what_cannot_run_is_refused(pattern: str) -> None:
    """Syntax errors and features that need backtracking are told apart from patterns that run."""
    with pytest.raises(BadRegex) as caught:
        compile_regex(pattern)
    assert str(caught.value)


def test_captures_both_spellings() -> None:
    """Groups may be named as in Perl or as in Python."""
    match = compile_regex(r"/(?<a>\w)(?P<b>\w)(c)?").search(b"/xy")
    captures = captures_of(match)
    assert captures.named == {"a": "x", "b": "y"}
    assert captures.unnamed == ["x", "y", None]


def test_bytes_that_are_not_utf8_survive() -> None:
    """A captured piece that is not UTF-8 is kept as surrogates, like a normal path."""
    match = compile_regex("/([^/]*)").search(b"/a/b")
    assert captures_of(match).unnamed == ["a"]
    assert decode(b"\xff") == "\udcff"


def test_no_pattern_explodes() -> None:
    """A pattern that takes a backtracking engine seconds is answered at once."""
    assert compile_regex("(a+)+$").search(b"a" * 5000 + b"b") is None
