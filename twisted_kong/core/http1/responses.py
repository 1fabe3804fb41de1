"""Response heads: the status line, and the fast path for repeated heads."""

from __future__ import annotations

import re

from twisted_kong.core.http1.blocks import CRLF, frame, parse_block
from twisted_kong.core.http1.errors import BadMessage
from twisted_kong.core.http1.heads import CHUNKED, FieldBlock, ResponseHead
from twisted_kong.core.http1.names import RESPONSE_NAMES

HEAD_END = b"\r\n\r\n"
_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9][0-9])(?: ([\t\x20-\x7e\x80-\xff]*))?")


class ResponseReader:
    """Finds and reads the heads of the answers on one connection to a Service.

    :param limit: how many bytes a head may have.
    """

    __slots__ = ("_block", "_head", "_last", "_limit", "_line", "_status")

    def __init__(self, limit: int = 65536) -> None:
        self._limit = limit
        self._last = b""
        self._head: ResponseHead | None = None
        self._block: FieldBlock | None = None
        self._line: bytes | None = None
        self._status = (0, b"", 1, b"")

    def read(self, data: bytes) -> tuple[ResponseHead, int] | None:
        """The next head, interim or final, and the offset of what follows it; None while it is incomplete.

        Raises :exc:`BadMessage` for whatever must not reach a client.
        """
        head = self._head
        if head is not None and data.startswith(self._last):
            return head, len(self._last)
        end = data.find(HEAD_END)
        if end < 0 or end > self._limit:
            if len(data) > self._limit or not b"HTTP/1.".startswith(data[:7]):
                raise BadMessage(502, "head of the response")
            return self._read_lines(data)
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
            block = parse_block(raw, RESPONSE_NAMES, block)
            frame(block)
            self._block = block
        status, reason, minor, sent = self._status
        if minor == 0 and block.length == CHUNKED:
            raise BadMessage(502, "Transfer-Encoding in HTTP/1.0")
        self._last = data[: end + 4]
        head = self._head = ResponseHead(status, reason, minor, sent, block)
        return head, end + 4

    def _read_lines(self, data: bytes) -> tuple[ResponseHead, int] | None:
        """A head that may yet come, or one whose lines all end in a bare LF (RFC 9112 §2.2 lets us read it).

        Kong: nginx reads such answers, and simple scripts behind gateways give them.  Mixed ends are refused
        at once, since an answer whose end we never see would only be given up by its timeout.
        """
        line, newline, _ = data.partition(b"\n")
        if not newline or line.endswith(b"\r"):
            return None
        head, end, _ = data.partition(b"\n\n")
        if b"\r" in head:
            raise BadMessage(502, "line ends of the response")
        if not end:
            return None
        found = self.read(head.replace(b"\n", CRLF) + HEAD_END)
        # What was remembered is not what the Service sent.
        self._last, self._head = b"", None
        return None if found is None else (found[0], len(head) + 2)
