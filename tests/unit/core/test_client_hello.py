"""The server name in the first bytes of a TLS connection."""

from __future__ import annotations

import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twisted_kong.core.client_hello import LIMIT, ServerNameReader


def hello(name: str | None) -> bytes:
    """What a real client begins with."""
    context = ssl.create_default_context()
    context.check_hostname = False
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(incoming, outgoing, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


def in_records(data: bytes, size: int) -> bytes:
    """The same message in records of so many bytes."""
    message = data[5:]
    pieces = [message[start : start + size] for start in range(0, len(message), size)]
    return b"".join(data[:3] + len(piece).to_bytes(2, "big") + piece for piece in pieces)


def extension(names: bytes) -> bytes:
    """A ClientHello in one record whose only extension holds these names."""
    extensions = b"\0\0" + len(names).to_bytes(2, "big") + names
    body = (
        b"\3\3"
        + bytes(32)
        + b"\0"
        + b"\0\2\x13\1"
        + b"\1\0"
        + len(extensions).to_bytes(2, "big")
        + extensions
    )
    message = b"\1" + len(body).to_bytes(3, "big") + body
    return b"\x16\3\1" + len(message).to_bytes(2, "big") + message


def named(name: bytes) -> bytes:
    """The names of an extension: one."""
    entry = b"\0" + len(name).to_bytes(2, "big") + name
    return len(entry).to_bytes(2, "big") + entry


def test_finds_the_name_of_a_real_client() -> None:
    """As certificates are stored: in lower case, without a dot at the end."""
    assert ServerNameReader().feed(hello("WWW.Example.com")) == "www.example.com"
    assert ServerNameReader().feed(extension(named(b"a.test."))) == "a.test"


def test_knows_that_there_is_none() -> None:
    """A client that sends no name is told from one whose name is still to come."""
    assert ServerNameReader().feed(hello(None)) == ""


@pytest.mark.parametrize("size", [1, 3, 100])
def test_the_message_may_be_cut_anywhere(size: int) -> None:
    """Into records, and the records into segments; nothing that was fed is lost."""
    whole = in_records(hello("a.test"), size)
    reader = ServerNameReader()
    for place in range(len(whole) - 1):
        assert reader.feed(whole[place : place + 1]) is None
    assert reader.feed(whole[-1:]) == "a.test"
    assert bytes(reader.received) == whole


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n",
        b"\x16\3\1\0\0",
        b"\x16\3\1\0\5\2\0\0\1\0",
        b"\x16\3\1\0\4\1\xff\xff\xff",
        b"\x16\3\1\0\4\1\0\0\0",
        extension(b""),
        extension(b"\0\4\1\0\1a"),
        extension(named(b"\xff.test")),
        extension(named(b"a\0b")),
    ],
)
def test_what_is_malformed_has_no_name(data: bytes) -> None:
    """It is refused by who knows how to, or served as a client without a name."""
    assert ServerNameReader().feed(data) == ""


def test_gives_up_on_what_does_not_end() -> None:
    """A client cannot have more kept than a long message."""
    reader = ServerNameReader()
    assert reader.feed(b"\x16\3\1\x40\0" + bytes([1, 0, 0x40, 0]) + bytes(100)) is None
    assert reader.feed(bytes(2 * LIMIT)) == ""


@given(st.binary(max_size=400), st.integers(min_value=0, max_value=300))
def test_any_bytes_are_survived(noise: bytes, place: int) -> None:
    """Whatever stands in a ClientHello, reading it ends."""
    data = extension(named(b"a.test"))
    assert isinstance(ServerNameReader().feed(data[:place] + noise), str | None)
