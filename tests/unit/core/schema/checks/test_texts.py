from __future__ import annotations

import pytest

from twisted_kong.core.schema.checks.texts import header_name, http_token, tag, utf8_name


@pytest.mark.parametrize("value", ["a", "a b!~", "Ünï", "🦍"])
def test_tags_are_printable(value: str) -> None:
    """Blanks and anything beyond ASCII may stand in a tag."""
    assert tag(value) is None


@pytest.mark.parametrize("value", ["a,b", "a/b", "a\tb", "a\n", "\x7f"])
def test_tags_hold_no_separators(value: str) -> None:
    """The tag filter could not name them."""
    expected = (
        f"invalid tag '{value}': expected printable ascii (except `,` and `/`) or valid utf-8 sequences"
    )
    assert tag(value) == expected


def test_names_are_letters_digits_and_a_few_signs() -> None:
    """Anything beyond ASCII is a letter."""
    assert utf8_name("a.b-c_d~Ü9") is None
    assert utf8_name("a b") == (
        "invalid value 'a b': the only accepted ascii characters are alphanumerics or ., -, _, and ~"
    )
    assert utf8_name("a\n") is not None


def test_header_names_are_plain() -> None:
    """As Kong has them, stricter than HTTP."""
    assert header_name("X-a_1") is None
    assert header_name("a b") == ("bad header name 'a b', allowed characters are A-Z, a-z, 0-9, '_', and '-'")
    assert header_name("ä") is not None


def test_tokens_hold_no_separators() -> None:
    """The name of a cookie ends where one stands."""
    assert http_token("a!#$b") is None
    for bad in ("a b", "a=b", "a;b", "a\x00", "ä", "a\n"):
        assert str(http_token(bad)).startswith("contains one or more invalid characters.")
