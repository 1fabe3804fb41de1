"""Header blocks: split, validated and classified.

Strict on purpose.  A line ends with CRLF and nothing else; a bare CR or LF, a NUL or other control, a space
before the colon or a folded line refuses the message (RFC 9112 §2.2, §5.1, §5.2), because each of them is
read differently by some server behind us.  Whether a block holds only allowed bytes is found by deleting them
all: what is left must be exactly its line ends.
"""

from __future__ import annotations

import re

from twisted_kong.core.http1.errors import BadMessage
from twisted_kong.core.http1.heads import CHUNKED, FieldBlock
from twisted_kong.core.http1.names import NameTable

CRLF = b"\r\n"
OWS = b" \t"
VISIBLE = b"\t" + bytes(range(0x20, 0x7F)) + bytes(range(0x80, 0x100))

_LONGEST_LENGTH = 18
_OPTIONS = frozenset((b"close", b"keep-alive", b"upgrade"))
# What nearly every Connection field says: whether the connection ends, or stays.
_USUAL: dict[bytes | None, tuple[bool, bool]] = {
    b"close": (True, False),
    b"keep-alive": (False, True),
    b"Keep-Alive": (False, True),
}

# RFC 3986 §3.2.2 without userinfo: a registered name or IPv4 address, or an IPv6 address in brackets.
_HOST = re.compile(rb"([A-Za-z0-9._~!$&'()*+,;=%-]+|\[[0-9A-Fa-f:.]{2,45}\])(?::([0-9]{0,5}))?")

# Hosts seen and what they consist of; all forgotten when full.
_REMEMBERED = 1024
_HOSTS: dict[bytes, tuple[bytes, int, str]] = {}


def parse_block(raw: bytes, names: NameTable, like: FieldBlock | None = None) -> FieldBlock:
    """Read a header block, each line with its CRLF; :exc:`BadMessage` where a line breaks the rules.

    :param like: a block that this one probably has the shape of; else it is the last one of that table.
    """
    shape = names.latest if like is None else like.shape
    match = None if shape.look is None else shape.look(raw)
    if match is not None:
        block = FieldBlock(raw, shape, None, match)
        runs = shape.runs
        block.forward = match[runs[0]] if len(runs) == 1 else b"".join([match[run] for run in runs])
        if b"connection" in shape.special:
            _connection(block)
        return block
    lines = raw.split(CRLF)
    lines.pop()
    if raw.translate(None, VISIBLE) != CRLF * len(lines):
        raise BadMessage(400, "control character in the header")
    shape = names.shape_of(lines)
    block = FieldBlock(raw, shape, lines)
    if len(shape.kept) == len(lines):
        block.forward = raw
    elif shape.kept:
        block.forward = CRLF.join([*[lines[place] for place in shape.kept], b""])
    if b"connection" in shape.special:
        _connection(block)
    return block


def _connection(block: FieldBlock) -> None:
    """Read what ``Connection`` says: of the connection, and which fields end here."""
    usual = _USUAL.get(block.only(b"connection"))
    if usual is not None:
        block.close, block.keep_alive = usual
        return
    values = block.get_all(b"connection")
    options = {option.strip(OWS).lower() for value in values for option in value.split(b",")}
    block.close = b"close" in options
    block.keep_alive = b"keep-alive" in options
    # What the proxy deals with itself is not among the plain lines: a client that names Content-Length, Host
    # or Transfer-Encoding cannot remove it.  Kong: 3.9.1 does, and can be smuggled through (CVE-2026-6338).
    nominated = options.difference(_OPTIONS, block.shape.special)
    if nominated:
        block.nominated = frozenset(nominated)
        kept = [line for name, _, line in block.fields if name not in nominated | block.shape.special]
        block.forward = CRLF.join([*kept, b""]) if kept else b""


def frame(block: FieldBlock) -> None:
    """Set ``length`` by the rules of RFC 9112 §6.3, refusing whatever two servers could read in two ways."""
    codings = block.get_all(b"transfer-encoding")
    lengths = block.get_all(b"content-length")
    if codings:
        if lengths:
            raise BadMessage(400, "both Transfer-Encoding and Content-Length")
        if len(codings) > 1:
            raise BadMessage(400, "several Transfer-Encoding fields")
        if codings[0].lower() != b"chunked":
            raise BadMessage(501, "unknown transfer coding")
        block.length = CHUNKED
    elif lengths:
        if len(lengths) > 1:
            raise BadMessage(400, "several Content-Length fields")
        block.length = parse_length(lengths[0])


def parse_length(value: bytes) -> int:
    """A Content-Length: ASCII digits only, and a number that fits into 63 bits."""
    # bytes.isdigit knows ASCII digits only, unlike int() and str.isdigit.
    if not value.isdigit():
        raise BadMessage(400, "Content-Length is not a number")
    digits = value.lstrip(b"0")
    if len(digits) > _LONGEST_LENGTH:
        raise BadMessage(400, "Content-Length is too large")
    return int(digits or b"0")


def split_host(host: bytes) -> tuple[bytes, int]:
    """The lower-case name and the port (0 for none) of an authority (RFC 9110 §7.2).

    Userinfo, spaces, bad ports and open brackets are refused.
    """
    match = _HOST.fullmatch(host)
    if match is None or b".." in host:
        raise BadMessage(400, "Host")
    name, port = match.groups()
    if not port:
        return name.lower(), 0
    number = int(port)
    if number > 65535:
        raise BadMessage(400, "port in Host")
    return name.lower(), number


def frame_request(block: FieldBlock) -> None:
    """Set what the block says of body and host; several Host fields are refused (RFC 9112 §3.2)."""
    shape = block.shape
    if shape.framed:
        frame(block)
    host = block.only(b"host")
    if host is not None:
        block.host = host
        known = _HOSTS.get(host)
        if known is None:
            name, port = split_host(host)
            known = name, port, name.decode("ascii")
            if len(_HOSTS) >= _REMEMBERED:
                _HOSTS.clear()
            _HOSTS[host] = known
        block.name, block.port, block.domain = known
    elif b"host" in shape.places:
        raise BadMessage(400, "several Host fields")
