"""The parsed heads of requests and responses, as values."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.headers import Headers

CHUNKED = -1
UNTIL_CLOSE = -2


class FieldBlock:
    """A header block that passed every rule, with what framing and forwarding need to know of it.

    ``raw`` is the block as received, each line with its CRLF.  ``fields`` holds (lower-case name, value, the
    whole line) in order; ``forward`` the bytes of the lines that go on untouched, ``nominated`` the
    lower-case names listed in ``Connection``.  ``length`` is the announced length of the body, or
    ``CHUNKED``, or None where the block announces nothing.  ``special`` maps the lower-case names that the
    proxy itself deals with to their values.  ``memo`` is room for who wants to remember what was made of
    this block.  One block is shared by all requests of a connection that send the same bytes.
    """

    __slots__ = (
        "_headers",
        "close",
        "fields",
        "forward",
        "host",
        "keep_alive",
        "length",
        "memo",
        "nominated",
        "raw",
        "special",
    )

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.fields: list[tuple[bytes, bytes, bytes]] = []
        self.forward = b""
        self.nominated: frozenset[bytes] = frozenset()
        self.close = False
        self.keep_alive = False
        self.length: int | None = None
        self.host: bytes | None = None
        self.special: dict[bytes, list[bytes]] = {}
        self.memo: Any = None
        self._headers: Headers | None = None

    @property
    def headers(self) -> Headers:
        """The fields for reading; shared, so never to be changed."""
        headers = self._headers
        if headers is None:
            headers = self._headers = Headers(
                (line[: line.index(b":")], value) for _, value, line in self.fields
            )
        return headers


class RequestHead:
    """One request line with its header block.

    ``target`` is the request target in origin form as received (an absolute form has lost its authority,
    which then is ``host``); ``path`` ends before the first ``?``, ``query`` is what follows, None without it.
    ``minor`` is the minor version of HTTP/1.  ``host`` is the authority asked for, with its port, as sent;
    empty only for HTTP/1.0 without Host.  ``memo`` is room for what was made of this head; like the block it is
    shared by the requests of one connection that send the same bytes.
    """

    __slots__ = ("block", "host", "line", "memo", "method", "minor", "path", "query", "target")

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
    ) -> None:
        self.line = line
        self.method = method
        self.target = target
        self.path = path
        self.query = query
        self.minor = minor
        self.host = host
        self.block = block
        self.memo: Any = None

    @property
    def headers(self) -> Headers:
        """The fields for reading; shared, so never to be changed."""
        return self.block.headers


class ResponseHead:
    """One status line with its header block; ``reason`` may be empty.

    ``line`` is the status line to send on: always HTTP/1.1, whatever the Service spoke.
    """

    __slots__ = ("block", "line", "minor", "reason", "status")

    def __init__(self, status: int, reason: bytes, minor: int, line: bytes, block: FieldBlock) -> None:
        self.status = status
        self.reason = reason
        self.minor = minor
        self.line = line
        self.block = block

    @property
    def headers(self) -> Headers:
        """The fields for reading; shared, so never to be changed."""
        return self.block.headers
