"""Request heads: the request line, the forms of its target, limits, and the fast path for repeated heads."""

from __future__ import annotations

import re
from dataclasses import dataclass

from twisted_kong.core.headers import TOKEN
from twisted_kong.core.http1.blocks import CRLF, VISIBLE, frame_request, parse_block, split_host
from twisted_kong.core.http1.errors import BadMessage
from twisted_kong.core.http1.heads import CHUNKED, FieldBlock, RequestHead
from twisted_kong.core.http1.names import REQUEST_NAMES
from twisted_kong.core.urls import normalise_path

HEAD_END = b"\r\n\r\n"
_TARGET = bytes(range(0x21, 0x7F)) + bytes(range(0x80, 0x100))
_VERSION = re.compile(rb"HTTP/([0-9])\.([0-9])")
_BAD_TRIPLET = re.compile(rb"%(?![0-9A-Fa-f]{2})|%00")
_ABSOLUTE = re.compile(rb"https?://([^/?]*)(.*)", re.IGNORECASE)
_METHODS = frozenset((b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"PATCH"))
# nginx answers these itself, so no Route ever sees them.
_REFUSED = frozenset((b"CONNECT", b"TRACE"))
# Request lines up to this length that were found to be good, and what they say; all forgotten when full.  It
# depends on nothing but the bytes, so it can never be out of date (1.5 µs a request for paths asked again).
_SHORT = 256
_REMEMBERED = 4096
_LEADING_LINES = 4
_LINES: dict[bytes, Line] = {}


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a head may be, in bytes; ``fields`` counts lines.

    Kong: ``large_client_header_buffers`` is 4 × 8k, a longer request line is a 414, a longer field a 494.
    """

    line: int = 8192
    field: int = 8192
    head: int = 65536
    fields: int = 1000


def _is_target(target: bytes) -> bool:
    return bool(target) and not target.translate(None, _TARGET)


def parse_request_line(line: bytes) -> tuple[bytes, bytes, int]:
    """Method, target and minor version; :exc:`BadMessage` with the status that the fault deserves."""
    parts = line.split(b" ")
    if len(parts) != 3:
        raise BadMessage(400, "request line")
    method, target, version = parts
    if method not in _METHODS:
        if TOKEN.fullmatch(method) is None:
            raise BadMessage(400, "method")
        # Kong: nginx refuses methods that are not upper case.
        if method != method.upper():
            raise BadMessage(400, "method")
    if not _is_target(target):
        raise BadMessage(400, "request target")
    if version == b"HTTP/1.1":
        return method, target, 1
    if version == b"HTTP/1.0":
        return method, target, 0
    match = _VERSION.fullmatch(version)
    if match is None or match[1] == b"0":
        raise BadMessage(400, "protocol version")
    if match[1] != b"1":
        raise BadMessage(505, "protocol version")
    return method, target, 1


def _authority(target: bytes) -> tuple[bytes | None, bytes]:
    """Split a target that is not in origin form: the authority it names, and what remains of it."""
    match = _ABSOLUTE.fullmatch(target)
    if match is None:
        raise BadMessage(400, "form of the request target")
    split_host(match[1])
    rest = match[2]
    return match[1], rest if rest[:1] == b"/" else b"/" + rest


def _check_path(path: bytes) -> None:
    """Refuse a path that no two servers would decode alike, or that climbs above its root (Kong: 400)."""
    if b"%" in path:
        if _BAD_TRIPLET.search(path) is not None:
            raise BadMessage(400, "percent-encoding in the path")
        path = path.replace(b"%2e", b".").replace(b"%2E", b".")
    if b"/.." in path:
        depth = 0
        for segment in path.split(b"/"):
            if segment == b"..":
                depth -= 1
            elif segment and segment != b".":
                depth += 1
            if depth < 0:
                raise BadMessage(400, "path above the root")


Line = tuple[bytes, bytes, bytes, bytes | None, str]
"""What a request line says: method, target, path, query and the path's normal form."""


def _usual_line(line: bytes) -> Line | None:
    """What nearly every request line is: a method of old, origin form, HTTP/1.1; None for any other."""
    parts = line.split(b" ")
    if len(parts) != 3 or parts[0] not in _METHODS or parts[2] != b"HTTP/1.1":
        return None
    method, target, _ = parts
    if target[:1] != b"/" or not _is_target(target):
        return None
    path, mark, query = target.partition(b"?")
    if b"%" in path or b"/.." in path:
        _check_path(path)
    usual = method, target, path, query if mark else None, normalise_path(path)
    if len(line) <= _SHORT:
        if len(_LINES) >= _REMEMBERED:
            _LINES.clear()
        _LINES[line] = usual
    return usual


def make_head(line: bytes, block: FieldBlock) -> RequestHead:
    """Put a request line and its header block together and judge them as one message."""
    usual = _LINES.get(line) or _usual_line(line)
    if usual is None or block.host is None:
        return _unusual_head(line, block)
    method, target, path, query, normal = usual
    return RequestHead(line, method, target, path, query, 1, block.host, block, normal)


def _unusual_head(line: bytes, block: FieldBlock) -> RequestHead:
    method, target, minor = parse_request_line(line)
    if method in _REFUSED:
        raise BadMessage(405, "method")
    host = block.host
    if target[:1] != b"/":
        authority, target = _authority(target)
        host = authority if host is not None or minor == 0 else None
    if host is None:
        if minor:
            raise BadMessage(400, "no Host")
        host = b""
    if minor == 0 and block.length == CHUNKED:
        # RFC 9112 §6.1: such a message must be treated as having faulty framing.
        raise BadMessage(400, "Transfer-Encoding in HTTP/1.0")
    path, mark, query = target.partition(b"?")
    if b"%" in path or b"/.." in path:
        _check_path(path)
    normal = normalise_path(path)
    head = RequestHead(line, method, target, path, query if mark else None, minor, host, block, normal)
    if host is not block.host and host:
        head.name, head.port = split_host(host)
        head.domain = head.name.decode("ascii")
    return head


def without_leading_lines(data: bytes) -> bytes:
    """What follows a few empty lines before a request (RFC 9112 §2.2 asks for one to be ignored)."""
    for _ in range(_LEADING_LINES):
        if not data.startswith(CRLF):
            break
        data = data[2:]
    return data


def readable_fields(data: bytes) -> FieldBlock:
    """The header block of what is no request, so that it can be answered as it asks; empty if unreadable."""
    start, end = data.find(CRLF) + 2, data.find(HEAD_END)
    try:
        return parse_block(data[start : end + 2] if start <= end else b"", REQUEST_NAMES)
    except BadMessage:
        return FieldBlock(b"")


class RequestReader:
    """Finds and reads the heads of the requests of one connection.

    ``read`` is given everything that arrived since the last request's end.  A head that repeats the bytes of
    the request before is recognised by one comparison, a repeated block of fields under another request line
    by another; neither is parsed again.  The first request is not remembered, since most connections that are
    left idle have had no other: they shall be small.
    """

    __slots__ = ("_block", "_head", "_last", "_limits", "_seen", "_used")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        # The bytes of the last head with its empty line.  They end with the first empty line in them, so
        # whatever starts with them has its head end there too.
        self._last = b""
        self._head: RequestHead | None = None
        self._block: FieldBlock | None = None
        self._seen = 0
        self._used = False

    def forget(self) -> None:
        """Keep nothing of the last request: the next may be long in coming."""
        self._head = self._block = None
        self._last = b""

    def read(self, data: bytes) -> tuple[RequestHead, int] | None:
        """The next head and the offset where its body begins, or None while it is incomplete."""
        head = self._head
        if head is not None and data.startswith(self._last):
            self._seen = 0
            return head, len(self._last)
        seen = self._seen
        end = data.find(HEAD_END, seen - 3 if seen > 3 else 0)
        if end < 0 or end > self._limits.head:
            self._refuse_early(data)
            return None
        self._seen = 0
        line_end = data.find(CRLF)
        line = data[:line_end]
        raw = data[line_end + 2 : end + 2]
        block = self._block
        if block is None or block.raw != raw:
            limits = self._limits
            if len(raw) > limits.field or len(raw) > 4 * limits.fields:
                self._measure(line, raw)
            block = parse_block(raw, REQUEST_NAMES, block)
            frame_request(block)
        if line_end > self._limits.line:
            raise BadMessage(414, "request line is too long")
        head = make_head(line, block)
        if self._used:
            self._head = head
            self._block = block
            self._last = data[: end + 4]
        self._used = True
        return head, end + 4

    def _measure(self, line: bytes, raw: bytes) -> None:
        """Refuse a long block with a field that is too long, or with too many of them."""
        limits = self._limits
        lengths = list(map(len, raw.split(CRLF)))
        if len(line) <= limits.line and max(lengths) > limits.field:
            raise BadMessage(494, "header line is too long")
        # The block ends with an empty piece.
        if len(lengths) - 1 > limits.fields:
            raise BadMessage(494, "too many header lines")

    def _refuse_early(self, data: bytes) -> None:
        """Refuse what can never become a request, without waiting for the rest of it."""
        limits = self._limits
        line_end = data.find(CRLF)
        if line_end > limits.line or (line_end < 0 and len(data) > limits.line):
            raise BadMessage(414, "request line is too long")
        if len(data) > limits.head:
            raise BadMessage(494, "head is too large")
        # Only what is new is looked at, so that a head sent byte by byte costs no more than its length.
        end = len(data) - data.endswith(b"\r")
        new = data[self._seen : end]
        if new.translate(None, VISIBLE) != CRLF * new.count(CRLF):
            raise BadMessage(400, "control character in the head")
        if line_end >= self._seen:
            parse_request_line(data[:line_end])
        self._seen = end
