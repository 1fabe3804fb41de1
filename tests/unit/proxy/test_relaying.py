"""A Service's answer on its way to the client."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred

from tests.kit.proxies import Plugged, World, get, head_of, lose, ok


def test_a_body_that_follows_is_passed_on_as_it_comes() -> None:
    """With its length, and the connection to the Service is kept at its end."""
    world = World()
    _, wire = world.client(get())
    connection, _ = world.service()
    connection.dataReceived(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
    line, fields, rest = head_of(wire.take())
    assert (line, fields[b"content-length"], rest) == (b"HTTP/1.1 200 OK", b"10", b"hello")
    connection.dataReceived(b"world")
    assert wire.take() == b"world"
    assert world.logged == [(200, 10)]
    assert world.pool.idle_count() == 1
    assert wire.producer is None


def test_chunks_are_framed_anew() -> None:
    """Extensions and trailers of the Service do not reach the client."""
    world = World()
    _, wire = world.client(get())
    connection, _ = world.service()
    connection.dataReceived(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;evil=1\r\nhello\r\n")
    connection.dataReceived(b"0\r\nX-Trailer: 1\r\n\r\n")
    head, _, rest = wire.take().partition(b"\r\n\r\n")
    assert b"Transfer-Encoding: chunked" in head
    assert rest == b"5\r\nhello\r\n0\r\n\r\n"


def test_a_body_until_close_becomes_chunks() -> None:
    """Its clean end is the end of the body; a broken one cuts the client off."""
    for clean in (True, False):
        world = World()
        _, wire = world.client(get())
        connection, _ = world.service()
        connection.dataReceived(b"HTTP/1.1 200 OK\r\n\r\nhello")
        lose(connection, clean=clean)
        rest = wire.take().partition(b"\r\n\r\n")[2]
        assert rest == b"5\r\nhello\r\n" + (b"0\r\n\r\n" if clean else b"")
        assert wire.aborted is not clean


def test_http_1_0_gets_no_chunks() -> None:
    """What has no length ends with the connection there."""
    world = World()
    _, wire = world.client(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    connection, _ = world.service()
    connection.dataReceived(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
    _, fields, rest = head_of(wire.take())
    assert (fields[b"connection"], rest) == (b"close", b"hello")
    assert wire.half_closed


def test_a_truncated_body_looks_truncated() -> None:
    """The client's connection is broken off, so that it cannot take the part for the whole."""
    world = World()
    _, wire = world.client(get())
    connection, _ = world.service()
    connection.dataReceived(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello")
    lose(connection)
    assert wire.aborted
    assert world.logged == [(200, 5)]


def test_a_slow_client_pauses_the_service() -> None:
    """Back-pressure reaches the Service, which is not blamed; a client that never reads is cut off."""
    world = World(send_timeout=60.0)
    _, wire = world.client(get())
    connection, service = world.service()
    connection.dataReceived(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhello")
    assert wire.producer is not None
    wire.producer.pauseProducing()
    assert not service.reading
    world.advance(30)
    assert not service.aborted
    wire.producer.resumeProducing()
    assert service.reading
    wire.producer.pauseProducing()
    world.advance(61)
    assert wire.aborted


def test_head_gets_the_length_and_no_body() -> None:
    """What GET would have had is told, nothing is sent."""
    world = World()
    _, wire = world.client(b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
    connection, _ = world.service()
    connection.dataReceived(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")
    _, fields, rest = head_of(wire.take())
    assert (fields[b"content-length"], rest) == (b"500", b"")
    assert world.pool.idle_count() == 1


def test_bodiless_statuses_have_no_framing() -> None:
    """204 and 304 announce nothing."""
    for status in (204, 304):
        world = World()
        _, wire = world.client(get())
        world.service()[0].dataReceived(b"HTTP/1.1 %d X\r\nContent-Length: 5\r\n\r\n" % status)
        _, fields, rest = head_of(wire.take())
        assert b"content-length" not in fields
        assert rest == b""


def test_header_filter_may_wait() -> None:
    """What arrives meanwhile is held in order, and the Service is paused."""
    wait: Deferred[None] = Deferred()

    def header_filter(ctx: Any) -> Deferred[None]:
        ctx.response.headers.set(b"X-A", b"b")
        return wait

    world = World(phases=Plugged(header_filter=header_filter))
    _, wire = world.client(get())
    connection, service = world.service()
    connection.dataReceived(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
    assert not service.reading
    connection.dataReceived(b"world")
    assert wire.take() == b""
    wait.callback(None)
    _, fields, rest = head_of(wire.take())
    assert (fields[b"x-a"], fields[b"content-length"], rest) == (b"b", b"10", b"helloworld")


def replaced(ctx: Any) -> None:
    """What ``kong.response.exit`` in a header_filter does."""
    ctx.response.status, ctx.response.source, ctx.response.body = 418, "exit", b"tea"


@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
def test_header_filter_may_replace_an_answer_that_came_whole(method: bytes) -> None:
    """The client gets the plugin's body with its length, the Service's connection is kept."""
    world = World(phases=Plugged(header_filter=replaced))
    _, wire = world.client(method + b" / HTTP/1.1\r\nHost: a\r\n\r\n")
    connection, _ = world.service()
    connection.dataReceived(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + b"hello" * (method == b"GET"))
    line, fields, rest = head_of(wire.take())
    assert line.startswith(b"HTTP/1.1 418")
    assert (fields[b"content-length"], rest) == (b"3", b"tea" * (method == b"GET"))
    assert world.pool.idle_count() == 1


@pytest.mark.parametrize("waits", [False, True])
def test_header_filter_may_replace_an_answer_that_still_comes(waits: bool) -> None:
    """The rest of the Service's is not waited for, and the client's connection goes on."""
    wait: Deferred[None] = Deferred()

    def header_filter(ctx: Any) -> Deferred[None] | None:
        replaced(ctx)
        return wait if waits else None

    world = World(phases=Plugged(header_filter=header_filter, body_filter=lambda ctx, chunk, last: None))
    client, wire = world.client(get())
    connection, service = world.service()
    connection.dataReceived(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
    wait.callback(None)
    _, fields, rest = head_of(wire.take())
    assert (fields[b"content-length"], fields[b"connection"], rest) == (b"3", b"keep-alive", b"tea")
    assert service.aborted
    assert world.logged == [(418, 3)]
    client.dataReceived(get())
    assert world.service()[0] is not connection


@pytest.mark.parametrize("status", [101, 204, 304])
def test_a_status_without_a_body_ends_the_body(status: int) -> None:
    """Where a plugin sets it, nothing follows that a client could take for the next answer."""

    def header_filter(ctx: Any) -> None:
        ctx.response.status = status

    world = World(phases=Plugged(header_filter=header_filter))
    _, wire = world.client(get())
    world.service()[0].dataReceived(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
    line, fields, rest = head_of(wire.take())
    assert line.startswith(b"HTTP/1.1 %d" % status)
    assert (b"content-length" in fields, rest) == (False, b"")
    assert fields[b"connection"] == (b"close" if status < 200 else b"keep-alive")


def test_plugins_are_told_which_try_was_answered() -> None:
    """The peer, also where the first one asked was the right one."""
    for plugged in (True, False):
        world = World(phases=Plugged() if plugged else None)
        world.client(get())
        world.service()[0].dataReceived(ok(b"hi"))
        tries = [(each.ip, each.port, each.state) for each in world.contexts[0].tries]
        assert tries == [("10.0.0.1", 81, None)] * plugged


def test_plugins_are_told_the_size_of_the_request() -> None:
    """All that the client sent for it, head and body."""
    request = b"POST /a?b HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
    world = World(phases=Plugged())
    world.client(request)
    world.service()[0].dataReceived(ok(b"hi"))
    assert world.contexts[0].request_size == len(request)


def test_a_header_filter_that_fails_does_not_stop_the_answer() -> None:
    """The error is logged, the client served."""
    wait: Deferred[None] = Deferred()
    world = World(phases=Plugged(header_filter=lambda ctx: wait))
    _, wire = world.client(get())
    world.service()[0].dataReceived(ok(b"hi"))
    wait.errback(RuntimeError("x"))
    assert head_of(wire.take())[2] == b"hi"


def test_a_body_filter_makes_a_stream_of_unknown_length() -> None:
    """Each piece passes the filter, the last call comes once, and the length is no longer promised."""
    calls: list[tuple[bytes, bool]] = []

    def body_filter(ctx: Any, chunk: bytes, last: bool) -> bytes:
        calls.append((chunk, last))
        return chunk * 2 if chunk else b"!"

    world = World(phases=Plugged(body_filter=body_filter))
    _, wire = world.client(get())
    connection, _ = world.service()
    connection.dataReceived(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab")
    connection.dataReceived(b"cd")
    head, _, rest = wire.take().partition(b"\r\n\r\n")
    assert b"Content-Length" not in head
    assert rest == b"4\r\nabab\r\n4\r\ncdcd\r\n1\r\n!\r\n0\r\n\r\n"
    assert calls == [(b"ab", False), (b"cd", False), (b"", True)]


def test_an_answer_too_long_for_a_plugin_is_502() -> None:
    """No plugin makes the node keep more than plugin_body_size."""
    world = World(phases=Plugged(response=lambda ctx: None), plugin_body_size=3)
    _, wire = world.client(get())
    connection, service = world.service()
    connection.dataReceived(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
    assert service.aborted
    assert b" 502 " in wire.take()
