"""Reads the header of the PROXY protocol, which tells whom a load balancer has accepted a connection from.

Version 1 is a line of text of at most 107 bytes, version 2 begins with a signature that is no text and with
its own length.  After the addresses of version 2 come further fields (TLVs), which are passed over.  The
specification is HAProxy's ``proxy-protocol.txt`` of 2020; where it says that a receiver may drop what is
malformed, it is :exc:`BadProxyHeader`.  That is found with the first byte that cannot belong to a header, and
what is incomplete is never longer than :data:`LONGEST`.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address
from typing import Final, NamedTuple

# Bytes of a line of version 1 with its end, and of a whole header of version 2: what nginx takes.
LONGEST_LINE: Final = 107
LONGEST: Final = 4096

_START: Final = b"PROXY "
_SIGNATURE: Final = b"\r\n\r\n\x00\r\nQUIT\n"
_HEAD: Final = 16
_LOCAL, _PROXY = 0, 1
_STREAM: Final = 1
# Bytes of the addresses by family: unspecified, IPv4, IPv6, UNIX.
_ADDRESSES: Final = (0, 12, 36, 216)
_INET, _INET6 = 1, 2
_PORT: Final = re.compile(rb"0|[1-9][0-9]{0,4}")


class BadProxyHeader(ValueError):
    """The bytes are no header of the PROXY protocol; the text is for the log."""


class ProxyHeader(NamedTuple):
    """What a header tells.

    ``source`` is the client's address and port; None where the header names none (``LOCAL``, ``UNKNOWN``,
    UNIX sockets, datagrams), so that the peer itself counts.  ``size`` is where what follows begins.
    """

    source: tuple[str, int] | None
    size: int


def read_proxy_header(data: bytes) -> ProxyHeader | None:
    """The header at the begin of what a connection has brought so far; None while there is more to come.

    :raises BadProxyHeader: it begins with none.
    """
    if data.startswith(_SIGNATURE):
        return _binary(data)
    if data.startswith(_START):
        return _line(data)
    if _SIGNATURE.startswith(data) or _START.startswith(data):
        return None
    raise BadProxyHeader("it does not begin with one")


def _line(data: bytes) -> ProxyHeader | None:
    end = data.find(b"\n", 0, LONGEST_LINE)
    if end < 0:
        if len(data) >= LONGEST_LINE:
            raise BadProxyHeader("the line is too long")
        return None
    if data[end - 1] != 13:
        raise BadProxyHeader("the line does not end with CR and LF")
    _, family, *rest = data[: end - 1].split(b" ")
    if family == b"UNKNOWN":
        return ProxyHeader(None, end + 1)
    if family not in (b"TCP4", b"TCP6"):
        raise BadProxyHeader("the family is unknown")
    if len(rest) != 4:
        raise BadProxyHeader("it has not two addresses and two ports")
    kind = IPv4Address if family == b"TCP4" else IPv6Address
    source, _ = _address(kind, rest[0]), _address(kind, rest[1])
    port, _ = _port(rest[2]), _port(rest[3])
    return ProxyHeader((source, port), end + 1)


def _address(kind: type[IPv4Address | IPv6Address], text: bytes) -> str:
    try:
        # A zone would mean something to the sender's machine only.
        return str(kind(text.decode("ascii").replace("%", " ")))
    except ValueError:
        raise BadProxyHeader("an address is none of its family") from None


def _port(text: bytes) -> int:
    if not _PORT.fullmatch(text) or int(text) > 65535:
        raise BadProxyHeader("a port is none")
    return int(text)


def _binary(data: bytes) -> ProxyHeader | None:
    if len(data) < _HEAD:
        if len(data) > 12:
            _command(data[12])
        return None
    command = _command(data[12])
    family, transport = data[13] >> 4, data[13] & 15
    length = data[14] << 8 | data[15]
    size = _HEAD + length
    if size > LONGEST:
        raise BadProxyHeader("it is too long")
    if command == _PROXY:
        if family >= len(_ADDRESSES) or transport > 2:
            raise BadProxyHeader("the family is unknown")
        if length < _ADDRESSES[family]:
            raise BadProxyHeader("it is shorter than its addresses")
    if len(data) < size:
        return None
    source = None
    if command == _PROXY and transport == _STREAM:
        source = _source(family, data)
    return ProxyHeader(source, size)


def _command(octet: int) -> int:
    if octet >> 4 != 2:
        raise BadProxyHeader("the version is unknown")
    if octet & 15 > _PROXY:
        raise BadProxyHeader("the command is unknown")
    return octet & 15


def _source(family: int, data: bytes) -> tuple[str, int] | None:
    if family == _INET:
        return str(IPv4Address(data[16:20])), int.from_bytes(data[24:26], "big")
    if family == _INET6:
        return str(IPv6Address(data[16:32])), int.from_bytes(data[48:50], "big")
    return None
