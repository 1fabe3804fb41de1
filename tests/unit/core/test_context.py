"""The state of a request."""

from __future__ import annotations

from twisted_kong.core.context import Answer, RequestContext, Response, Try, Upstream
from twisted_kong.core.headers import HeaderEdits, Headers

SERVICE = {
    "protocol": "http",
    "host": "a.test",
    "port": 80,
    "connect_timeout": 1,
    "read_timeout": 2,
    "write_timeout": 3,
    "retries": 4,
}


def test_each_request_has_its_own_room_for_plugins() -> None:
    """What plugins remember is made at the first need and never shared between requests."""
    one, other = RequestContext(), RequestContext()
    one.shared["a"] = 1
    one.state_of("key-auth")["b"] = 2
    assert other.shared == {}
    assert other.state_of("key-auth") == {}
    assert one.state_of("key-auth") == {"b": 2}


def test_the_answer_is_changed_where_it_is() -> None:
    """Fields of an answer that does not exist yet are recorded; later they are changed directly."""
    ctx = RequestContext()
    edits = ctx.change_response()
    assert isinstance(edits, HeaderEdits)
    assert ctx.change_response() is edits
    ctx.response = Response(200, Headers(), "service")
    assert ctx.change_response() is ctx.response.headers


def test_an_upstream_starts_as_its_service_says() -> None:
    """Timeouts, retries and the address are the Service's until a plugin changes them."""
    upstream = Upstream(SERVICE, b"GET", b"/x", None)
    assert (upstream.scheme, upstream.host, upstream.port) == ("http", "a.test", 80)
    assert (upstream.connect_timeout, upstream.read_timeout, upstream.write_timeout) == (1, 2, 3)
    assert upstream.retries == 4
    assert upstream.edits is None
    assert upstream.change_headers() is upstream.change_headers()


def test_answers_and_tries_start_plain() -> None:
    """An Answer has its own list of fields; a Try has not failed yet."""
    assert Answer(204).headers is not Answer(204).headers
    assert Answer(204).source == "exit"
    attempt = Try("127.0.0.1", 80, 5.0)
    assert (attempt.state, attempt.code, attempt.ended) == (None, None, 5.0)


def test_an_answer_takes_the_place_of_another() -> None:
    """Its own fields count, others stay unless they describe the body that is gone."""
    old = [(b"Content-Encoding", b"gzip"), (b"ETag", b"1"), (b"x-a", b"old"), (b"X-B", b"kept")]
    response = Response(200, Headers(old), "service", reason=b"Fine")
    response.replace_by(Answer(403, [(b"X-A", b"new"), (b"X-A", b"too")], b"no"))
    assert (response.status, response.reason, response.body, response.source) == (403, b"", b"no", "exit")
    assert response.headers.items() == [(b"X-B", b"kept"), (b"X-A", b"new"), (b"X-A", b"too")]
