from __future__ import annotations

import pytest

from twisted_kong.core.patterns import InvalidPattern, compile_pattern


def test_a_pattern_finds_its_groups() -> None:
    """Named and numbered groups can be read from a match."""
    match = compile_pattern(r"^/u/(?<user>[a-z]+)/([0-9]+)").match("/u/ann/7/more")
    assert match is not None
    assert match.groupdict() == {"user": "ann"}
    assert match.groups() == ("ann", "7")


def test_a_dollar_is_the_very_end() -> None:
    """A newline at the end of a text is part of the text."""
    assert compile_pattern("^[A-Z]+$").search("GET\n") is None


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("/re(", "missing closing parenthesis"),
        ("/a[", "missing terminating ] for character class"),
        ("*a", "quantifier does not follow a repeatable item"),
        ("a)", "unmatched closing parenthesis"),
        ("(?=x)", "look-around is not supported: (?="),
        ("(?<!x)y", "look-around is not supported: (?<!"),
        ("(a)\\1", "back references are not supported: \\1"),
        ("(?<n>a)\\k<n>", "back references are not supported: \\k"),
        ("(?>a)", "atomic groups are not supported: (?>"),
        ("a++", "possessive quantifiers are not supported: ++"),
        ("\\Ka", "invalid escape sequence \\K"),
    ],
)
def test_what_cannot_be_run_is_refused_with_its_reason(pattern: str, reason: str) -> None:
    """The reason is PCRE's text where that is known, what re2 lacks where PCRE has it, else re2's text."""
    with pytest.raises(InvalidPattern) as caught:
        compile_pattern(pattern)
    assert caught.value.reason == reason
    assert caught.value.pattern == pattern


def test_a_pattern_is_compiled_once() -> None:
    """Routes share patterns, and compiling costs far more than matching."""
    assert compile_pattern("^/once$") is compile_pattern("^/once$")
