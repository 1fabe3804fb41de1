"""Numbers of bytes as text."""

from __future__ import annotations

import pytest

from twisted_kong.admin.sizes import SizeFormat


@pytest.mark.parametrize(
    ("unit", "scale", "text"),
    [
        ("m", "2", "24.47 MiB"),
        ("M", "0", "24 MiB"),
        ("k", "1", "25057.6 KiB"),
        ("g", "3", "0.024 GiB"),
        ("b", "2", 25659000),
        ("m", "x", "24.47 MiB"),
    ],
)
def test_units_and_scales(unit: str, scale: str, text: str | int) -> None:
    """Sizes are written in the unit and with the digits asked for; a scale that is no number is ignored."""
    assert SizeFormat(unit, scale).write(25659000) == text


@pytest.mark.parametrize(
    ("unit", "scale", "reason"), [("x", "2", "invalid unit 'x'"), ("m", "-1", "scale must be")]
)
def test_nonsense_is_refused(unit: str, scale: str, reason: str) -> None:
    """An unknown unit and a negative scale are refused."""
    with pytest.raises(ValueError, match=reason):
        SizeFormat(unit, scale)


def test_scales_are_bounded() -> None:
    """An absurd scale costs nothing."""
    assert len(str(SizeFormat("m", "1e9").write(1))) < 40
    assert SizeFormat("m", "inf").write(1 << 20) == "1.00 MiB"
