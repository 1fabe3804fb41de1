"""Numbers of bytes as ``/status`` writes them: ``24.47 MiB``."""

from __future__ import annotations

import math

UNITS = {"k": ("KiB", 1 << 10), "m": ("MiB", 1 << 20), "g": ("GiB", 1 << 30)}


class SizeFormat:
    """How ``unit`` and ``scale`` of the query string want sizes written.

    :param unit: ``b``, ``k``, ``m`` or ``g``; bytes are written as a plain integer.
    :param scale: digits behind the point; what is no number counts as 2.
    :raises ValueError: with a text for the sender.
    """

    def __init__(self, unit: str = "m", scale: str = "2") -> None:
        self._unit = unit.lower()
        if self._unit not in ("b", *UNITS):
            raise ValueError(f"invalid unit '{unit}' (expected 'k/K', 'm/M', or 'g/G')")
        self._digits = _whole(scale)
        if self._digits < 0:
            raise ValueError("scale must be equal or greater than 0")

    def write(self, count: int) -> str | int:
        """A number of bytes in this format."""
        if self._unit == "b":
            return count
        suffix, factor = UNITS[self._unit]
        return f"{count / factor:.{self._digits}f} {suffix}"


def _whole(scale: str) -> int:
    try:
        value = float(scale)
    except ValueError:
        return 2
    # more digits than a float has say nothing
    return min(int(value), 20) if math.isfinite(value) else 2
