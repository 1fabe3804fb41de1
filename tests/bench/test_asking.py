"""The client that measures the Admin API reads answers to their end, and no further."""

from __future__ import annotations

import pytest

from bench.asking import Asked, encode, is_complete


@pytest.mark.parametrize(
    ("received", "complete"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", True),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nServer: x\r\n\r\n{", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2", False),
    ],
)
def test_an_answer_ends_where_it_says(received: bytes, complete: bool) -> None:
    """By its length, or where it can have no body."""
    assert is_complete(received) == complete


def test_requests_have_what_they_need() -> None:
    """A body has a type and a length."""
    assert encode("GET", "/x") == b"GET /x HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    assert encode("PUT", "/x", b"{}").endswith(
        b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    )


def test_percentiles() -> None:
    """The slowest is the last."""
    assert (Asked([3.0, 1.0, 2.0]).percentile(0.5), Asked([3.0, 1.0]).percentile(0.99)) == (2.0, 3.0)
