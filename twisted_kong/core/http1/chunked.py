"""The chunked transfer coding, decoded byte-exactly and without trusting the sender (RFC 9112 §7.1).

Extensions are read over and dropped, trailer fields are validated and dropped; both count against a budget,
so that a body of one-byte chunks with long extensions cannot burn our time.
"""

from __future__ import annotations

import re
from enum import Enum, auto

from twisted_kong.core.headers import TOKEN
from twisted_kong.core.http1.blocks import CRLF, OWS, VISIBLE
from twisted_kong.core.http1.errors import BadMessage

# A size line with its extension; a trailer section as a whole; all extensions and zeros of a body together.
LINE_LIMIT = 4096
TRAILER_LIMIT = 16384
OVERHEAD_LIMIT = 262144
_SIZE = re.compile(rb"0*([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?")


class _At(Enum):
    SIZE = auto()
    DATA = auto()
    DATA_END = auto()
    TRAILER = auto()
    END = auto()


class ChunkedReader:
    """Takes the bytes of a chunked body as they arrive; gives its content.

    ``done`` tells that the body ended; ``rest`` then holds the bytes that follow it.  After
    :exc:`BadMessage` the connection can only be closed.
    """

    __slots__ = ("_at", "_buffer", "_left", "_overhead", "_trailer", "done", "rest")

    def __init__(self) -> None:
        self._at = _At.SIZE
        self._buffer = b""
        self._left = 0
        self._overhead = 0
        self._trailer = 0
        self.done = False
        self.rest = b""

    def feed(self, data: bytes) -> bytes:
        """The content that these bytes complete, possibly none."""
        if self._buffer:
            data = self._buffer + data
            self._buffer = b""
        pieces: list[bytes] = []
        offset = 0
        while offset < len(data):
            if self._at is _At.DATA:
                taken = min(self._left, len(data) - offset)
                pieces.append(data[offset : offset + taken])
                offset += taken
                self._left -= taken
                if not self._left:
                    self._at = _At.DATA_END
                continue
            step = self._line(data, offset)
            if step is None:
                self._buffer = data[offset:]
                break
            offset = step
            if self._at is _At.END:
                self.done = True
                self.rest = data[offset:]
                break
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _line(self, data: bytes, offset: int) -> int | None:
        """Take one line, if it is there: the offset behind it."""
        if self._at is _At.DATA_END:
            return self._data_end(data, offset)
        end = data.find(CRLF, offset)
        limit = TRAILER_LIMIT if self._at is _At.TRAILER else LINE_LIMIT
        if (end if end >= 0 else len(data)) - offset > limit:
            raise BadMessage(400, "chunk line is too long")
        if end < 0:
            return None
        line = data[offset:end]
        if self._at is _At.SIZE:
            self._size(line)
        else:
            self._trailer_line(line)
        return end + 2

    def _data_end(self, data: bytes, offset: int) -> int | None:
        found = data[offset : offset + 2]
        if found == CRLF:
            self._at = _At.SIZE
            return offset + 2
        if found == b"\r":
            return None
        raise BadMessage(400, "chunk is not ended by CRLF")

    def _size(self, line: bytes) -> None:
        match = _SIZE.fullmatch(line)
        if match is None or line.translate(None, VISIBLE):
            raise BadMessage(400, "chunk size")
        self._overhead += len(line) - len(match[1])
        if self._overhead > OVERHEAD_LIMIT:
            raise BadMessage(400, "chunk extensions are too long")
        self._left = int(match[1], 16)
        self._at = _At.DATA if self._left else _At.TRAILER

    def _trailer_line(self, line: bytes) -> None:
        if not line:
            self._at = _At.END
            return
        self._trailer += len(line)
        if self._trailer > TRAILER_LIMIT:
            raise BadMessage(494, "trailer is too large")
        name, colon, value = line.partition(b":")
        if not colon or TOKEN.fullmatch(name) is None or value.strip(OWS).translate(None, VISIBLE):
            raise BadMessage(400, "trailer field")


class LengthReader:
    """Takes the bytes of a body of known length; same use as :class:`ChunkedReader`."""

    __slots__ = ("done", "left", "rest")

    def __init__(self, length: int) -> None:
        self.left = length
        self.done = not length
        self.rest = b""

    def feed(self, data: bytes) -> bytes:
        """The part of these bytes that belongs to the body."""
        size = len(data)
        if size < self.left:
            self.left -= size
            return data
        taken = self.left
        self.left = 0
        self.done = True
        if size == taken:
            return data
        self.rest = data[taken:]
        return data[:taken]


class CloseReader:
    """Takes a body that ends with the connection (responses only)."""

    __slots__ = ("done", "rest")

    def __init__(self) -> None:
        self.done = False
        self.rest = b""

    def feed(self, data: bytes) -> bytes:
        """All of it."""
        return data


BodyReader = LengthReader | ChunkedReader | CloseReader


def chunk(data: bytes) -> bytes:
    """One chunk holding this data, which must not be empty."""
    return b"%x\r\n%b\r\n" % (len(data), data)


LAST_CHUNK = b"0\r\n\r\n"
