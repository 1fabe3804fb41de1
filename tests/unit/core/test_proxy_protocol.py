"""The header of the PROXY protocol, as HAProxy's specification has it."""

from __future__ import annotations

import random
from ipaddress import ip_address

import pytest

from twisted_kong.core.proxy_protocol import (
    LONGEST,
    LONGEST_LINE,
    BadProxyHeader,
    ProxyHeader,
    read_proxy_header,
)

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
IPV4 = ip_address("192.0.2.7").packed + ip_address("10.0.0.1").packed + b"\x04\xd2\x01\xbb"
IPV6 = ip_address("2001:db8::7").packed + ip_address("::1").packed + b"\x04\xd2\x01\xbb"
LONGEST_OF_TEXT = b"PROXY UNKNOWN " + b"f" * 91 + b"\r\n"


def binary(kind: int, addresses: bytes, command: int = 0x21) -> bytes:
    """A header of version 2."""
    return SIGNATURE + bytes((command, kind)) + len(addresses).to_bytes(2, "big") + addresses


GOOD = [
    (b"PROXY TCP4 192.0.2.7 10.0.0.1 1234 443\r\n", ("192.0.2.7", 1234)),
    (b"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", ("255.255.255.255", 65535)),
    (b"PROXY TCP6 2001:DB8:0::7 ::1 0 443\r\n", ("2001:db8::7", 0)),
    (b"PROXY UNKNOWN\r\n", None),
    (b"PROXY UNKNOWN whatever it says 1 2\r\n", None),
    (LONGEST_OF_TEXT, None),
    (binary(0x11, IPV4), ("192.0.2.7", 1234)),
    (binary(0x21, IPV6), ("2001:db8::7", 1234)),
    (binary(0x11, IPV4 + b"\x04\x00\x01a"), ("192.0.2.7", 1234)),
    (binary(0x11, IPV4 + bytes(LONGEST - 28)), ("192.0.2.7", 1234)),
    (binary(0x12, IPV4), None),
    (binary(0x31, bytes(216)), None),
    (binary(0x00, b""), None),
    (binary(0x00, b"", 0x20), None),
    (binary(0x11, b"", 0x20), None),
    (binary(0xFF, b"what LOCAL says is passed over", 0x20), None),
]


@pytest.mark.parametrize(("header", "source"), GOOD)
def test_what_a_header_tells(header: bytes, source: tuple[str, int] | None) -> None:
    """The client and where the header ends, however much has come with it; never before it is whole."""
    assert read_proxy_header(header) == ProxyHeader(source, len(header))
    assert read_proxy_header(header + b"GET / HTTP/1.1\r\n") == ProxyHeader(source, len(header))
    for end in range(len(header)):
        assert read_proxy_header(header[:end]) is None


BAD = [
    b"GET / HTTP/1.1\r\n",
    b"P" + SIGNATURE,
    b"proxy TCP4 192.0.2.7 10.0.0.1 1234 443\r\n",
    b"PROXY\r\n",
    b"PROXY  TCP4 192.0.2.7 10.0.0.1 1234 443\r\n",
    b"PROXY TCP4 192.0.2.7  10.0.0.1 1234 443\r\n",
    b"PROXY TCP4 192.0.2.7 10.0.0.1 1234 443 \r\n",
    b"PROXY TCP4 192.0.2.7 10.0.0.1 1234 443\n",
    b"PROXY TCP4 192.0.2.7 10.0.0.1 1234\r\n",
    b"PROXY TCP4 192.0.2.07 10.0.0.1 1234 443\r\n",
    b"PROXY TCP4 192.0.2.7 ::1 1234 443\r\n",
    b"PROXY TCP4 192.0.2.256 10.0.0.1 1234 443\r\n",
    b"PROXY TCP4 \xd9\xa1.0.2.7 10.0.0.1 1234 443\r\n",
    b"PROXY TCP4 192.0.2.7 10.0.0.1 65536 443\r\n",
    b"PROXY TCP4 192.0.2.7 10.0.0.1 01234 443\r\n",
    b"PROXY TCP4 192.0.2.7 10.0.0.1 +1 443\r\n",
    b"PROXY TCP4 192.0.2.7 10.0.0.1 1234 99999999999999999\r\n",
    b"PROXY TCP6 192.0.2.7 10.0.0.1 1234 443\r\n",
    b"PROXY TCP6 fe80::1%eth0 ::1 1234 443\r\n",
    b"PROXY UNIX 192.0.2.7 10.0.0.1 1234 443\r\n",
    b"PROXY UNKNOWNS\r\n",
    b"PROXY UNKNOWN " + b"f" * 92 + b"\r\n",
    b"PROXY " + b"f" * (LONGEST_LINE - 6),
    binary(0x11, IPV4, 0x11),
    binary(0x11, IPV4, 0x22),
    binary(0x41, IPV4),
    binary(0x13, IPV4),
    binary(0x11, IPV4[:-1]),
    binary(0x21, IPV6[:-1]),
    binary(0x31, bytes(215)),
    binary(0x11, IPV4 + bytes(LONGEST - 27)),
    SIGNATURE + b"\x21\x11\xff\xff",
    SIGNATURE + b"\x31",
]


@pytest.mark.parametrize("header", BAD)
def test_what_is_no_header(header: bytes) -> None:
    """It is refused, and with it everything that follows."""
    with pytest.raises(BadProxyHeader):
        read_proxy_header(header)


def test_what_is_incomplete_is_short() -> None:
    """Whatever the bytes are, more than the longest header is never waited for."""
    chance = random.Random(7)
    for begin in (b"PROXY ", b"PROXY TCP4 ", SIGNATURE, SIGNATURE + b"\x21\x11", b""):
        for _ in range(200):
            data = begin + chance.randbytes(LONGEST)
            try:
                found = read_proxy_header(data)
            except BadProxyHeader:
                continue
            assert found is not None
            assert found.size <= LONGEST
