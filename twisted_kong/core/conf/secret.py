"""A value that must not show up where configuration is printed or logged."""

from __future__ import annotations

from typing_extensions import override

MASK = "******"
"""What stands in a secret's place, as in Kong."""


class Secret:
    """Holds a secret text; only :meth:`reveal` tells it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself; never to be logged or put into an answer."""
        return self._text

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    @override
    def __hash__(self) -> int:
        return hash(self._text)

    @override
    def __repr__(self) -> str:
        return MASK
