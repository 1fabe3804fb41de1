"""A client's connection: order, pipelining, bodies, limits, the end."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kit.logs import caught_failures
from tests.kit.proxies import Plugged, World, get, head_of, lose, ok, post
from twisted_kong.proxy.downstream import PIPELINE_LIMIT


def test_requests_are_answered_in_order() -> None:
    """What comes early waits until the one before it is answered."""
    world = World()
    _, wire = world.client(get(b"/1") + get(b"/2") + get(b"/3"))
    connection, service = world.service()
    for path in (b"/1", b"/2", b"/3"):
        assert service.take().startswith(b"GET " + path + b" ")
        connection.dataReceived(ok(path))
        assert head_of(wire.take())[2] == path
    assert world.pending == 0


def test_many_pipelined_requests_do_not_nest() -> None:
    """Answers given at once are given in a loop, however many requests arrive together."""
    world = World(routed=False)
    _, wire = world.client(get() * 3000)
    assert wire.take().count(b"404 Not Found") == 3000


def test_every_split_is_served_alike() -> None:
    """Cut anywhere, two requests with a body between them are two requests."""
    data = post(b"hello") + get(b"/2")
    for cut in range(len(data) + 1):
        world = World()
        client, _ = world.client()
        for piece in (data[:cut], data[cut:]):
            if piece:
                client.dataReceived(piece)
        connection, service = world.service()
        assert service.take().endswith(b"\r\n\r\nhello")
        connection.dataReceived(ok())
        assert service.take().startswith(b"GET /2 ")


def test_too_much_pipelined_is_not_read() -> None:
    """The client waits while its first request does, and is read again afterwards."""
    world = World()
    client, wire = world.client(get())
    connection, _ = world.service()
    client.dataReceived(get() * (PIPELINE_LIMIT // len(get()) + 2))
    assert not wire.reading
    connection.dataReceived(ok())
    assert wire.reading


def test_empty_lines_before_a_request() -> None:
    """A few are ignored."""
    world = World(routed=False)
    client, wire = world.client(b"\r\n\r\n" + get())
    assert b" 404 " in wire.take()
    client.dataReceived(b"\r\n" + get())
    assert b" 404 " in wire.take()
    _, wire = world.client(b"\r\n" * 10 + get())
    assert b" 400 " in wire.take()


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET /\r\n\r\n", b"400 Bad Request"),
        (b"GET / HTTP/1.1\r\n\r\n", b"400 Bad Request"),
        (b"GET / HTTP/3.0\r\nHost: a\r\n\r\n", b"505 HTTP Version Not Supported"),
        (b"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", b"405 Not Allowed"),
        (b"GET /" + b"a" * 9000, b"414 Request-URI Too Large"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x\r\n\r\n", b"501 Not Implemented"),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 9000 + b"\r\n\r\n", b"400 Bad Request"),
    ],
)
def test_what_is_no_request_ends_the_connection(data: bytes, status: bytes) -> None:
    """The client is told once, and nothing behind it is looked at."""
    world = World()
    client, wire = world.client(data + get(b"/smuggled"))
    line, fields, rest = head_of(wire.take())
    assert line == b"HTTP/1.1 " + status
    assert fields[b"connection"] == b"close"
    assert fields[b"content-type"] == b"text/plain; charset=utf-8"
    assert b"request_id: " in rest
    assert wire.half_closed
    client.dataReceived(get())
    assert wire.take() == b""
    assert world.pending == 0
    assert len(world.logged) == 1


def test_what_is_no_request_is_answered_as_it_asks() -> None:
    """Its Accept counts where its fields could be read at all."""
    asks = b"Host: a\r\nAccept: application/json\r\n"
    for line, extra, media in (
        (b"TRACE / HTTP/1.1", b"", b"application/json"),
        (b"GET /%zz HTTP/1.1", b"", b"application/json"),
        (b"GET / HTTP/1.1", b"Bad Name: x\r\n", b"text/plain"),
    ):
        _, wire = World().client(line + b"\r\n" + asks + extra + b"\r\n")
        assert head_of(wire.take())[1][b"content-type"] == media + b"; charset=utf-8"


def test_a_bad_chunk_before_the_service_is_asked() -> None:
    """A buffered body with a fault is 400, and the Service hears nothing."""
    world = World()
    _, wire = world.client(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n+5\r\nhello\r\n")
    assert b"400 Bad Request" in wire.take()
    assert world.pending == 0


def test_connection_close_is_honoured() -> None:
    """After the answer our end is closed, and after a moment the whole."""
    world = World()
    _, wire = world.client(get(b"/", b"Connection: close") + get(b"/smuggled"))
    connection, service = world.service()
    connection.dataReceived(ok())
    assert head_of(wire.take())[1][b"connection"] == b"close"
    assert wire.half_closed
    assert b"smuggled" not in service.take()
    assert not wire.disconnecting
    world.advance(2.1)
    assert wire.disconnecting
    assert not wire.aborted


def test_http_1_0_keeps_only_if_asked() -> None:
    """The old default is to close."""
    world = World(routed=False)
    _, wire = world.client(b"GET / HTTP/1.0\r\n\r\n")
    assert head_of(wire.take())[1][b"connection"] == b"close"
    _, wire = world.client(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    assert head_of(wire.take())[1][b"connection"] == b"keep-alive"
    assert not wire.half_closed


def test_keepalive_requests_bounds_a_connection() -> None:
    """The last request it allows is answered with close."""
    world = World(routed=False, keepalive_requests=2)
    client, wire = world.client(get())
    assert head_of(wire.take())[1][b"connection"] == b"keep-alive"
    client.dataReceived(get())
    assert head_of(wire.take())[1][b"connection"] == b"close"


def test_a_body_nobody_wants_is_read_over() -> None:
    """A 404 for a POST does not cost the connection, unless the body is long."""
    world = World(routed=False)
    client, wire = world.client(post(b"x" * 1000)[:-900])
    assert b" 404 " in wire.take()
    client.dataReceived(b"x" * 900 + get())
    assert b" 404 " in wire.take()
    _, wire = world.client(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n")
    assert head_of(wire.take())[1][b"connection"] == b"close"
    client, wire = world.client(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
    assert b"keep-alive" in wire.take()
    client.dataReceived(b"%x\r\n" % 500_000 + b"x" * 400_000)
    assert wire.half_closed


def test_expect_continue_is_answered_when_the_body_is_wanted() -> None:
    """100 is sent once, by us; never to a client that does not wait, is refused, or speaks HTTP/1.0."""
    world = World()
    expecting = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-Continue\r\n\r\n"
    client, wire = world.client(expecting)
    assert wire.take() == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.dataReceived(b"hi")
    _, service = world.service()
    _, fields, rest = head_of(service.take())
    assert b"expect" not in fields
    assert rest == b"hi"
    assert wire.take() == b""
    _, wire = world.client(expecting + b"hi")
    assert wire.take() == b""
    _, wire = world.client(expecting.replace(b"HTTP/1.1", b"HTTP/1.0"))
    assert wire.take() == b""
    world = World(routed=False)
    _, wire = world.client(expecting)
    assert head_of(wire.take())[1][b"connection"] == b"close"


def test_each_wait_for_the_client_has_its_deadline() -> None:
    """For a head, for the next request, for a body: 60, 75 and 60 seconds by default."""
    world = World(routed=False)
    _, silent = world.client()
    _, partial = world.client(b"GET / HT")
    _, idle = world.client(get())
    world.advance(59)
    assert not (silent.half_closed)
    assert not (partial.half_closed)
    assert not (idle.half_closed)
    world.advance(1.1)
    assert silent.half_closed
    assert partial.half_closed
    assert not idle.half_closed
    world.advance(15.3)
    assert idle.half_closed
    world = World()
    _, late = world.client(post(b"hello")[:-2])
    world.advance(60.1)
    assert late.take().startswith(b"HTTP/1.1 408 Request Time-out\r\n")
    assert late.half_closed


def test_a_short_patience_is_kept() -> None:
    """An idle connection is closed after keepalive_timeout, however short."""
    world = World(routed=False, keepalive_timeout=1.0)
    _, idle = world.client(get())
    world.advance(0.9)
    assert not idle.half_closed
    world.advance(0.2)
    assert idle.half_closed


def test_an_idle_connection_forgets_its_last_request() -> None:
    """It gets small after a moment, and serves the next request all the same."""
    world = World()
    client, wire = world.client(get())
    connection, service = world.service()
    connection.dataReceived(ok(b"one"))
    assert client.memo is None
    client.dataReceived(get())
    connection.dataReceived(ok(b"one"))
    assert client.memo is not None
    world.advance(2.1)
    assert client.memo is None
    assert not wire.half_closed
    wire.take()
    service.take()
    client.dataReceived(get())
    assert service.take().startswith(b"GET / ")
    connection.dataReceived(ok(b"two"))
    assert head_of(wire.take())[2] == b"two"


def test_a_waiting_service_has_no_deadline_of_the_client() -> None:
    """A client that waits for its answer is not idle."""
    world = World(keepalive_timeout=1.0, header_timeout=1.0)
    _, wire = world.client(get())
    world.service()
    world.advance(4)
    assert not (wire.half_closed)
    assert not (wire.aborted)


def test_something_that_breaks_is_a_500() -> None:
    """An error of ours costs one request and no more."""

    def broken(ctx: Any) -> None:
        raise RuntimeError("broken")

    world = World(phases=Plugged(rewrite=broken))
    with caught_failures() as failures:
        _, wire = world.client(get())
    assert failures == ["broken"]
    assert wire.take().startswith(b"HTTP/1.1 500 ")


def test_a_lost_connection_leaves_nothing() -> None:
    """Neither a deadline nor a place in the list of connections."""
    world = World()
    client, _ = world.client()
    lose(client)
    assert world.gateway.connections == set()
    assert client.slot == 0


PIECES = st.sampled_from(
    [
        get(),
        get(b"/x", b"Connection: close"),
        post(b"hello"),
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"5\r\nhello\r\n",
        b"0\r\n\r\n",
        b"\r\n",
        b"GET ",
        b"\n",
        b"\x00",
        b"hello",
    ]
)


@settings(deadline=None, max_examples=120)
@given(st.lists(PIECES, max_size=6).map(b"".join), st.integers(0, 400))
def test_no_bytes_break_a_connection(data: bytes, cut: int) -> None:
    """Whatever comes, in whatever pieces: no error, and the Service gets the same requests."""

    def requests(*pieces: bytes) -> list[bytes]:
        world = World()
        client, _ = world.client()
        seen: list[bytes] = []
        with caught_failures() as failures:
            for piece in pieces:
                client.dataReceived(piece)
            while world.pending:
                connection, service = world.service()
                while (sent := service.take()) and connection.sink is not None:
                    seen.append(sent)
                    connection.dataReceived(ok())
        assert failures == []
        return seen

    cut = min(cut, len(data))
    assert requests(data[:cut] or b"", data[cut:]) == requests(b"", data)
