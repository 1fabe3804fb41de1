"""Header blocks: split, validated and classified in one pass.

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

# RFC 3986 §3.2.2 without userinfo: a registered name or IPv4 address, or an IPv6 address in brackets.
_HOST = re.compile(rb"([A-Za-z0-9._~!$&'()*+,;=%-]+|\[[0-9A-Fa-f:.]{2,45}\])(?::([0-9]{0,5}))?")

# Hosts seen and what they consist of; all forgotten when full.
_REMEMBERED = 1024
_HOSTS: dict[bytes, tuple[bytes, int]] = {}


def parse_block(raw: bytes, names: NameTable) -> FieldBlock:
    """Read a header block, each line with its CRLF; :exc:`BadMessage` where a line breaks the rules."""
    lines = raw.split(CRLF)
    lines.pop()
    if raw.translate(None, VISIBLE) != CRLF * len(lines):
        raise BadMessage(400, "control character in the header")
    known = names.known
    try:
        # Nearly always all names are known; most of what follows asks this list instead of the bytes.
        found = [known[line[: line.index(b":")]] for line in lines]
    except (KeyError, ValueError):
        found = [names.of_line(line) for line in lines]
    block = FieldBlock(raw, lines, found)
    ours = names.special.intersection(found)
    if len(ours) == 1 and found[0] in ours and found[0] != b"connection" and found.count(found[0]) == 1:
        # As most clients send it: Host, and then what goes on untouched.
        name, line = found[0], lines[0]
        block.special[name] = [line[len(name) + 1 :].strip(OWS)]
        block.forward = raw[len(line) + 2 :]
    elif ours:
        _sort(block, lines, found, ours)
    else:
        block.forward = raw
    return block


def _sort(block: FieldBlock, lines: list[bytes], found: list[bytes], ours: frozenset[bytes]) -> None:
    """Put aside the lines that the proxy deals with."""
    special = block.special
    for name, line in zip(found, lines, strict=True):
        if name in ours:
            value = line[len(name) + 1 :].strip(OWS)
            if name in special:
                special[name].append(value)
            else:
                special[name] = [value]
    if b"connection" in special:
        _connection(block)
    gone = ours | block.nominated if block.nominated else ours
    kept = [line for name, line in zip(found, lines, strict=True) if name not in gone]
    block.forward = CRLF.join([*kept, b""]) if kept else b""


def _connection(block: FieldBlock) -> None:
    """Read what ``Connection`` says: of the connection, and which fields end here."""
    options = {
        option.strip(OWS).lower() for value in block.special[b"connection"] for option in value.split(b",")
    }
    block.close = b"close" in options
    block.keep_alive = b"keep-alive" in options
    named = options - _OPTIONS
    # What the proxy deals with itself is not among the plain lines: a client that names Content-Length, Host
    # or Transfer-Encoding cannot remove it.  Kong: 3.9.1 does, and can be smuggled through (CVE-2026-6338).
    block.nominated = frozenset(named.difference(block.special))


def frame(block: FieldBlock) -> None:
    """Set ``length`` by the rules of RFC 9112 §6.3, refusing whatever two servers could read in two ways."""
    special = block.special
    codings = special.get(b"transfer-encoding")
    lengths = special.get(b"content-length")
    if codings is not None:
        if lengths is not None:
            raise BadMessage(400, "both Transfer-Encoding and Content-Length")
        if len(codings) > 1:
            raise BadMessage(400, "several Transfer-Encoding fields")
        if codings[0].lower() != b"chunked":
            raise BadMessage(501, "unknown transfer coding")
        block.length = CHUNKED
    elif lengths is not None:
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
    special = block.special
    if b"content-length" in special or b"transfer-encoding" in special:
        frame(block)
    hosts = special.get(b"host")
    if hosts is not None:
        if len(hosts) > 1:
            raise BadMessage(400, "several Host fields")
        host = block.host = hosts[0]
        known = _HOSTS.get(host)
        if known is None:
            known = split_host(host)
            if len(_HOSTS) >= _REMEMBERED:
                _HOSTS.clear()
            _HOSTS[host] = known
        block.name, block.port = known
