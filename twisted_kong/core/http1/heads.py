"""The parsed heads of requests and responses, as values."""

from __future__ import annotations

import re
from typing import Any

from typing_extensions import override

from twisted_kong.core.headers import Headers
from twisted_kong.core.http1.shapes import Shape

CHUNKED = -1
UNTIL_CLOSE = -2
_NO_NAMES: frozenset[bytes] = frozenset()


class BlockHeaders(Headers):
    """The fields of a block for reading: single ones are found in the bytes, all are listed only if asked."""

    __slots__ = ("_block",)

    def __init__(self, block: FieldBlock) -> None:
        self._block = block
        self._index = None

    def __getattr__(self, name: str) -> Any:
        if name == "_fields":
            self._fields = [(line[: line.index(b":")], value) for _, value, line in self._block.fields]
            return self._fields
        raise AttributeError(name)

    @override
    def get(self, name: bytes, default: bytes | None = None) -> bytes | None:
        values = self._block.get_all(name.lower())
        return values[0] if values else default

    @override
    def get_all(self, name: bytes) -> list[bytes]:
        return self._block.get_all(name.lower())

    @override
    def __contains__(self, name: bytes) -> bool:
        return bool(self._block.get_all(name.lower()))

    @override
    def set(self, name: bytes, value: bytes) -> None:
        raise TypeError("the fields of a message as received cannot be changed")

    add = set

    @override
    def remove(self, name: bytes) -> None:
        raise TypeError("the fields of a message as received cannot be changed")


class FieldBlock:
    """A header block that passed every rule, with what framing and forwarding need to know of it.

    ``raw`` is the block as received, each line with its CRLF; ``shape`` what the names alone tell of it.
    ``forward`` holds the bytes of the lines that go on untouched, ``nominated`` the lower-case names listed
    in ``Connection``.  ``length`` is the announced length of the body, or ``CHUNKED``, or None where the
    block announces nothing.  ``host`` is the Host field, ``name`` and ``port`` its parts: lower case, and 0
    for no port; ``domain`` is the name as text.
    ``memo`` and ``logged`` are room for what forwarding and the access log made of this block.  One block is
    shared by all requests of a connection that send the same bytes.

    :param shape: of ``raw``; made of it where nobody has it at hand.
    :param lines: the lines of ``raw``, or
    :param match: what ``shape.look`` found in it.
    """

    __slots__ = (
        "_fields",
        "_headers",
        "_lines",
        "_match",
        "_special",
        "close",
        "domain",
        "forward",
        "host",
        "keep_alive",
        "length",
        "logged",
        "memo",
        "name",
        "nominated",
        "port",
        "raw",
        "shape",
    )

    def __init__(
        self,
        raw: bytes,
        shape: Shape | None = None,
        lines: list[bytes] | None = None,
        match: re.Match[bytes] | None = None,
    ) -> None:
        self.raw = raw
        self._lines = lines
        self._match = match
        self.shape = _shape_of(self.lines) if shape is None else shape
        self.forward = b""
        self.nominated = _NO_NAMES
        self.close = False
        self.keep_alive = False
        self.length: int | None = None
        self.host: bytes | None = None
        self.name = b""
        self.domain = ""
        self.port = 0
        self.memo: Any = None
        self.logged: str | None = None
        self._headers: BlockHeaders | None = None
        self._fields: list[tuple[bytes, bytes, bytes]] | None = None
        self._special: dict[bytes, list[bytes]] | None = None

    @property
    def lines(self) -> list[bytes]:
        """The lines of ``raw``, without their ends."""
        lines = self._lines
        if lines is None:
            lines = self._lines = self.raw.split(b"\r\n")
            lines.pop()
        return lines

    @property
    def fields(self) -> list[tuple[bytes, bytes, bytes]]:
        """(lower-case name, value, the whole line) of each field, in order."""
        fields = self._fields
        if fields is None:
            fields = self._fields = [
                (name, line[len(name) + 1 :].strip(b" \t"), line)
                for name, line in zip(self.shape.names, self.lines, strict=True)
            ]
        return fields

    @property
    def special(self) -> dict[bytes, list[bytes]]:
        """The values of the fields that the proxy itself deals with, by lower-case name."""
        special = self._special
        if special is None:
            special = self._special = {name: self.get_all(name) for name in self.shape.special}
        return special

    @property
    def headers(self) -> Headers:
        """The fields for reading; shared, and refuses to be changed."""
        headers = self._headers
        if headers is None:
            headers = self._headers = BlockHeaders(self)
        return headers

    def lacks(self, names: frozenset[bytes]) -> bool:
        """Whether there is no field of any of these lower-case names."""
        return names.isdisjoint(self.shape.places)

    def get_all(self, name: bytes) -> list[bytes]:
        """The values of the fields of a lower-case name, found without listing all fields."""
        places = self.shape.places.get(name)
        if places is None:
            return []
        lines = self.lines
        behind = len(name) + 1
        return [lines[place][behind:].strip(b" \t") for place in places]

    def only(self, name: bytes) -> bytes | None:
        """The value of the one field of a lower-case name; None if there is none, or more than one."""
        match = self._match
        if match is not None:
            group = self.shape.single.get(name)
            return None if group is None else match[group].strip(b" \t")
        places = self.shape.places.get(name)
        if places is None or len(places) > 1:
            return None
        return self.lines[places[0]][len(name) + 1 :].strip(b" \t")


def _shape_of(lines: list[bytes]) -> Shape:
    spelled = [line.partition(b":")[0] for line in lines]
    return Shape(spelled, [name.lower() for name in spelled], _NO_NAMES)


class RequestHead:
    """One request line with its header block.

    ``target`` is the request target in origin form as received (an absolute form has lost its authority,
    which then is ``host``); ``path`` ends before the first ``?``, ``query`` is what follows, None without it.
    ``normal`` is the path in its normal form (:func:`~twisted_kong.core.urls.normalise_path`).
    ``minor`` is the minor version of HTTP/1.  ``host`` is the authority asked for, with its port, as sent;
    empty only for HTTP/1.0 without Host; ``name`` and ``port`` are its parts: lower case, and 0 for no port;
    ``domain`` is the name as text.
    ``persistent`` tells that the client lets the connection stay.  ``memo`` is room for what was made of this
    head; like the block it is shared by the requests of one connection that send the same bytes.
    """

    __slots__ = (
        "block",
        "domain",
        "host",
        "line",
        "memo",
        "method",
        "minor",
        "name",
        "normal",
        "path",
        "persistent",
        "port",
        "query",
        "target",
    )

    def __init__(
        self,
        line: bytes,
        method: bytes,
        target: bytes,
        path: bytes,
        query: bytes | None,
        minor: int,
        host: bytes,
        block: FieldBlock,
        normal: str = "",
    ) -> None:
        self.line = line
        self.method = method
        self.target = target
        self.path = path
        self.normal = normal
        self.query = query
        self.minor = minor
        self.host = host
        self.name = block.name
        self.domain = block.domain
        self.port = block.port
        self.block = block
        self.persistent = not block.close and (minor > 0 or block.keep_alive)
        self.memo: Any = None

    @property
    def headers(self) -> Headers:
        """The fields for reading; shared, so never to be changed."""
        return self.block.headers


class ResponseHead:
    """One status line with its header block; ``reason`` may be empty.

    ``line`` is the status line to send on: always HTTP/1.1, whatever the Service spoke.  ``length`` is how
    long the body is unless the request was a HEAD: a number of bytes, ``CHUNKED`` or ``UNTIL_CLOSE``.
    ``persistent`` tells that the Service keeps its connection.
    """

    __slots__ = ("block", "length", "line", "minor", "persistent", "reason", "status")

    def __init__(self, status: int, reason: bytes, minor: int, line: bytes, block: FieldBlock) -> None:
        self.status = status
        self.reason = reason
        self.minor = minor
        self.line = line
        self.block = block
        # RFC 9112 §6.3 and §9.3.
        if status in (204, 304) or status < 200:
            self.length = 0
        else:
            self.length = UNTIL_CLOSE if block.length is None else block.length
        self.persistent = not block.close and (minor > 0 or block.keep_alive)

    @property
    def headers(self) -> Headers:
        """The fields for reading; shared, so never to be changed."""
        return self.block.headers
