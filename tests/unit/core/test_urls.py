"""Paths are normalised, joined and escaped as Kong does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twisted_kong.core.urls import (
    escape_path,
    normalise_path,
    normalise_route_path,
    upstream_path,
)

NORMAL_FORMS = [
    (b"/", "/"),
    (b"/a/b.c", "/a/b.c"),
    (b"/a.", "/a."),
    (b"/a..b", "/a..b"),
    (b"/...", "/..."),
    (b"/.hidden", "/.hidden"),
    (b"/a/", "/a/"),
    (b"//a", "/a"),
    (b"/a//b///c//", "/a/b/c/"),
    (b"/a/./b", "/a/b"),
    (b"/a/.", "/a/"),
    (b"/a/..", "/"),
    (b"/a/b/..", "/a/"),
    (b"/a/../b", "/b"),
    (b"/../../b", "/b"),
    (b"/a//../b", "/b"),
    (b"/.", "/"),
    (b"/..", "/"),
    (b"/%2e%2e/a", "/a"),
    (b"/a/%2E./b", "/b"),
    (b"/%61%7e", "/a~"),
    (b"/e%20f", "/e f"),
    (b"/%2f%2F", "/%2F%2F"),
    (b"/%3a%5b%25", "/%3A%5B%25"),
    (b"/%2525", "/%2525"),
    (b"/%zz%4", "/%zz%4"),
    (b"/uni%C3%A9", "/uni\u00e9"),
    (b"/uni\xc3\xa9", "/uni\u00e9"),
    (b"/bad%FF", "/bad\udcff"),
    (b"/d/a+b%2Bc", "/d/a+b%2Bc"),
    (b"/d/%2F/x", "/d/%2F/x"),
    (b"*", "*"),
    (b"", ""),
]


@pytest.mark.parametrize(("received", "normal"), NORMAL_FORMS)
def test_normal_form(received: bytes, normal: str) -> None:
    """Unreserved triplets are decoded, dots and double slashes removed, nothing else touched."""
    assert normalise_path(received) == normal


def test_normal_form_of_text() -> None:
    """A Route's path, being text, gets the same normal form."""
    assert normalise_route_path("/a/%41/../uni\u00e9") == "/a/uni\u00e9"


@given(
    st.lists(st.sampled_from([b"/", b".", b"a", b"%", b"%2e", b"%2F", b"%25", b"\xff", b"41"]), max_size=12)
)
def test_normal_form_is_safe(parts: list[bytes]) -> None:
    """A normal path never climbs, never holds a double slash and escapes to what a request line may carry."""
    normal = normalise_path(b"/" + b"".join(parts))
    assert "//" not in normal
    assert not {".", ".."} & set(normal.split("/"))
    sent = escape_path(normal)
    assert sent.isascii()
    assert b" " not in sent


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/a/b-._~!#$&'()*+,:;=?@[]%", b"/a/b-._~!#$&'()*+,:;=?@[]%"),
        ("/e f", b"/e%20f"),
        ("/\u00e9", b"/%C3%A9"),
        ("/bad\udcff", b"/bad%FF"),
        ('/"<>\\^`{|}', b"/%22%3C%3E%5C%5E%60%7B%7C%7D"),
        ("/\r\n\x00", b"/%0D%0A%00"),
    ],
)
def test_escaping(path: str, sent: bytes) -> None:
    """Bytes that may not stand in a request line are percent-encoded, upper case."""
    assert escape_path(path) == sent


# service path, matched prefix, request path, strip, v0, v1
JOINED = [
    # recorded from Kong 3.9.1, flavour traditional_compatible (v0 only)
    (None, "/r", "/r", True, "/", "/"),
    (None, "/r", "/r/", True, "/", "/"),
    (None, "/r", "/r/req", True, "/req", "/req"),
    (None, "/r", "/rreq", True, "/req", "/req"),
    (None, "/r", "/r", False, "/r", "/r"),
    (None, "/q/", "/q/", True, "/", "/"),
    (None, "/q/", "/q/req", True, "/req", "/req"),
    (None, "/q/", "/q/", False, "/q/", "/q/"),
    ("/s", "/r", "/r", True, "/s", "/s"),
    ("/s", "/r", "/r/", True, "/s/", "/s/"),
    ("/s", "/r", "/r/req", True, "/s/req", "/s/req"),
    ("/s", "/r", "/rreq", True, "/s/req", "/sreq"),
    ("/s", "/r", "/r/req", False, "/s/r/req", "/sr/req"),
    ("/s", "/q/", "/q/", True, "/s/", "/s"),
    ("/s", "/fv1/", "/fv1/req", True, "/s/req", "/sreq"),
    ("/s/", "/r", "/r", True, "/s", "/s/"),
    ("/s/", "/r", "/r/", True, "/s/", "/s/"),
    ("/s/", "/r", "/rreq", True, "/s/req", "/s/req"),
    ("/s/", "/r", "/r", False, "/s/r", "/s/r"),
    ("/s/", "/q/", "/q/req", True, "/s/req", "/s/req"),
    # no path on the Route: nothing is stripped
    ("/s", None, "/", True, "/s", "/s"),
    ("/s", None, "/x", True, "/s/x", "/sx"),
    ("/s/", None, "/x/", True, "/s/x/", "/s/x/"),
    ("/s", None, "/", False, "/s", "/s"),
    # the rest must not climb
    ("/s", "/r", "/r..", True, "/s", "/s"),
    ("/s", "/r", "/r../x", True, "/s/x", "/sx"),
    ("/s", "/r", "/r./x", True, "/s/x", "/sx"),
    ("/s", "/r", "/r.x", True, "/s/.x", "/s.x"),
    ("/s", "/r", "/r..x", True, "/s/..x", "/s..x"),
]


@pytest.mark.parametrize(("service", "prefix", "path", "strip", "v0", "v1"), JOINED)
def test_upstream_path(
    service: str | None, prefix: str | None, path: str, strip: bool, v0: str, v1: str
) -> None:
    """Service path and what is left of the request path are joined by the Route's rules."""
    assert upstream_path(service, prefix, path, strip=strip) == v0
    assert upstream_path(service, prefix, path, strip=strip, path_handling="v1") == v1
