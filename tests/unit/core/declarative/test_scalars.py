"""What plain scalars mean, and which texts may be written as one."""

from __future__ import annotations

from typing import Any

import pytest

from twisted_kong.core.declarative.scalars import NotFinite, can_be_plain, number, resolved


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[("", None), ("~", None), ("null", None), ("Null", None)],
        *[("true", True), ("Yes", True), ("ON", True), ("no", False), ("Off", False)],
        *[("0", 0), ("-12", -12), ("+7", 7), ("1_000", 1000), ("0x1F", 31), ("0b101", 5), ("010", 8)],
        *[("1.5", 1.5), ("-.5", -0.5), ("1e3", 1000.0), ("1.0e-3", 0.001), ("1.", 1.0)],
        *[("12:30", "12:30"), ("2024-01-01", "2024-01-01"), ("1.2.3.4", "1.2.3.4"), ("08", "08")],
        *[("nulls", "nulls"), ("y", "y"), ("a b", "a b"), ("0x", "0x"), ("-", "-"), ("_1", "_1")],
    ],
)
def test_meaning(text: str, value: Any) -> None:
    """YAML 1.1's core types; dates and base-60 numbers are texts."""
    assert repr(resolved(text)) == repr(value)


@pytest.mark.parametrize("text", [".inf", "-.INF", ".nan", "1e999"])
def test_no_field_can_hold_infinity(text: str) -> None:
    """Nor what is no number."""
    with pytest.raises(NotFinite):
        resolved(text)


def test_very_long_numbers_are_texts() -> None:
    """Reading one would take time that grows with the square of its length."""
    assert resolved("1" * 5000) == "1" * 5000


def test_plain_texts_mean_themselves() -> None:
    """To us and to every other reader."""
    for text in ("name", "a.b-c_d/e", "/path", "two words", "a:b"):
        assert can_be_plain(text)
        assert resolved(text) == text
    for text in (
        "",
        "yes",
        "y",
        "null",
        "1",
        "-a",
        "a: b",
        "a #b",
        " a",
        "a ",
        "#a",
        "a,b",
        "é",
        "1.5",
        "=",
        "a:",
    ):
        assert not can_be_plain(text)


@pytest.mark.parametrize("value", [0, -1, 2**63, 1.5, 1e16, 1e-7, 1.0, 123456789.123])
def test_numbers(value: float) -> None:
    """They read as what they were, of the same type."""
    assert repr(resolved(number(value))) == repr(value)
