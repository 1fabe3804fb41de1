"""Text at the PDK's border and bytes behind it: header names and values, and sets of headers made ahead.

Header values are read as Latin-1, so that every byte sent is a character and comes back as the same byte.
Text that Latin-1 cannot hold is sent as UTF-8; bytes are sent as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice

from twisted_kong.core.headers import (
    Field,
    HeaderEdits,
    Headers,
    fields_of_lines,
    is_name,
    is_value,
    lines_of_fields,
)
from twisted_kong.core.query import gathered

Value = str | bytes | int | float
"""What may stand as a header's value."""
_FRAMING = frozenset((b"connection", b"content-length", b"host", b"te", b"transfer-encoding", b"upgrade"))
HeaderTable = Mapping[str, Value | list[Value]]
"""Headers by name, a list for a name that occurs more than once."""


def to_name(name: str) -> bytes:
    """A header's name as bytes; ValueError if it can be none."""
    return name.encode("latin-1")


def to_value(value: Value) -> bytes:
    """A header's value as bytes."""
    if isinstance(value, str):
        try:
            return value.encode("latin-1")
        except UnicodeEncodeError:
            return value.encode("utf-8", "surrogateescape")
    if isinstance(value, bytes):
        return value
    if isinstance(value, bool):
        return b"true" if value else b"false"
    if isinstance(value, int | float):
        return number_text(value).encode("ascii")
    raise TypeError(f"a header's value must be text or a number, not {type(value).__name__}")


def to_body(body: str | bytes) -> bytes:
    """A body as bytes; text is sent as UTF-8."""
    if isinstance(body, str):
        return body.encode("utf-8", "surrogateescape")
    if isinstance(body, bytes | bytearray | memoryview):
        return bytes(body)
    raise TypeError(f"a body must be text or bytes, not {type(body).__name__}")


def number_text(value: float) -> str:
    """A number without a needless fraction: 3, 0.5."""
    return str(int(value)) if value == int(value) else repr(value)


def fields_of(table: HeaderTable) -> list[Field]:
    """The fields of a table, sorted by name, in the order of each list."""
    return [(to_name(name), to_value(value)) for name in sorted(table) for value in _listed(table[name])]


def _listed(value: Value | list[Value]) -> list[Value]:
    return value if isinstance(value, list) else [value]


def table_of(fields: Iterable[Field], limit: int) -> dict[str, str | list[str]]:
    """Headers by lower-case name; a name that occurs more than once has a list."""
    return gathered(
        (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in islice(fields, limit)
    )


def entity_text(value: str) -> bytes:
    """Text of an entity as it is sent in a header: UTF-8, without what a header cannot hold."""
    raw = value.encode("utf-8", "replace")
    return raw if is_value(raw) else bytes(byte for byte in raw if byte >= 0x20 and byte != 0x7F)


class PreparedHeaders:
    """Some headers to set and some to remove, checked once and applied to many requests or answers.

    Beyond Kong: for plugins that set the same headers again and again.

    :raises ValueError: for a name or value that could not be sent.
    """

    __slots__ = ("fields", "lines", "names")

    def __init__(self, headers: HeaderTable, remove: Iterable[str] = ()) -> None:
        self.fields = fields_of(headers)
        for name, value in self.fields:
            if not is_name(name) or not is_value(value):
                raise ValueError(f"not a header: {name[:60]!r}: {value[:60]!r}")
            if name.lower() in _FRAMING:
                raise ValueError(f"not for a plugin to set: {name[:60]!r}")
        self.lines = lines_of_fields(self.fields)
        self.names = frozenset(name.lower() for name, _ in self.fields) | {
            to_name(name).lower() for name in remove
        }

    def apply(self, target: HeaderEdits | Headers) -> None:
        """Carry them out."""
        put_lines(target, self.names, self.lines)


def put_lines(target: HeaderEdits | Headers, names: frozenset[bytes], lines: bytes) -> None:
    """Replace all fields of these lower-case names by lines, each with its CRLF, known to be good."""
    if isinstance(target, HeaderEdits):
        target.put_lines(names, lines)
        return
    for name in names:
        target.remove(name)
    for name, value in fields_of_lines(lines):
        target.add(name, value)
