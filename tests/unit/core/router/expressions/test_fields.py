"""Fields are found in a request as Kong finds them."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest

from tests.kit.expressions import query_of
from twisted_kong.core.router.expressions.fields import (
    Kind,
    Request,
    is_always_known,
    is_ill_formed,
    is_multiple,
    kind_of,
    lower,
    reader_of,
    segments_of,
)
from twisted_kong.core.router.query import RouteQuery


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("net.protocol", Kind.STRING),
        ("tls.sni", Kind.STRING),
        ("http.method", Kind.STRING),
        ("http.host", Kind.STRING),
        ("http.path", Kind.STRING),
        ("http.path.segments.0", Kind.STRING),
        ("http.path.segments.1_3", Kind.STRING),
        ("http.path.segments.len", Kind.INTEGER),
        ("http.headers.x_a", Kind.STRING),
        ("http.queries.a", Kind.STRING),
        ("net.src.ip", Kind.ADDRESS),
        ("net.src.port", Kind.INTEGER),
        ("net.dst.ip", Kind.ADDRESS),
        ("net.dst.port", Kind.INTEGER),
        ("net.port", Kind.INTEGER),
        ("http.nothing", None),
        ("http.headers", None),
        ("a", None),
    ],
)
def test_types(name: str, kind: Kind | None) -> None:
    """Each field has its type; others do not exist."""
    assert kind_of(name) is kind


def test_the_stream_proxy_knows_no_http() -> None:
    """Fields of connections are there, those of HTTP are not."""
    assert kind_of("net.src.ip", stream=True) is Kind.ADDRESS
    assert kind_of("tls.sni", stream=True) is Kind.STRING
    assert kind_of("http.path", stream=True) is None
    assert kind_of("http.headers.x", stream=True) is None


@pytest.mark.parametrize(
    ("name", "bounds"),
    [
        ("http.path.segments.0", (0, 0)),
        ("http.path.segments.12", (12, 12)),
        ("http.path.segments.0_2", (0, 2)),
        ("http.path.segments.2_2", None),
        ("http.path.segments.2_1", None),
        ("http.path.segments.01", None),
        ("http.path.segments.x", None),
        ("http.path.segments.1_", None),
        ("http.path", None),
    ],
)
def test_segments_are_named_by_number_or_range(name: str, bounds: tuple[int, int] | None) -> None:
    """A range goes up; numbers have no zeros in front."""
    assert segments_of(name) == bounds
    assert is_ill_formed(name) == (bounds is None and name != "http.path")


def test_the_length_is_no_segment() -> None:
    """``len`` is well-formed, though it names no segment."""
    assert not is_ill_formed("http.path.segments.len")


FULL = query_of(
    "/a/b/c/",
    method="PUT",
    scheme="https",
    host="h.test",
    port=8443,
    sni="S.Test.",
    headers={b"x-a": [b"1", b"2"], b"u_s": [b"3"], b"u-s": [b"4"]},
    query=b"a=1&b&a=%32&c=x+y&=z&d=",
    source=("10.1.2.3", 555),
    destination="fe80::1%eth0",
)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("net.protocol", b"https"),
        ("tls.sni", b"s.test"),
        ("http.method", b"PUT"),
        ("http.host", b"h.test"),
        ("http.path", b"/a/b/c/"),
        ("http.path.segments.0", b"a"),
        ("http.path.segments.2", b"c"),
        ("http.path.segments.3", None),
        ("http.path.segments.0_2", b"a/b/c"),
        ("http.path.segments.1_2", b"b/c"),
        ("http.path.segments.1_3", None),
        ("http.path.segments.len", 3),
        ("http.headers.x_a", [b"1", b"2"]),
        ("http.headers.X_A", [b"1", b"2"]),
        ("http.headers.u_s", [b"3"]),
        ("http.headers.none", []),
        ("http.queries.a", [b"1", b"2"]),
        ("http.queries.b", [b""]),
        ("http.queries.c", [b"x y"]),
        ("http.queries.d", [b""]),
        ("http.queries.z", []),
        ("net.src.ip", ip_address("10.1.2.3")),
        ("net.src.port", 555),
        ("net.dst.ip", ip_address("fe80::1")),
        ("net.dst.port", 8443),
        ("net.port", 8443),
    ],
)
def test_values(name: str, value: Any) -> None:
    """Each field is found; what is absent has no value, or an empty list of them."""
    assert reader_of(name)(Request(FULL)) == value


def test_what_is_not_there() -> None:
    """Without TLS there is no SNI; a client on a socket of the file system has no address."""
    bare = Request(RouteQuery("GET", "http", "", 80, "/", None, lambda name: []))
    assert reader_of("tls.sni")(bare) is None
    assert reader_of("net.src.ip")(bare) is None
    assert reader_of("net.dst.ip")(bare) is None
    assert reader_of("http.queries.a")(bare) == []
    strange = Request(query_of(source=("unix:/x", 0)))
    assert reader_of("net.src.ip")(strange) is None


def test_of_many_arguments_the_first_hundred_count() -> None:
    """As in Kong, a query of thousands of arguments costs no more than one of a hundred."""
    request = Request(query_of(query=b"&".join(b"a%d=1" % number for number in range(200))))
    assert request.argument(b"a99") == [b"1"]
    assert request.argument(b"a100") == []


def test_nobody_asks_for_what_does_not_exist() -> None:
    """A reader is made of checked fields only."""
    with pytest.raises(ValueError, match="no such field"):
        reader_of("http.path.segments.x")


def test_lower_case() -> None:
    """Letters of all scripts have a lower-case form; bytes that are no text stay."""
    assert lower(b"AbC") == b"abc"
    assert lower("ÄÉ".encode()) == "äé".encode()
    assert lower(b"A\xff") == b"a\xff"


def test_what_remembered_answers_depend_on() -> None:
    """Fields that follow from the request line, the host and the SNI need no part in the key."""
    assert is_always_known("http.path.segments.1")
    assert is_always_known("tls.sni")
    assert not is_always_known("http.headers.x")
    assert not is_always_known("net.src.ip")
    assert is_multiple("http.queries.a")
    assert not is_multiple("http.path")
