"""The head of the request that goes to the Service (Kong: the table of fields in its proxy reference).

Most of it follows from the client's header block and the Route alone, so it is put together once and
remembered on the block; a request with a known block only adds its path, its id and the framing.
"""

from __future__ import annotations

from twisted_kong.core.context import RequestContext, Upstream
from twisted_kong.core.headers import HeaderEdits
from twisted_kong.core.http1.blocks import CRLF
from twisted_kong.core.http1.heads import CHUNKED, FieldBlock
from twisted_kong.node.balancing import Peer
from twisted_kong.proxy.interfaces import Client
from twisted_kong.proxy.plan import Plan, host_of
from twisted_kong.proxy.settings import Settings

# No plugin may touch what the message is framed by.
_FRAMING = frozenset((b"content-length", b"transfer-encoding", b"connection", b"host", b"upgrade", b"te"))
# What stands before the path, which differs from request to request.
_PATH_LINE = b"\r\nX-Forwarded-Path: "
# Lines of ours that a plugin may replace.
_OWN = frozenset(
    (
        b"via",
        b"x-forwarded-for",
        b"x-forwarded-proto",
        b"x-forwarded-host",
        b"x-forwarded-port",
        b"x-forwarded-prefix",
        b"x-real-ip",
    )
)
# What must be looked at closely when a plugin touches it.
_NOT_THEIRS_ALONE = _OWN | _FRAMING | {b"x-forwarded-path"}

# Blocks with no other special fields differ in nothing that the lines before and after the path depend on.
_ORDINARY = frozenset(
    (b"host", b"connection", b"content-length", b"transfer-encoding", b"expect", b"keep-alive")
)


class Lines:
    """Lines put together for one client and Host.

    ``before`` and ``after`` enclose what the Route decides: the path of ``X-Forwarded-Path`` and the line of
    ``X-Forwarded-Prefix``; they hold for one ``key``.  ``path`` and ``prefix`` are what a trusted peer says
    of the two.  ``websocket``: the client wants to change to it.
    """

    __slots__ = ("after", "before", "key", "path", "prefix", "websocket")

    def __init__(self) -> None:
        self.key: object = None
        self.before = b""
        self.after = b""
        self.path: bytes | None = None
        self.prefix: bytes | None = None
        self.websocket = False


def lines_of(client: Client, block: FieldBlock) -> Lines:
    """The lines remembered for a block: its own, or those that all ordinary blocks of a connection share."""
    lines = block.memo
    if lines is None:
        if client.trusted or not _ORDINARY.issuperset(block.shape.special):
            lines = Lines()
            lines.websocket = asks_websocket(block)
        else:
            lines = client.memo
            if lines is None:
                lines = Lines()
                # A connection left idle after one request shall be small.
                if client.served > 1:
                    client.memo = lines
        block.memo = lines
    assert isinstance(lines, Lines)
    return lines


def asks_websocket(block: FieldBlock) -> bool:
    """Whether the client wants to change to WebSocket; other upgrades are not passed on (Kong)."""
    upgrade = block.special.get(b"upgrade")
    if upgrade is None or upgrade[0].lower() != b"websocket":
        return False
    return any(
        option.strip(b" \t").lower() == b"upgrade"
        for value in block.special.get(b"connection", ())
        for option in value.split(b",")
    )


def host_header(ctx: RequestContext, plan: Plan, way: Upstream, peer: Peer) -> bytes:
    """The Host to send: a plugin's, the client's (``preserve_host``), the Upstream's, or the peer's name."""
    if way.host_header is not None:
        return way.host_header
    if plan.preserve_host and ctx.head.host:
        return ctx.head.host
    if plan.host is not None and peer is plan.peer:
        return plan.host
    return host_of(peer, way.scheme)


class RequestHeads:
    """Builds them; one per node."""

    def __init__(self, settings: Settings) -> None:
        self._product = settings.product
        self._with_id = settings.tokens.request_id_upstream

    def build(
        self,
        client: Client,
        ctx: RequestContext,
        plan: Plan,
        way: Upstream,
        host: bytes,
        length: int | None,
    ) -> bytes:
        """The head with its empty line; ``length`` of the body, ``CHUNKED``, or None for no body at all."""
        head = ctx.head
        block = head.block
        lines = lines_of(client, block)
        key = (host, ctx.client_ip, head.name, head.minor)
        if lines.key != key:
            self._remember(ctx, host, lines)
            lines.key = key
        before, after, forward = lines.before, lines.after, block.forward
        path = head.path if lines.path is None else lines.path
        prefix = plan.prefix_line if lines.prefix is None else lines.prefix
        edits = way.edits
        if edits is not None:
            removed = edits.removed
            if not edits.added and removed.isdisjoint(_NOT_THEIRS_ALONE) and block.lacks(removed):
                # Nearly always: lines were prepared, and the client forged none of them (1.5 µs less).
                forward += edits.lines
            else:
                before, after, forward = self._edited(lines, block, edits)
                if b"x-forwarded-prefix" in removed:
                    prefix = b""
                if b"x-forwarded-path" in removed:
                    before, path = before.removesuffix(_PATH_LINE), b""
        # Joining is a third cheaper than formatting.
        return b"".join(
            (
                way.method,
                b" ",
                way.path if way.query is None else b"%b?%b" % (way.path, way.query),
                before,
                path,
                CRLF,
                prefix,
                after,
                ctx.request_id.encode() if self._with_id else b"",
                CRLF if self._with_id else b"",
                forward,
                CRLF if length is None else _framing(length),
            )
        )

    def _remember(self, ctx: RequestContext, host: bytes, made: Lines) -> None:
        block = ctx.head.block
        special = block.special
        via = b"1.%d %b" % (ctx.head.minor, self._product)
        if b"via" in special:
            via = b", ".join((*special[b"via"], via))
        lines = [b" HTTP/1.1", b"Via: " + via, b"Host: " + host]
        if _lists_trailers(special.get(b"te")):
            lines.append(b"TE: trailers")
        if made.websocket:
            lines += [b"Upgrade: websocket", b"Connection: keep-alive, Upgrade"]
        else:
            lines.append(b"Connection: keep-alive")
        lines += self._forwarded(ctx, block)
        made.path = _trusted(ctx, block, b"x-forwarded-path")
        made.before = CRLF.join(lines) + _PATH_LINE
        prefix = _trusted(ctx, block, b"x-forwarded-prefix")
        made.prefix = None if prefix is None else b"X-Forwarded-Prefix: %b\r\n" % prefix
        made.after = b"X-Real-IP: %b\r\n" % ctx.client_ip.encode()
        if self._with_id:
            made.after += b"X-Kong-Request-Id: "

    @staticmethod
    def _forwarded(ctx: RequestContext, block: FieldBlock) -> list[bytes]:
        # Kong: forwards only the first of several X-Forwarded-For lines.  We join all of them: a proxy that
        # appends a line of its own would otherwise be silenced by a forged first one.
        chain = block.special.get(b"x-forwarded-for")
        if chain is None:
            addresses = ctx.client_ip.encode()
        else:
            addresses = b", ".join((*filter(None, chain), ctx.peer_ip.encode()))
        host = _trusted(ctx, block, b"x-forwarded-host") or ctx.head.name
        port = _trusted(ctx, block, b"x-forwarded-port") or b"%d" % ctx.listener_port
        scheme = _trusted(ctx, block, b"x-forwarded-proto") or ctx.scheme.encode()
        lines = [b"X-Forwarded-For: " + addresses, b"X-Forwarded-Proto: " + scheme]
        if host:
            lines.append(b"X-Forwarded-Host: " + host)
        return [*lines, b"X-Forwarded-Port: " + port]

    def _edited(self, lines: Lines, block: FieldBlock, edits: HeaderEdits) -> tuple[bytes, bytes, bytes]:
        """The parts with a plugin's edits carried out; framing and Host are not theirs to change here."""
        removed = edits.removed
        if not removed.isdisjoint(_FRAMING):
            removed = removed - _FRAMING
        before, after = lines.before, lines.after
        # Our own lines are rarely touched: the path stays between the two parts, the id behind them.
        if not removed.isdisjoint(_OWN):
            line, *rest = before.split(CRLF)
            before = CRLF.join((line, *(item for item in rest if _name(item) not in removed)))
            after = CRLF.join(item for item in after.split(CRLF) if not item or _name(item) not in removed)
        added = edits.lines + b"".join(
            b"%b: %b\r\n" % field for field in edits.added if field[0].lower() not in _FRAMING
        )
        if block.lacks(removed):
            return before, after, block.forward + added
        special, nominated = block.special, block.nominated
        kept = [
            line
            for lower, _, line in block.fields
            if lower not in special and lower not in removed and lower not in nominated
        ]
        return before, after, CRLF.join([*kept, added])


def _name(line: bytes) -> bytes:
    return line.partition(b":")[0].lower()


def _framing(length: int | None) -> bytes:
    if length is None:
        return CRLF
    if length == CHUNKED:
        return b"Transfer-Encoding: chunked\r\n\r\n"
    return b"Content-Length: %d\r\n\r\n" % length


def _trusted(ctx: RequestContext, block: FieldBlock, name: bytes) -> bytes | None:
    """The value of a field that only a trusted peer may set, None if it is absent or empty."""
    if not ctx.trusted:
        return None
    values = block.special.get(name)
    return values[0] or None if values else None


def _lists_trailers(values: list[bytes] | None) -> bool:
    return values is not None and any(
        item.strip(b" \t").lower() == b"trailers" for value in values for item in value.split(b",")
    )
