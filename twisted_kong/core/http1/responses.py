"""Response heads: the status line, and how long the body is for this request and status."""

from __future__ import annotations

import re

from twisted_kong.core.http1.blocks import CRLF, frame, parse_block
from twisted_kong.core.http1.errors import BadMessage
from twisted_kong.core.http1.heads import CHUNKED, UNTIL_CLOSE, FieldBlock, ResponseHead
from twisted_kong.core.http1.names import RESPONSE_NAMES

HEAD_END = b"\r\n\r\n"
_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9][0-9])(?: ([\t\x20-\x7e\x80-\xff]*))?")
_BODILESS = frozenset((204, 304))


def body_length(head: ResponseHead, method: bytes) -> int:
    """How long the body is: a number of bytes, ``CHUNKED`` or ``UNTIL_CLOSE`` (RFC 9112 §6.3)."""
    if method == b"HEAD" or head.status in _BODILESS or head.status < 200:
        return 0
    length = head.block.length
    return UNTIL_CLOSE if length is None else length


class ResponseReader:
    """Finds and reads the heads of the answers on one connection to a Service.

    :param limit: how many bytes a head may have.
    """

    __slots__ = ("_block", "_limit", "_line", "_status")

    def __init__(self, limit: int = 65536) -> None:
        self._limit = limit
        self._block: FieldBlock | None = None
        self._line = b""
        self._status = (0, b"", 1, b"")

    def read(self, data: bytes) -> tuple[ResponseHead, int] | None:
        """The next head, interim or final, and the offset of what follows it; None while it is incomplete.

        Raises :exc:`BadMessage` for whatever must not reach a client.
        """
        end = data.find(HEAD_END)
        if end < 0 or end > self._limit:
            if len(data) > self._limit or not b"HTTP/1.".startswith(data[:7]):
                raise BadMessage(502, "head of the response")
            return None
        line_end = data.find(CRLF)
        line = data[:line_end]
        if line != self._line:
            match = _STATUS_LINE.fullmatch(line)
            if match is None:
                raise BadMessage(502, "status line")
            reason = match[3] or b""
            sent = b"HTTP/1.1 %b %b\r\n" % (match[2], reason)
            self._status = (int(match[2]), reason, int(match[1]), sent)
            self._line = line
        raw = data[line_end + 2 : end + 2]
        block = self._block
        if block is None or block.raw != raw:
            block = parse_block(raw, RESPONSE_NAMES)
            frame(block)
            self._block = block
        status, reason, minor, sent = self._status
        if minor == 0 and block.length == CHUNKED:
            raise BadMessage(502, "Transfer-Encoding in HTTP/1.0")
        return ResponseHead(status, reason, minor, sent, block), end + 4


def stays_open(head: ResponseHead) -> bool:
    """Whether the Service keeps its connection after this answer (RFC 9112 §9.3)."""
    block = head.block
    return not block.close and (head.minor == 1 or block.keep_alive)
