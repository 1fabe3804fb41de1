"""Heads as values."""

from __future__ import annotations

import pytest

from twisted_kong.core.http1.heads import CHUNKED, UNTIL_CLOSE, FieldBlock, RequestHead, ResponseHead

RAW = b"X-A:  b \r\nX-AB: no\r\nx-a:c\r\nE:\r\n"


def test_heads_show_the_fields_of_their_block() -> None:
    """Request and response read the shared fields of the block, with the names as spelled."""
    block = FieldBlock(RAW)
    request = RequestHead(b"GET / HTTP/1.1", b"GET", b"/", b"/", None, 1, b"h", block)
    response = ResponseHead(200, b"OK", 1, b"HTTP/1.1 200 OK\r\n", block)
    assert request.headers.items() == [(b"X-A", b"b"), (b"X-AB", b"no"), (b"x-a", b"c"), (b"E", b"")]
    assert response.headers is request.headers


def test_single_fields_are_found_in_the_bytes() -> None:
    """Looking one field up gives what listing all would, whatever its spelling."""
    headers = FieldBlock(RAW).headers
    assert headers.get(b"X-a") == b"b"
    assert headers.get_all(b"x-a") == [b"b", b"c"]
    assert headers.get(b"e") == b""
    assert headers.get(b"a") is None
    assert headers.get(b"b", b"d") == b"d"
    assert b"x-AB" in headers
    assert b"no" not in headers
    assert len(headers) == 4
    assert headers.copy().get_all(b"X-A") == [b"b", b"c"]


def test_absence_is_seen_at_one_look() -> None:
    """Of several names at once; values and parts of names do not count."""
    block = FieldBlock(RAW)
    assert block.lacks(frozenset((b"b", b"a", b"no", b"x-abc")))
    assert block.lacks(frozenset())
    assert not block.lacks(frozenset((b"b", b"x-ab")))


def test_what_was_received_cannot_be_changed() -> None:
    """A block is shared between requests, so its fields refuse to change."""
    headers = FieldBlock(RAW).headers
    with pytest.raises(TypeError):
        headers.set(b"A", b"b")
    with pytest.raises(TypeError):
        headers.add(b"A", b"b")
    with pytest.raises(TypeError):
        headers.remove(b"X-A")


def test_what_follows_from_a_head() -> None:
    """Length and persistence come from status, version and fields."""
    block = FieldBlock(b"")
    assert ResponseHead(200, b"", 1, b"", block).length == UNTIL_CLOSE
    assert ResponseHead(204, b"", 1, b"", block).length == 0
    block.length = CHUNKED
    assert ResponseHead(200, b"", 1, b"", block).length == CHUNKED
    assert not ResponseHead(200, b"", 0, b"", block).persistent
    block.keep_alive = True
    assert ResponseHead(200, b"", 0, b"", block).persistent
    block.close = True
    assert not RequestHead(b"", b"GET", b"/", b"/", None, 1, b"", block).persistent
