"""Heads as values."""

from __future__ import annotations

from twisted_kong.core.http1.heads import FieldBlock, RequestHead, ResponseHead


def test_heads_show_the_fields_of_their_block() -> None:
    """Request and response read the shared fields of the block, with the names as spelled."""
    block = FieldBlock(b"X-A:  b\r\n")
    block.fields.append((b"x-a", b"b", b"X-A:  b"))
    request = RequestHead(b"GET / HTTP/1.1", b"GET", b"/", b"/", None, 1, b"h", block)
    response = ResponseHead(200, b"OK", 1, b"HTTP/1.1 200 OK\r\n", block)
    assert request.headers.items() == [(b"X-A", b"b")]
    assert response.headers is request.headers
