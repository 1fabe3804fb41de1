"""The head of the request that goes to the Service."""

from __future__ import annotations

from typing import Any

from tests.kit.proxies import ID, Plugged, World, get, head_of, route_row, service_row
from twisted_kong.proxy.settings import Tokens


def sent(request: bytes, **options: Any) -> bytes:
    """What the Service is sent for a request."""
    world = World(**options)
    world.client(request)
    data: bytes = world.service()[1].take()
    return data


def test_the_order_and_spelling_are_kongs() -> None:
    """Ours first, then the client's lines as they came in."""
    assert sent(get(b"/x", b"X-A:  b", b"x_b: c")) == (
        b"GET /x HTTP/1.1\r\nVia: 1.1 kong/3.9.1\r\nHost: 10.0.0.1:81\r\nConnection: keep-alive\r\n"
        b"X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: a.test\r\n"
        b"X-Forwarded-Port: 8000\r\nX-Forwarded-Path: /x\r\nX-Real-IP: 192.0.2.1\r\n"
        b"X-Kong-Request-Id: %b\r\nX-A:  b\r\nx_b: c\r\n\r\n" % ID.encode()
    )


def test_what_an_untrusted_client_says_of_itself_is_replaced() -> None:
    """Only the chain of X-Forwarded-For and Via is continued, from all lines of it."""
    fields = [
        b"X-Forwarded-Proto: https",
        b"X-Forwarded-Host: e",
        b"X-Forwarded-Port: 1",
        b"X-Real-IP: 6.6.6.6",
    ]
    fields += [b"X-Forwarded-Path: /e", b"X-Forwarded-Prefix: /e", b"X-Kong-Request-Id: mine"]
    fields += [b"X-Forwarded-For: 1.1.1.1", b"X-Forwarded-For: 2.2.2.2", b"Via: 1.0 old"]
    data = sent(get(b"/x", *fields))
    got = head_of(data)[1]
    assert got[b"x-forwarded-for"] == b"1.1.1.1, 2.2.2.2, 192.0.2.1"
    assert got[b"via"] == b"1.0 old, 1.1 kong/3.9.1"
    assert got[b"x-forwarded-proto"] == b"http"
    assert got[b"x-forwarded-host"] == b"a.test"
    assert got[b"x-forwarded-path"] == b"/x"
    assert got[b"x-real-ip"] == b"192.0.2.1"
    assert b"x-forwarded-prefix" not in got
    assert b"6.6.6.6" not in data
    assert data.count(b"X-Forwarded-For") == 1


def test_what_a_trusted_peer_says_counts() -> None:
    """Each of its X-Forwarded fields that is not empty."""
    fields = [
        b"X-Forwarded-Proto: https",
        b"X-Forwarded-Host: e",
        b"X-Forwarded-Port: 1",
        b"X-Real-IP: 6.6.6.6",
    ]
    fields += [b"X-Forwarded-Path: /e", b"X-Forwarded-Prefix: /p", b"X-Forwarded-For: 6.6.6.6"]
    got = head_of(sent(get(b"/x", *fields), trusted=["192.0.2.1"]))[1]
    assert got[b"x-forwarded-proto"] == b"https"
    assert got[b"x-forwarded-host"] == b"e"
    assert got[b"x-forwarded-port"] == b"1"
    assert got[b"x-forwarded-path"] == b"/e"
    assert got[b"x-forwarded-prefix"] == b"/p"
    assert got[b"x-real-ip"] == b"6.6.6.6"
    assert got[b"x-forwarded-for"] == b"6.6.6.6, 192.0.2.1"
    empty = head_of(sent(get(b"/x", b"X-Forwarded-Host: "), trusted=["192.0.2.1"]))[1]
    assert empty[b"x-forwarded-host"] == b"a.test"


def test_hop_by_hop_fields_stay_here() -> None:
    """Those of the RFC and those that Connection names, never the framing or Host."""
    fields = [b"Keep-Alive: 5", b"Proxy-Connection: x", b"TE: gzip", b"Upgrade: h2c", b"Proxy: http://evil"]
    fields += [b"Connection: close, X-Drop, Host, Content-Length", b"X-Drop: 1", b"Content-Length: 0"]
    got = head_of(sent(get(b"/x", *fields)))[1]
    for name in (b"keep-alive", b"proxy-connection", b"te", b"upgrade", b"proxy", b"x-drop"):
        assert name not in got
    assert got[b"host"] == b"10.0.0.1:81"
    assert got[b"content-length"] == b"0"
    assert got[b"connection"] == b"keep-alive"
    assert head_of(sent(get(b"/x", b"TE: gzip, trailers")))[1][b"te"] == b"trailers"


def test_hosts() -> None:
    """preserve_host sends what the client sent; a prefix that was stripped is told."""
    request = b"GET /p/x HTTP/1.1\r\nHost: A.test:8000\r\n\r\n"
    got = head_of(sent(request, route=route_row(preserve_host=True)))[1]
    assert got[b"host"] == b"A.test:8000"
    assert got[b"x-forwarded-host"] == b"a.test"
    old = head_of(sent(b"GET / HTTP/1.0\r\n\r\n", route=route_row(preserve_host=True)))[1]
    assert old[b"host"] == b"10.0.0.1:81"
    assert b"x-forwarded-host" not in old
    assert old[b"via"] == b"1.0 kong/3.9.1"
    assert head_of(sent(get(), service=service_row(host="::1", port=80)))[1][b"host"] == b"[::1]"


def test_the_request_id_may_be_withheld() -> None:
    """headers_upstream decides."""
    data = sent(get(b"/x", b"X-A: b"), tokens=Tokens(request_id_upstream=False))
    assert b"X-Kong-Request-Id" not in data
    assert data.endswith(b"X-Real-IP: 192.0.2.1\r\nX-A: b\r\n\r\n")


def test_blocks_of_one_connection_share_lines_only_where_they_may() -> None:
    """A later request of another kind on the same connection gets its own."""
    world = World()
    client, _ = world.client(get(b"/1"))
    connection, service = world.service()
    from tests.kit.proxies import ok

    seen = []
    requests = [
        get(b"/2", b"X: 1"),
        get(b"/3", b"Via: 1.0 a"),
        get(b"/4"),
        get(b"/5", b"X-Forwarded-For: 9.9.9.9"),
    ]
    for request in [*requests, b"GET /6 HTTP/1.1\r\nHost: B.test\r\n\r\n", get(b"/7")]:
        service.take()
        connection.dataReceived(ok())
        client.dataReceived(request)
        fields = head_of(service.value())[1]
        seen.append((fields[b"via"], fields[b"x-forwarded-for"], fields[b"x-forwarded-host"]))
    plain = (b"1.1 kong/3.9.1", b"192.0.2.1", b"a.test")
    assert seen == [
        plain,
        (b"1.0 a, 1.1 kong/3.9.1", b"192.0.2.1", b"a.test"),
        plain,
        (b"1.1 kong/3.9.1", b"9.9.9.9, 192.0.2.1", b"a.test"),
        (b"1.1 kong/3.9.1", b"192.0.2.1", b"b.test"),
        plain,
    ]


def test_a_plugin_may_replace_the_forwarded_path() -> None:
    """Its value takes the place of ours."""

    def access(ctx: Any) -> None:
        ctx.upstream.change_headers().set(b"X-Forwarded-Path", b"/mine")

    data = sent(get(b"/x"), phases=Plugged(access=access))
    assert data.count(b"X-Forwarded-Path: ") == 1
    assert head_of(data)[1][b"x-forwarded-path"] == b"/mine"
    assert b"\r\n\r\n" not in data[:-4]


def test_plugins_edit_everything_but_the_framing() -> None:
    """Client's lines and ours may be replaced; Host, length and connection not."""

    def access(ctx: Any) -> None:
        edits = ctx.upstream.change_headers()
        edits.set(b"X-A", b"new")
        edits.remove(b"x-b")
        edits.set(b"X-Forwarded-Prefix", b"/mine")
        edits.set(b"X-Real-IP", b"7.7.7.7")
        edits.set(b"Via", b"me")
        edits.set(b"Host", b"evil")
        edits.set(b"Content-Length", b"99")
        edits.add(b"X-A", b"more")

    data = sent(get(b"/x", b"X-A: old", b"X-B: old", b"X-C: c"), phases=Plugged(access=access))
    line, got, _ = head_of(data)
    assert line == b"GET /x HTTP/1.1"
    assert data.count(b"X-A: ") == 2
    assert b"X-A: new\r\n" in data
    assert b"X-A: more\r\n" in data
    assert b"x-b" not in got
    assert got[b"x-c"] == b"c"
    assert got[b"x-forwarded-path"] == b"/x"
    assert (got[b"x-forwarded-prefix"], got[b"x-real-ip"], got[b"via"]) == (b"/mine", b"7.7.7.7", b"me")
    assert data.count(b"Via") == data.count(b"X-Real-IP") == 1
    assert got[b"host"] == b"10.0.0.1:81"
    assert b"content-length" not in got
    assert got[b"x-kong-request-id"] == ID.encode()
