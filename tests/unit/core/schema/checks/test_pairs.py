from __future__ import annotations

import pytest

from twisted_kong.core.schema.checks.pairs import header_pair_both, header_pair_name, key_value_template


@pytest.mark.parametrize(
    ("pair", "text"),
    [
        ("x-a:1", None),
        ("x-a", None),
        ("x-a:b c:d", None),
        ("x a:1", "'x a' is not a valid header"),
        (":1", "'nil' is not a valid header"),
    ],
)
def test_the_name_is_that_of_a_header(pair: str, text: str | None) -> None:
    """Whatever follows the colon."""
    assert header_pair_name(pair) == text


@pytest.mark.parametrize(
    ("pair", "text"),
    [
        ("x-a:x-b", None),
        ("x a:x-b", "'x a' is not a valid header"),
        ("x-a:x b", "'x b' is not a valid header"),
        ("x-a:", "'' is not a valid header"),
    ],
)
def test_both_are_names_of_headers(pair: str, text: str | None) -> None:
    """Of a header that is renamed."""
    assert header_pair_both(pair) == text


@pytest.mark.parametrize(
    ("pair", "text"),
    [
        ("a:b", None),
        ("a::b", None),
        ("a:$(headers.x)\n", None),
        ("a", "key 'a' has no value"),
        (":b", "key 'nil' has no value"),
        ("a:", "key 'a' has no value"),
    ],
)
def test_there_is_a_value(pair: str, text: str | None) -> None:
    """A template or not."""
    assert key_value_template(pair) == text
