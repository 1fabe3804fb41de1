"""The head of the answer that goes to the client.

What follows from the Service's header block alone is put together once and remembered on the block; an answer
with a known block only adds latencies, request id and the state of the connection.
"""

from __future__ import annotations

from collections.abc import Callable
from email.utils import formatdate

from twisted_kong.core.context import Answer, RequestContext, Response
from twisted_kong.core.headers import Field, HeaderEdits, Headers
from twisted_kong.core.http1.blocks import CRLF
from twisted_kong.core.http1.heads import FieldBlock, ResponseHead
from twisted_kong.core.replies import REASONS
from twisted_kong.proxy.settings import Settings

# Fields that only the gateway may write: they frame the message or rule the connection.
_OURS = frozenset((b"content-length", b"transfer-encoding", b"connection", b"keep-alive"))


KEEP = b"Connection: keep-alive\r\n"
CLOSE = b"Connection: close\r\n"
# RFC 9112 §6.3.  Answers below 200 are none that could end a request, but plugins may make them.
BODILESS = frozenset((*range(100, 200), 204, 304))


def framing_of(status: int, length: int | None, keep: bool) -> bytes:
    """The fields that frame a whole answer; none for a status without a body or an unknown length."""
    connection = KEEP if keep else CLOSE
    if status in BODILESS or length is None or length < 0:
        return connection
    return b"Content-Length: %d\r\n%b" % (length, connection)


class _Memo:
    """What was made of a Service's block: lines to send, the names in them, and the last whole start.

    ``start`` is all of the head but its tail, for one ``key`` of status line, body length and connection.
    """

    __slots__ = ("key", "lines", "names", "start")

    def __init__(self, lines: bytes, names: frozenset[bytes]) -> None:
        self.lines = lines
        self.names = names
        self.key: object = None
        self.start = b""


def _added(edits: HeaderEdits) -> bytes:
    """The fields that plugins add, without those that only the gateway may write."""
    if not edits.added:
        return edits.lines
    return edits.lines + b"".join(
        b"%b: %b\r\n" % field for field in edits.added if field[0].lower() not in _OURS
    )


class ResponseHeads:
    """Builds them; one per node."""

    def __init__(self, settings: Settings, now: Callable[[], float]) -> None:
        self._tokens = settings.tokens
        self._product = settings.product
        self._now = now
        self._date = (0, b"")
        tokens = settings.tokens
        # The default set, for which there is a shorter way.
        self._usual = (
            tokens.upstream_latency
            and tokens.proxy_latency
            and tokens.request_id
            and not tokens.upstream_status
        )

    def of_service(self, ctx: RequestContext, head: ResponseHead, framing: bytes) -> bytes:
        """The head of a Service's answer that no plugin looks at, up to and with its empty line."""
        memo = head.block.memo
        if memo is None:
            memo = head.block.memo = self._remember(head.block)
        lines = memo.lines
        edits = ctx.response_edits
        if edits is not None:
            lines = self._edited(memo, head.block, edits)
        return b"".join((head.line, lines, framing, self.tail(ctx), CRLF))

    def whole(self, ctx: RequestContext, head: ResponseHead, size: int, keep: bool) -> bytes:
        """The head of a Service's answer that arrived as a whole, with a body of this size."""
        block = head.block
        length = block.length if ctx.head.method == b"HEAD" else size
        memo = block.memo
        edits = ctx.response_edits
        if memo is None or (edits is not None and not edits.removed.isdisjoint(memo.names)):
            return self.of_service(ctx, head, framing_of(head.status, length, keep))
        key = (head.line, length, keep)
        if memo.key != key:
            memo.start = head.line + memo.lines + framing_of(head.status, length, keep)
            memo.key = key
        added = b"" if edits is None else _added(edits) if edits.added else edits.lines
        if not self._usual:
            return b"%b%b%b\r\n" % (memo.start, added, self.tail(ctx))
        balanced = ctx.balanced_at
        return (
            b"%b%bX-Kong-Upstream-Latency: %d\r\nX-Kong-Proxy-Latency: %d\r\nX-Kong-Request-Id: %b\r\n\r\n"
        ) % (
            memo.start,
            added,
            (ctx.answered_at - balanced) * 1000,
            (balanced - ctx.started) * 1000,
            ctx.request_id.encode(),
        )

    def _remember(self, block: FieldBlock) -> _Memo:
        names = [lower for lower, _, _ in block.fields]
        added = b"".join(b"%b: %b\r\n" % field for field in self._product_fields(block))
        return _Memo(block.forward + added, frozenset(names))

    def _product_fields(self, block: FieldBlock) -> list[Field]:
        fields: list[Field] = []
        if self._tokens.server and not block.get_all(b"server"):
            fields.append((b"Server", self._product))
        via = block.special.get(b"via", ())
        if self._tokens.via:
            via = (*via, b"1.1 " + self._product)
        if via:
            fields.append((b"Via", b", ".join(via)))
        return fields

    @staticmethod
    def _edited(memo: _Memo, block: FieldBlock, edits: HeaderEdits) -> bytes:
        lines: bytes = memo.lines
        if not edits.removed.isdisjoint(memo.names):
            kept = [
                line
                for line in lines.split(CRLF)
                if line and line[: line.index(b":")].lower() not in edits.removed
            ]
            lines = CRLF.join((*kept, b""))
        return lines + _added(edits)

    def tail(self, ctx: RequestContext) -> bytes:
        """Latencies and id of a proxied answer."""
        return b"".join(b"%b: %b\r\n" % field for field in self._tail_fields(ctx))

    def _tail_fields(self, ctx: RequestContext) -> list[Field]:
        tokens = self._tokens
        fields: list[Field] = []
        if tokens.upstream_latency:
            fields.append((b"X-Kong-Upstream-Latency", b"%d" % ((ctx.answered_at - ctx.balanced_at) * 1000)))
        if tokens.proxy_latency:
            fields.append((b"X-Kong-Proxy-Latency", b"%d" % ((ctx.balanced_at - ctx.started) * 1000)))
        if tokens.upstream_status:
            fields.append((b"X-Kong-Upstream-Status", b"%d" % ctx.status))
        if tokens.request_id:
            fields.append((b"X-Kong-Request-Id", ctx.request_id.encode()))
        return fields

    def response(self, ctx: RequestContext, head: ResponseHead) -> Response:
        """A Service's answer for plugins to look at and change: the fields as the client would get them."""
        block = head.block
        gone = block.nominated | block.special.keys()
        fields = [
            (line[: line.index(b":")], value) for lower, value, line in block.fields if lower not in gone
        ]
        headers = Headers([*fields, *self._product_fields(block), *self._tail_fields(ctx)])
        if ctx.response_edits is not None:
            ctx.response_edits.apply(headers)
        return Response(head.status, headers, "service", reason=head.reason)

    def answer(self, ctx: RequestContext, answer: Answer) -> Response:
        """An answer of our own, for plugins to look at and change."""
        fields: list[Field] = [(b"Date", self.date()), *answer.headers]
        tokens = self._tokens
        if answer.source == "error" and ctx.balanced_at:
            # Kong: a failed Service still counts as proxied.
            fields += self._tail_fields(ctx)
            if tokens.via:
                fields.append((b"Via", b"1.1 " + self._product))
        else:
            if tokens.response_latency:
                latency = b"%d" % ((self._now() - ctx.started) * 1000)
                fields.append((b"X-Kong-Response-Latency", latency))
            if tokens.request_id:
                fields.append((b"X-Kong-Request-Id", ctx.request_id.encode()))
        if tokens.server:
            fields.append((b"Server", self._product))
        headers = Headers(fields)
        if ctx.response_edits is not None:
            ctx.response_edits.apply(headers)
        return Response(answer.status, headers, answer.source, answer.body)

    def serialise(self, response: Response, framing: bytes) -> bytes:
        """The head of an answer that plugins have seen."""
        reason = response.reason or REASONS.get(response.status, b"")
        lines = [b"HTTP/1.1 %d %b\r\n" % (response.status, reason)]
        # An answer of ours may add to Connection (426); what rules the connection stays with us.
        lines += [
            b"%b: %b\r\n" % field
            for field in response.headers.items()
            if field[0].lower() not in _OURS or (field[0].lower() == b"connection" and field[1] == b"Upgrade")
        ]
        return b"".join((*lines, framing, CRLF))

    def date(self) -> bytes:
        """The time as a field value; made once a second."""
        second = int(self._now())
        if second != self._date[0]:
            self._date = (second, formatdate(second, usegmt=True).encode("ascii"))
        return self._date[1]
