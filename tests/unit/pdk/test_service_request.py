"""``kong.service.request`` changes what the Service is sent, and nothing that could split the message."""

from __future__ import annotations

import json

import pytest

from tests.kit.pdk import a_context, a_kong, sent_headers
from twisted_kong.core.context import RequestContext, Upstream
from twisted_kong.pdk.service_request import ServiceRequest
from twisted_kong.pdk.texts import PreparedHeaders


def changing(context: RequestContext) -> tuple[ServiceRequest, Upstream]:
    assert context.upstream is not None
    return a_kong(context).service.request, context.upstream


def test_the_request_line() -> None:
    """Method, path and query; what may not stand there is escaped or refused."""
    request, upstream = changing(a_context("/a?x=1"))
    request.set_method("PUT")
    request.set_path("/e f?\u00e9")
    request.set_scheme("https")
    assert (upstream.method, upstream.path, upstream.scheme) == (b"PUT", b"/e%20f%3F%C3%A9", "https")
    request.set_raw_query("a=b&c")
    assert upstream.query == b"a=b&c"
    request.set_query({"b": 1, "a": True})
    assert upstream.query == b"a&b=1"
    for refused in (
        lambda: request.set_method("GET /x"),
        lambda: request.set_path("a"),
        lambda: request.set_scheme("ftp"),
        lambda: request.set_raw_query("a b"),
        lambda: request.set_raw_query("a\r\nX: 1"),
    ):
        with pytest.raises(ValueError, match=r".+"):
            refused()


def test_removing_an_argument() -> None:
    """The others stay as written; the mark stays when the last one goes (Kong)."""
    request, upstream = changing(a_context("/a?key=1&z=%20"))
    request.clear_query_arg("key")
    assert upstream.query == b"z=%20"
    request.clear_query_arg("z")
    assert upstream.query == b""


def test_headers() -> None:
    """Set, added, removed; Host is the one that names the Service."""
    context = a_context()
    request, upstream = changing(context)
    request.set_header("X-A", 1)
    request.add_header("X-B", ["1", "2"])
    request.clear_header("X-C")
    request.set_headers({"X-D": "d", "Host": "other.test"})
    request.set_prepared_headers(PreparedHeaders({"X-E": "e"}, remove=["X-A"]))
    assert upstream.host_header == b"other.test"
    assert upstream.edits is not None
    assert sorted(upstream.edits.fields()) == [(b"X-B", b"1"), (b"X-B", b"2"), (b"X-D", b"d"), (b"X-E", b"e")]
    assert sent_headers(context)["x-c"] is None
    for name, value in (("X A", "1"), ("X-A", "1\r\nX-B: 2"), ("Host", "a b"), ("Host", "")):
        with pytest.raises(ValueError, match="not a"):
            request.set_header(name, value)
    request.add_header("Host", "third.test")
    assert upstream.host_header == b"third.test"


def test_bodies() -> None:
    """A body raw, or as a table in the request's own type."""
    context = a_context(headers={"Content-Type": "application/json"})
    request, upstream = changing(context)
    request.set_raw_body("\u00e9")
    assert upstream.body == b"\xc3\xa9"
    request.set_body({"a": 1})
    assert json.loads(upstream.body) == {"a": 1}
    request.set_body({"a": 1}, "application/x-www-form-urlencoded")
    assert upstream.body == b"a=1"
    assert sent_headers(context)["content-type"] == "application/x-www-form-urlencoded"


def test_buffering() -> None:
    """The answer is read whole when a plugin asks for it."""
    context = a_context()
    a_kong(context).service.request.enable_buffering()
    assert context.buffer_response
