"""Header fields as an ordered multimap of bytes, and edits recorded to be applied to a block not yet seen.

Names keep the spelling they came in with and compare without regard to case (RFC 9110 §5.1).  Values are
bytes as on the wire, without the white space around them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from typing_extensions import override

# RFC 9110 §5.6.2: token.
TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_CONTROLS = bytes(range(0x09)) + bytes(range(0x0A, 0x20)) + b"\x7f"

Field = tuple[bytes, bytes]
_NO_NAMES: frozenset[bytes] = frozenset()


def is_name(name: bytes) -> bool:
    """Whether this may stand as a field name: a token (RFC 9110 §5.1)."""
    return TOKEN.fullmatch(name) is not None


def is_value(value: bytes) -> bool:
    """Whether this may stand as a field value: no control characters but the tab (RFC 9110 §5.5)."""
    return value.translate(None, _CONTROLS) == value


def _checked(name: bytes, value: bytes) -> Field:
    if not is_name(name):
        raise ValueError(f"not a header name: {name[:60]!r}")
    value = value.strip(b" \t")
    if not is_value(value):
        raise ValueError(f"not a header value: {value[:60]!r}")
    return name, value


class Headers:
    """Fields in order; several may share a name.

    Reading is open to everybody.  Changing refuses what could not be sent with :exc:`ValueError`, so that no
    plugin can split a message in two.
    """

    __slots__ = ("_fields", "_index")

    def __init__(self, fields: Iterable[Field] = ()) -> None:
        self._fields: list[Field] = list(fields)
        self._index: dict[bytes, list[bytes]] | None = None

    def _values(self) -> dict[bytes, list[bytes]]:
        index = self._index
        if index is None:
            index = self._index = {}
            for name, value in self._fields:
                index.setdefault(name.lower(), []).append(value)
        return index

    def get(self, name: bytes, default: bytes | None = None) -> bytes | None:
        """The first value of a field, or the default."""
        values = self._values().get(name.lower())
        return values[0] if values else default

    def get_all(self, name: bytes) -> list[bytes]:
        """Every value of a field, in order; not to be changed by the caller."""
        return self._values().get(name.lower(), [])

    def set(self, name: bytes, value: bytes) -> None:
        """Replace every field of this name by one."""
        field = _checked(name, value)
        self.remove(name)
        self._fields.append(field)
        self._index = None

    def add(self, name: bytes, value: bytes) -> None:
        """Append a field, whether or not the name is there already."""
        self._fields.append(_checked(name, value))
        self._index = None

    def remove(self, name: bytes) -> None:
        """Drop every field of this name; nothing happens where there is none."""
        lower = name.lower()
        if lower in self._values():
            self._fields = [field for field in self._fields if field[0].lower() != lower]
            self._index = None

    def items(self) -> list[Field]:
        """The fields in order, as (name as spelled, value); not to be changed by the caller."""
        return self._fields

    def copy(self) -> Headers:
        """An independent copy."""
        return Headers(self._fields)

    def __contains__(self, name: bytes) -> bool:
        return name.lower() in self._values()

    def __len__(self) -> int:
        return len(self._fields)

    def __iter__(self) -> Iterator[Field]:
        return iter(self._fields)

    @override
    def __repr__(self) -> str:
        return f"Headers({self._fields!r})"


class HeaderEdits:
    """Changes to header fields, recorded now and applied when the message is built.

    What is not touched can then be forwarded as the bytes it came in.  ``removed`` holds lower-case names
    whose received lines go; ``added`` the fields that are appended, in order, after ``lines``: fields that
    were given as they are to be sent.  The later edit wins.

    :param names: and
    :param lines: a first :meth:`put_lines`.
    """

    __slots__ = ("_named", "added", "lines", "removed")

    def __init__(self, names: frozenset[bytes] = _NO_NAMES, lines: bytes = b"") -> None:
        # Never changed in place: what plugins prepared is shared by all requests (0.5 µs a request).
        self.removed = names
        self.added: tuple[Field, ...] = ()
        self.lines = lines
        # The lower-case names of what is in lines.
        self._named = names

    def set(self, name: bytes, value: bytes) -> None:
        """Let there be exactly one field of this name."""
        field = _checked(name, value)
        self.remove(name)
        self.added += (field,)

    def add(self, name: bytes, value: bytes) -> None:
        """Append one more field of this name."""
        self.added += (_checked(name, value),)

    def remove(self, name: bytes) -> None:
        """Let there be no field of this name."""
        lower = name.lower()
        self.removed |= {lower}
        if lower in self._named:
            self._unfold()
        if self.added:
            self.added = tuple(field for field in self.added if field[0].lower() != lower)

    def put_lines(self, names: frozenset[bytes], lines: bytes) -> None:
        """Replace all fields of these lower-case names by lines, each with its CRLF, known to be good.

        None of the names may frame a message.
        """
        self.removed = self.removed | names if self.removed else names
        if not self.lines and not self.added:
            self.lines = lines
            self._named = names
            return
        if not self._named.isdisjoint(names):
            self._unfold()
        if self.added:
            self.added = tuple(field for field in self.added if field[0].lower() not in names)
        self.lines += lines
        self._named |= names

    def _unfold(self) -> None:
        self.added = (*fields_of_lines(self.lines), *self.added)
        self.lines, self._named = b"", _NO_NAMES

    def fields(self) -> tuple[Field, ...]:
        """All fields that are appended."""
        return (*fields_of_lines(self.lines), *self.added) if self.lines else self.added

    def apply(self, headers: Headers) -> None:
        """Carry the edits out on a set of fields."""
        for name in self.removed:
            headers.remove(name)
        for name, value in self.fields():
            headers.add(name, value)

    def get_all(self, name: bytes, received: Headers) -> list[bytes]:
        """The values that a field will have once the edits are applied to what was received."""
        lower = name.lower()
        kept = [] if lower in self.removed else received.get_all(lower)
        added = self.fields() if lower in self._named else self.added
        return [*kept, *(value for other, value in added if other.lower() == lower)]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.lines)


def lines_of_fields(fields: Iterable[Field]) -> bytes:
    """Fields as they are sent, each line with its CRLF."""
    return b"".join(b"%b: %b\r\n" % field for field in fields)


def fields_of_lines(lines: bytes) -> list[Field]:
    """The fields of lines made by :func:`lines_of_fields`."""
    fields = []
    for line in lines.split(b"\r\n")[:-1]:
        name, _, value = line.partition(b": ")
        fields.append((name, value))
    return fields
