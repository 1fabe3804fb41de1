"""``kong.request`` shows the request as Kong does."""

from __future__ import annotations

import pytest
from twisted.internet.defer import Deferred

from tests.kit.deferreds import failure_of, no_result, started, success_of
from tests.kit.pdk import RECORDED, a_context, a_kong
from twisted_kong.core.router import Captures
from twisted_kong.pdk.bodies import BodyError
from twisted_kong.pdk.phase import REWRITE

FORWARDED = {
    "Host": "Client.test:8080",
    "X-Forwarded-Proto": "HTTPS",
    "X-Forwarded-Host": "Outer.test:99",
    "X-Forwarded-Port": "444",
    "X-Forwarded-Path": "/outer",
    "X-Forwarded-Prefix": "/pre",
}


def test_the_request_line() -> None:
    """Method, paths and query, as received and normal."""
    request = a_kong(a_context("/a%20b/%2e/./c?x=%20&y", method="PATCH")).request
    assert request.get_method() == "PATCH"
    assert request.get_raw_path() == "/a%20b/%2e/./c"
    assert request.get_path() == "/a b/c"
    assert request.get_raw_query() == "x=%20&y"
    assert request.get_path_with_query() == "/a%20b/%2e/./c?x=%20&y"
    assert request.get_http_version() == 1.1
    assert a_kong(a_context("/a?")).request.get_path_with_query() == "/a"


def test_where_it_came_to() -> None:
    """Scheme, host and port are the listener's and the Host header's."""
    request = a_kong(a_context(headers=FORWARDED)).request
    assert (request.get_scheme(), request.get_host(), request.get_port()) == ("http", "client.test", 19000)
    assert a_kong(a_context(headers={"Host": "[::1]:80"})).request.get_host() == "[::1]"


def test_forwarded_by_a_stranger() -> None:
    """Who is not trusted is not believed."""
    request = a_kong(a_context("/a/b", headers=FORWARDED)).request
    assert request.get_forwarded_scheme() == "http"
    assert request.get_forwarded_host() == "client.test"
    assert request.get_forwarded_port() == 19000
    assert request.get_forwarded_path() == "/a/b"
    assert request.get_forwarded_prefix() == "/a"


def test_forwarded_by_a_trusted_peer() -> None:
    """A trusted peer tells what the client asked of it."""
    request = a_kong(a_context("/a/b", headers=FORWARDED, trusted=True)).request
    assert request.get_forwarded_scheme() == "https"
    assert request.get_forwarded_host() == "outer.test"
    assert request.get_forwarded_port() == 444
    assert request.get_forwarded_path() == "/outer"
    assert request.get_forwarded_prefix() == "/pre"


def test_a_bad_forwarded_port_is_not_believed() -> None:
    """Only decimal digits are a port."""
    for bad in ("", "x", "+5", "\xb2", "123456"):
        context = a_context(headers={"Host": "a", "X-Forwarded-Port": bad}, trusted=True)
        assert a_kong(context).request.get_forwarded_port() == 19000


def test_query_arguments() -> None:
    """One argument by name, or all of them; the first of several, True for one without a value."""
    request = a_kong(a_context("/?a=1&a=2&b&c=%C3%A9")).request
    assert request.get_query_arg("a") == "1"
    assert request.get_query_arg("b") is True
    assert request.get_query_arg("z") is None
    assert request.get_query() == {"a": ["1", "2"], "b": True, "c": "\u00e9"}
    assert request.get_query(1) == {"a": "1"}
    assert a_kong(a_context("/")).request.get_query_arg("a") is None
    with pytest.raises(ValueError, match="1 to 1000"):
        request.get_query(1001)


def test_headers() -> None:
    """Case does not matter, an underscore stands for a dash, repeated ones are a list."""
    request = a_kong(
        a_context(headers=[("Host", "a"), ("X-Some", "\xe9"), ("x-some", "2"), ("x_under", "u")])
    ).request
    assert request.get_header("X-SOME") == "\xe9"
    assert request.get_header("x_some") == "\xe9"
    assert request.get_header("x_under") == "u"
    assert request.get_header("nothing") is None
    assert request.get_header_values("x-some") == ["\xe9", "2"]
    assert request.get_headers()["x-some"] == ["\xe9", "2"]
    assert request.get_headers(1) == {"host": "a"}


def test_headers_changed_for_the_service_are_seen_changed() -> None:
    """A later plugin sees what an earlier one set or removed, as in Kong."""
    kong = a_kong(a_context(headers={"X-A": "client", "X-B": "client"}))
    kong.service.request.set_header("X-A", "plugin")
    kong.service.request.clear_header("X-B")
    assert kong.request.get_header("x-a") == "plugin"
    assert kong.request.get_header("x-b") is None
    assert kong.request.get_headers() == {"host": "client.test:8080", "x-a": "plugin"}
    rewriting = a_kong(a_context(routed=False), phase=REWRITE)
    rewriting.service.request.set_header("X-A", "early")
    assert rewriting.request.get_header("x-a") == "early"


def test_bodies() -> None:
    """The body raw and parsed by its type; a type may be forced."""
    form = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    request = a_kong(a_context(headers=form, body=b"a=1&b")).request
    assert success_of(request.get_raw_body()) == b"a=1&b"
    assert success_of(request.get_body()) == {"a": "1", "b": True}
    failure_of(request.get_body("application/json"), BodyError)
    failure_of(a_kong(a_context(body=b"x")).request.get_body(), BodyError)


def test_a_body_may_be_waited_for() -> None:
    """Reading the body waits until the client has sent it."""
    body: Deferred[bytes] = Deferred()
    waiting = started(a_kong(a_context(body=body)).request.get_raw_body())
    no_result(waiting)
    body.callback(b"late")
    assert success_of(waiting) == b"late"


def test_start_and_captures() -> None:
    """When it began in milliseconds, and what the Route's regex caught."""
    request = a_kong(a_context()).request
    assert request.get_start_time() == int(RECORDED * 1000)
    assert request.get_uri_captures() == Captures({}, [])
    caught = Captures({"id": "1"}, ["1"])
    assert a_kong(a_context(captures=caught)).request.get_uri_captures() == caught
