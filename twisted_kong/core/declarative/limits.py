"""What the reader of a document puts up with: a few bytes of text must not become gigabytes of values."""

from __future__ import annotations

from dataclasses import dataclass

from twisted_kong.core.declarative.problems import DocumentError


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one document.

    :param values: how many scalars, lists and mappings, each repetition by an alias counted anew.
    :param depth: how deep they may be nested.
    """

    values: int = 5_000_000
    depth: int = 50


DEFAULT = Limits()


class Budget:
    """How much of the bounds is left while a document is read."""

    __slots__ = ("_limits", "left")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.left = limits.values

    def spend(self, values: int, line: int | None = None) -> None:
        """Count values; :class:`DocumentError` where they are too many."""
        self.left -= values
        if self.left < 0:
            raise DocumentError(f"the document holds more than {self._limits.values} values", line)

    def descend(self, depth: int, line: int | None = None) -> None:
        """Go down to a depth; :class:`DocumentError` where it is too deep."""
        if depth > self._limits.depth:
            raise DocumentError(f"the document is nested more than {self._limits.depth} levels deep", line)
