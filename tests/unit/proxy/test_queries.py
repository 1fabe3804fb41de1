"""The router is shown what its flavour may ask for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from twisted.internet.address import IPv4Address

from twisted_kong.core.context import RequestContext
from twisted_kong.core.http1.heads import FieldBlock, RequestHead
from twisted_kong.proxy.queries import full_query, plain_query, query_maker, traditional_query


def a_request(method: bytes = b"GET") -> tuple[Any, RequestHead, RequestContext]:
    transport = SimpleNamespace(getHost=lambda: IPv4Address("TCP", "127.0.0.9", 8000))
    client = SimpleNamespace(scheme="https", port=8443, sni="s.test", transport=transport)
    block = FieldBlock(b"Host: h.test\r\nX-A: 1\r\n")
    block.domain = "h.test"
    head = RequestHead(b"", method, b"/a?b=c", b"/a", b"b=c", 1, b"h.test", block, "/a")
    ctx = RequestContext()
    ctx.client_ip, ctx.client_port = "10.0.0.1", 1234
    return client, head, ctx


def test_attributes_ask_for_little() -> None:
    """Who the client is and what it asks behind the ``?`` is not looked up."""
    query = plain_query(*a_request())
    assert query[:6] == ("GET", "https", "h.test", 8443, "/a", "s.test")
    assert query.header(b"x-a") == [b"1"]
    assert (query.query, query.source, query.destination) == (None, ("", 0), "")


def test_expressions_may_ask_for_more() -> None:
    """The query, the client after real-IP processing, and our own end of the connection."""
    query = full_query(*a_request(b"PURGE"))
    assert query[:6] == ("PURGE", "https", "h.test", 8443, "/a", "s.test")
    assert query.header(b"x-a") == [b"1"]
    assert (query.query, query.source, query.destination) == (b"b=c", ("10.0.0.1", 1234), "127.0.0.9")


def test_a_port_in_host_comes_first() -> None:
    """The port that the client named is the one that Routes mean."""
    client, head, ctx = a_request()
    head.port = 99
    assert plain_query(client, head, ctx).port == 99
    assert full_query(client, head, ctx).port == 99


def test_the_oldest_router_takes_the_default_port_of_the_scheme() -> None:
    """Where Host has no port, that of the listener does not count."""
    client, head, ctx = a_request()
    assert traditional_query(client, head, ctx).port == 443
    client.scheme = "http"
    assert traditional_query(client, head, ctx).port == 80
    head.port = 8123
    assert traditional_query(client, head, ctx) == plain_query(client, head, ctx)


def test_the_flavour_decides() -> None:
    """Only the router of expressions is shown everything."""
    assert query_maker("expressions") is full_query
    assert query_maker("traditional") is traditional_query
    assert query_maker("traditional_compatible") is plain_query
