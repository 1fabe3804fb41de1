"""Paths as they are routed."""

from __future__ import annotations

import pytest

from twisted_kong.admin.front import segments_of


@pytest.mark.parametrize(
    ("path", "segments"),
    [
        (b"/", [b""]),
        (b"/a/b", [b"a", b"b"]),
        (b"/a%2fb%25/", [b"a%2Fb%25"]),
        (b"/%c3%a9", ["é".encode()]),
        (b"/a//b", None),
        (b"//", None),
        (b"a", None),
        (b"/%ff", None),
    ],
)
def test_segments(path: bytes, segments: list[bytes] | None) -> None:
    """A path is split before it is decoded; only separators stay escaped."""
    assert segments_of(path) == segments
