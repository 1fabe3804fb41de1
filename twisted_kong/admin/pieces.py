"""JSON of many members, written one by one: at once it would take as long as many requests, and more memory.

What is written may be let go by whoever gave it before the next is made.
"""

from __future__ import annotations

from typing import Any

from twisted_kong.admin.answers import encode


class Members:
    """The inside of a JSON list or object, to which members are added."""

    def __init__(self) -> None:
        self._text = bytearray()

    def add(self, value: Any, name: str | None = None) -> None:
        """One more member, of a list or, with a name, of an object."""
        if self._text:
            self._text += b","
        if name is not None:
            self._text += encode(name) + b":"
        self._text += encode(value)

    def add_written(self, text: bytes, name: str) -> None:
        """One more member of an object, whose JSON is at hand."""
        if self._text:
            self._text += b","
        self._text += encode(name) + b":"
        self._text += text

    def as_list(self) -> bytes:
        """The list; nothing is kept of it."""
        return self._closed(b"[", b"]")

    def as_object(self) -> bytes:
        """The object; nothing is kept of it."""
        return self._closed(b"{", b"}")

    def _closed(self, left: bytes, right: bytes) -> bytes:
        text, self._text = self._text, bytearray()
        return b"".join((left, text, right))
