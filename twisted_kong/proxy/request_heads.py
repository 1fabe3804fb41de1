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
from twisted_kong.proxy.plan import Plan, default_port
from twisted_kong.proxy.settings import Settings

# No plugin may touch what the message is framed by.
_FRAMING = frozenset((b"content-length", b"transfer-encoding", b"connection", b"host", b"upgrade", b"te"))


class BlockMemo:
    """What was made of a client's header block.

    ``before`` and ``after`` enclose the path of ``X-Forwarded-Path``; they hold for one ``key``: stripped
    prefix, Host and client.  ``path`` is the trusted peer's own ``X-Forwarded-Path``.  ``referer`` and
    ``agent`` are for the access log.
    """

    __slots__ = ("after", "agent", "before", "key", "path", "referer", "websocket")

    def __init__(self, block: FieldBlock) -> None:
        self.key: object = None
        self.before = b""
        self.after = b""
        self.path: bytes | None = None
        self.referer: str | None = None
        self.agent: str | None = None
        self.websocket = asks_websocket(block)


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


def memo_of(block: FieldBlock) -> BlockMemo:
    """The memo of a client's block, made at its first request."""
    memo = block.memo
    if memo is None:
        memo = block.memo = BlockMemo(block)
    assert isinstance(memo, BlockMemo)
    return memo


def host_header(ctx: RequestContext, plan: Plan, upstream: Upstream, peer: Peer) -> bytes:
    """The Host to send: a plugin's, the client's (``preserve_host``), the Upstream's, or the peer's name."""
    if upstream.host_header is not None:
        return upstream.host_header
    if plan.preserve_host and ctx.head.host:
        return ctx.head.host
    name = peer.host_header or peer.name
    if ":" in name and not name.startswith("["):
        name = f"[{name}]"
    if peer.port != default_port(upstream.scheme):
        name = f"{name}:{peer.port}"
    return name.encode("latin-1", "replace")


class RequestHeads:
    """Builds them; one per node."""

    def __init__(self, settings: Settings) -> None:
        self._product = settings.product
        self._with_id = settings.tokens.request_id_upstream

    def build(
        self, ctx: RequestContext, plan: Plan, upstream: Upstream, host: bytes, length: int | None
    ) -> bytes:
        """The head with its empty line; ``length`` of the body, ``CHUNKED``, or None for no body at all."""
        head = ctx.head
        block = head.block
        memo = memo_of(block)
        key = (plan.prefix, host, ctx.client_ip, head.minor, head.host)
        if memo.key != key:
            self._remember(ctx, plan, host, memo)
            memo.key = key
        target = upstream.path if upstream.query is None else b"%b?%b" % (upstream.path, upstream.query)
        if upstream.edits is None:
            forward = block.forward
            after = memo.after
            before = memo.before
        else:
            before, after, forward = self._edited(memo, block, upstream.edits)
        return b"".join(
            (
                upstream.method,
                b" ",
                target,
                before,
                head.path if memo.path is None else memo.path,
                after,
                b"X-Kong-Request-Id: %b\r\n" % ctx.request_id.encode() if self._with_id else b"",
                forward,
                _framing(length),
            )
        )

    def _remember(self, ctx: RequestContext, plan: Plan, host: bytes, memo: BlockMemo) -> None:
        block = ctx.head.block
        special = block.special
        via = b"1.%d %b" % (ctx.head.minor, self._product)
        if b"via" in special:
            via = b", ".join((*special[b"via"], via))
        lines = [b" HTTP/1.1", b"Via: " + via, b"Host: " + host]
        if _lists_trailers(special.get(b"te")):
            lines.append(b"TE: trailers")
        if memo.websocket:
            lines += [b"Upgrade: websocket", b"Connection: keep-alive, Upgrade"]
        else:
            lines.append(b"Connection: keep-alive")
        lines += self._forwarded(ctx, block)
        memo.path = _trusted(ctx, block, b"x-forwarded-path")
        memo.before = CRLF.join(lines) + b"\r\nX-Forwarded-Path: "
        prefix = _trusted(ctx, block, b"x-forwarded-prefix") or plan.prefix
        tail = b"\r\n" if prefix is None else b"\r\nX-Forwarded-Prefix: %b\r\n" % prefix
        memo.after = b"%bX-Real-IP: %b\r\n" % (tail, ctx.client_ip.encode())

    @staticmethod
    def _forwarded(ctx: RequestContext, block: FieldBlock) -> list[bytes]:
        # Kong: forwards only the first of several X-Forwarded-For lines.  We join all of them: a proxy that
        # appends a line of its own would otherwise be silenced by a forged first one.
        chain = block.special.get(b"x-forwarded-for")
        if chain is None:
            addresses = ctx.client_ip.encode()
        else:
            addresses = b", ".join((*filter(None, chain), ctx.peer_ip.encode()))
        host = _trusted(ctx, block, b"x-forwarded-host") or bare_host(ctx.head.host)
        port = _trusted(ctx, block, b"x-forwarded-port") or b"%d" % ctx.listener_port
        scheme = _trusted(ctx, block, b"x-forwarded-proto") or ctx.scheme.encode()
        lines = [b"X-Forwarded-For: " + addresses, b"X-Forwarded-Proto: " + scheme]
        if host:
            lines.append(b"X-Forwarded-Host: " + host)
        return [*lines, b"X-Forwarded-Port: " + port]

    @staticmethod
    def _edited(memo: BlockMemo, block: FieldBlock, edits: HeaderEdits) -> tuple[bytes, bytes, bytes]:
        """The parts with a plugin's edits carried out; framing and Host are not theirs to change here."""
        removed = edits.removed - _FRAMING
        before, after = memo.before, memo.after
        if removed:
            line, _, rest = before.partition(CRLF)
            lines = [item for item in rest.split(CRLF) if item[: item.index(b":")].lower() not in removed]
            if not lines or not lines[-1].startswith(b"X-Forwarded-Path: "):
                lines.append(b"X-Forwarded-Path: ")
            before = CRLF.join((line, *lines))
            after = b"".join(
                item + CRLF
                for item in after.split(CRLF)[:-1]
                if not item or item[: item.index(b":")].lower() not in removed
            )
        gone = removed | block.nominated | block.special.keys()
        kept = [line + CRLF for lower, _, line in block.fields if lower not in gone]
        kept += [b"%b: %b\r\n" % field for field in edits.added if field[0].lower() not in _FRAMING]
        return before, after, b"".join(kept)


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


def bare_host(host: bytes) -> bytes:
    """A host without its port, in lower case; the brackets of an IPv6 address stay."""
    host = host.lower()
    if host.startswith(b"["):
        return host[: host.find(b"]") + 1]
    return host.partition(b":")[0]
