"""One request's life, from its head to the Service."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred
from typing_extensions import override

from tests.kit.deferreds import success_of
from tests.kit.proxies import ID, Plugged, World, get, head_of, lose, ok, post, route_row, service_row
from twisted_kong.core.context import Answer, BodyTooLarge, RequestContext


def test_a_request_goes_to_its_service_and_back() -> None:
    """Method, path and query reach the Service, its answer the client, and the request is logged once."""
    world = World()
    _, wire = world.client(get(b"/a/b?x=1"))
    connection, service = world.service()
    line, fields, rest = head_of(service.take())
    assert (line, rest) == (b"GET /a/b?x=1 HTTP/1.1", b"")
    assert fields[b"host"] == b"10.0.0.1:81"
    assert fields[b"x-kong-request-id"] == ID.encode()
    connection.dataReceived(ok(b"hello", b"X-A: b"))
    line, fields, rest = head_of(wire.take())
    assert (line, rest) == (b"HTTP/1.1 200 OK", b"hello")
    assert fields[b"x-a"] == b"b"
    assert fields[b"connection"] == b"keep-alive"
    assert world.logged == [(200, 5)]


def test_no_route_is_404() -> None:
    """Kong's words, in the form the client accepts, and the connection stays."""
    world = World(routed=False)
    client, wire = world.client(get(b"/", b"Accept: text/plain"))
    line, fields, rest = head_of(wire.take())
    assert line == b"HTTP/1.1 404 Not Found"
    assert rest == b"no Route matched with those values\nrequest_id: %b\n" % ID.encode()
    assert fields[b"server"] == b"kong/3.9.1"
    assert fields[b"x-kong-response-latency"] == b"0"
    client.dataReceived(get())
    assert b"404" in wire.take()
    assert world.logged[0][0] == 404


def test_a_route_without_service_is_503() -> None:
    """There is nothing to send the request to."""
    world = World(route=route_row(service=None))
    world.routing.service = None
    _, wire = world.client(get())
    assert b"no Service found with those values" in wire.take()
    assert world.pending == 0


def test_a_route_for_https_refuses_plain_requests() -> None:
    """426 by default, else a redirect with host and the target as received; https itself is served."""
    world = World(route=route_row(protocols=["https"]))
    _, wire = world.client(get(b"/x?y=1"))
    data = wire.take()
    line, _, rest = head_of(data)
    assert line == b"HTTP/1.1 426 "
    assert b"Upgrade: TLS/1.2, HTTP/1.1\r\n" in data
    assert b"Connection: Upgrade\r\n" in data
    assert b"Please use HTTPS protocol" in rest
    world = World(route=route_row(protocols=["https"], https_redirect_status_code=301))
    _, wire = world.client(b"GET /x?y=1 HTTP/1.1\r\nHost: A.test:8000\r\n\r\n")
    line, fields, _ = head_of(wire.take())
    assert line == b"HTTP/1.1 301 Moved Permanently"
    assert fields[b"location"] == b"https://a.test/x?y=1"
    _, wire = world.client(b"GET /x HTTP/1.0\r\n\r\n")
    assert head_of(wire.take())[0] == b"HTTP/1.1 426 "
    world.client(get(), scheme="https")
    assert world.pending == 1


def test_only_a_trusted_peer_may_say_https() -> None:
    """X-Forwarded-Proto counts from trusted_ips alone."""
    request = get(b"/", b"X-Forwarded-Proto: https", b"X-Real-IP: 7.7.7.7")
    world = World(route=route_row(protocols=["https"]))
    world.client(request)
    assert world.pending == 0
    world = World(route=route_row(protocols=["https"]), trusted=["192.0.2.0/24"])
    world.client(request)
    _, service = world.service()
    fields = head_of(service.take())[1]
    assert fields[b"x-forwarded-proto"] == b"https"
    assert fields[b"x-real-ip"] == b"7.7.7.7"


def test_grpc_routes_refuse_what_is_no_grpc() -> None:
    """415 for another content type, 426 for HTTP/1.1."""
    world = World(route=route_row(protocols=["grpc", "grpcs"]))
    _, wire = world.client(get())
    assert b"415 Unsupported Media Type" in wire.take()
    _, wire = world.client(get(b"/", b"Content-Type: application/grpc"))
    assert b"Please use HTTP2 protocol" in wire.take()


def test_the_router_is_asked_what_a_route_may_look_at() -> None:
    """Host lower-case without port, the port told or listened on, the normal path, the headers."""
    world = World(routed=False)
    world.client(b"GET /a/../b%41?q HTTP/1.1\r\nHost: A.Test:81\r\nX-A: 1\r\n\r\n")
    query = world.routing.queries[0]
    assert query[:6] == ("GET", "http", "a.test", 81, "/bA", None)
    assert query.header(b"x-a") == [b"1"]
    world.client(get())
    assert world.routing.queries[1].port == 8000


def test_plugins_see_a_request_phase_by_phase() -> None:
    """Rewrite, access, header_filter, body_filter, log: in this order, with the fields they are promised."""
    seen: dict[str, Any] = {}

    def access(ctx: Any) -> None:
        seen["access"] = (ctx.route["id"], ctx.service["id"], ctx.path, ctx.client_ip, ctx.listener_port)
        ctx.upstream.change_headers().set(b"X-Plugin", b"1")
        ctx.upstream.path = b"/changed"
        ctx.change_response().set(b"X-Early", b"2")

    def header_filter(ctx: Any) -> None:
        ctx.response.headers.set(b"X-Late", b"3")
        ctx.response.status = 201

    phases = Plugged(
        access=access,
        header_filter=header_filter,
        body_filter=lambda ctx, chunk, last: chunk.upper(),
        log=lambda ctx: seen.update(log=ctx.status),
    )
    world = World(phases=phases)
    _, wire = world.client(get(b"/p"))
    connection, service = world.service()
    line, fields, _ = head_of(service.take())
    assert line == b"GET /changed HTTP/1.1"
    assert fields[b"x-plugin"] == b"1"
    connection.dataReceived(ok(b"hello"))
    line, fields, rest = head_of(wire.take())
    assert (line[:12], rest) == (b"HTTP/1.1 201", b"HELLO")
    assert (fields[b"x-early"], fields[b"x-late"]) == (b"2", b"3")
    assert phases.seen == ["rewrite", "access", "header_filter", "body_filter", "log"]
    assert seen["access"] == ("r1", "s1", "/p", "192.0.2.1", 8000)
    assert seen["log"] == 201


@pytest.mark.parametrize("phase", ["rewrite", "access"])
def test_a_plugin_answers_instead_of_the_service(phase: str) -> None:
    """An Answer of an early phase ends the request, now or after a wait."""
    later: Deferred[Answer | None] = Deferred()
    for result in (Answer(403, [(b"X-A", b"b")], b"no"), later):
        world = World(phases=Plugged(**{phase: lambda ctx, result=result: result}))
        _, wire = world.client(get())
        if result is later:
            assert wire.take() == b""
            later.callback(Answer(403, [(b"X-A", b"b")], b"no"))
        line, fields, rest = head_of(wire.take())
        assert (line, fields[b"x-a"], rest) == (b"HTTP/1.1 403 Forbidden", b"b", b"no")
        assert world.pending == 0


def test_a_plugin_that_waits_lets_the_request_go_on() -> None:
    """The Service is asked once the wait is over; a wait that fails is a 500."""
    wait: Deferred[Answer | None] = Deferred()
    world = World(phases=Plugged(access=lambda ctx: wait))
    world.client(get())
    assert world.pending == 0
    wait.callback(None)
    assert world.pending == 1
    broken: Deferred[Answer | None] = Deferred()
    world = World(phases=Plugged(access=lambda ctx: broken))
    _, wire = world.client(get())
    broken.errback(RuntimeError("x"))
    assert b" 500 " in wire.take()


def test_a_client_that_leaves_during_a_wait_is_forgotten() -> None:
    """Nobody is asked for a request whose client is gone; it is logged as 499."""
    wait: Deferred[Answer | None] = Deferred()
    world = World(phases=Plugged(access=lambda ctx: wait))
    client, _ = world.client(get())
    lose(client)
    wait.callback(None)
    assert world.pending == 0
    assert world.logged == [(499, 0)]


def test_a_plugin_that_waits_is_told_that_the_client_has_left() -> None:
    """It is cancelled while its request is still whole, before the log phase, and nothing is reported."""
    seen: list[str] = []

    def cancelled(_: object) -> None:
        assert world.contexts == []
        seen.extend(phases.seen)

    phases = Plugged(access=lambda ctx: Deferred(cancelled))
    world = World(phases=phases)
    client, _ = world.client(get())
    lose(client)
    assert seen == ["rewrite", "access"]
    assert phases.seen == ["rewrite", "access", "log"]
    assert world.logged == [(499, 0)]


def test_a_plugin_that_waits_for_the_body_is_told_the_same() -> None:
    """Half a body is not too long: its wait is cancelled too."""
    ends: list[type] = []

    async def access(ctx: Any) -> None:
        try:
            await ctx.io.request_body()
        except Exception as error:
            ends.append(type(error))
            raise

    world = World(phases=Plugged(access=lambda ctx: Deferred.fromCoroutine(access(ctx))))
    client, _ = world.client(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe")
    lose(client)
    assert ends == [CancelledError]
    assert world.logged == [(499, 0)]


def test_a_request_that_cannot_be_sent_is_not_sent() -> None:
    """A plugin cannot split a request in two."""

    def access(ctx: Any) -> None:
        ctx.upstream.path = b"/ HTTP/1.1\r\nX: "

    world = World(phases=Plugged(access=access))
    _, wire = world.client(get())
    assert b" 500 " in wire.take()
    assert world.pending == 0


def test_a_plugin_reads_the_whole_body() -> None:
    """The body arrives in pieces, the plugin gets it at once and may replace it."""
    bodies: list[bytes] = []

    def access(ctx: Any) -> Any:
        async def read() -> None:
            bodies.append(await ctx.io.request_body())
            bodies.append(await ctx.io.request_body())
            ctx.upstream.body = b"other"

        return Deferred.fromCoroutine(read())

    world = World(phases=Plugged(access=access))
    request = post(b"hello")
    client, _ = world.client(request[:-3])
    client.dataReceived(request[-3:])
    assert bodies == [b"hello", b"hello"]
    _, service = world.service()
    _, fields, rest = head_of(service.take())
    assert (fields[b"content-length"], rest) == (b"5", b"other")


def test_a_body_too_long_for_a_plugin_is_told() -> None:
    """Beyond plugin_body_size the plugin gets BodyTooLarge, not the memory."""
    errors: list[BaseException] = []

    def access(ctx: Any) -> Any:
        return ctx.io.request_body().addErrback(lambda f: errors.append(f.value)).addCallback(lambda _: None)

    world = World(phases=Plugged(access=access), plugin_body_size=3)
    world.client(post(b"hello"))
    assert [type(error) for error in errors] == [BodyTooLarge]


def test_the_answer_as_a_whole_for_a_plugin() -> None:
    """The response phase sees the whole body and may change it or answer instead."""

    def response(ctx: Any) -> Any:
        assert success_of(ctx.io.response_body()) == b"hello"
        ctx.response.body = b"changed"

    world = World(phases=Plugged(response=response))
    _, wire = world.client(get())
    connection, _ = world.service()
    data = ok(b"hello")
    connection.dataReceived(data[:-3])
    assert wire.take() == b""
    connection.dataReceived(data[-3:])
    assert head_of(wire.take())[2] == b"changed"
    world = World(phases=Plugged(response=lambda ctx: Answer(500, [], b"no")))
    _, wire = world.client(get())
    world.service()[0].dataReceived(ok())
    assert head_of(wire.take())[2] == b"no"


def test_body_size_limit() -> None:
    """A body announced or grown beyond max_body_size is 413, without the Service hearing of it."""
    world = World(max_body_size=3)
    _, wire = world.client(post(b"hello"))
    assert b"413 Request Entity Too Large" in wire.take()
    chunked = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
    _, wire = world.client(chunked)
    assert b"413 Request Entity Too Large" in wire.take()
    assert world.pending == 0


def test_debug_headers_name_route_and_service() -> None:
    """Kong-Debug is heard only where allow_debug_header is on."""
    world = World(allow_debug_header=True, service=service_row())
    _, wire = world.client(get(b"/", b"Kong-Debug: 1"))
    world.service()[0].dataReceived(ok())
    fields = head_of(wire.take())[1]
    assert fields[b"kong-route-name"] == b"rt"
    assert fields[b"kong-service-id"] == b"s1"
    world = World()
    _, wire = world.client(get(b"/", b"Kong-Debug: 1"))
    world.service()[0].dataReceived(ok())
    assert b"kong-route-name" not in head_of(wire.take())[1]


def test_a_finished_request_leaves_no_cycle() -> None:
    """Reference counting alone frees what a request used."""
    import gc
    import weakref

    world = World()
    world.gateway.log = None
    client, _ = world.client(get())
    assert client.exchange is not None
    ctx = weakref.ref(client.exchange.ctx)
    gc.disable()
    try:
        world.service()[0].dataReceived(ok())
        assert ctx() is None
    finally:
        gc.enable()


def test_a_plugin_that_only_changes_fields_leaves_the_peer() -> None:
    """One that sets another host or port is followed, also behind one that was not."""
    places: list[tuple[str, int] | None] = [None, ("10.0.0.9", 81), None, ("10.0.0.1", 82)]

    def access(ctx: Any) -> None:
        place = places.pop(0)
        ctx.upstream.change_headers().set(b"X-Plugin", b"1")
        if place is not None:
            ctx.upstream.host, ctx.upstream.port = place

    world = World(phases=Plugged(access=access))
    for expected in (("10.0.0.1", 81), ("10.0.0.9", 81), ("10.0.0.1", 81), ("10.0.0.1", 82)):
        world.client(get())
        assert world.reactor.tcpClients[-1][:2] == expected
        _, service = world.service()
        _, fields, _ = head_of(service.take())
        assert fields[b"host"] == b"%b:%d" % (expected[0].encode(), expected[1])
        assert fields[b"x-plugin"] == b"1"


class Short(Plugged):
    """Plugins whose access is a shortcut: it may change fields, and makes no PDK."""

    @override
    def access(self, ctx: RequestContext, needs: Any = None) -> Any:
        ctx.chain = self
        return super().access(ctx)


def test_after_shortcuts_a_request_goes_on_as_if_alone() -> None:
    """To its Service, with the fields that they changed, and with its body if that is asked for first."""

    def name(ctx: RequestContext) -> None:
        assert ctx.upstream is not None
        ctx.upstream.change_headers().set(b"X-Consumer", b"bob")

    phases = Short(access=name)
    world = World(phases=phases)
    client, wire = world.client(get(b"/a?b"))
    connection, service = world.service()
    line, fields, _ = head_of(service.take())
    assert (line, fields[b"x-consumer"]) == (b"GET /a?b HTTP/1.1", b"bob")
    connection.dataReceived(ok(b"hello"))
    assert b"hello" in wire.take()
    client.dataReceived(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nx")
    assert service.take() == b""
    client.dataReceived(b"y")
    assert service.take().endswith(b"\r\n\r\nxy")
    assert phases.seen == ["rewrite", "access", "log", "rewrite", "access"]


def test_after_shortcuts_a_route_without_service_is_503() -> None:
    """There is nothing to send the request to, whoever has looked at it."""
    world = World(route=route_row(service=None), phases=Short())
    world.routing.service = None
    _, wire = world.client(get())
    assert b"no Service found with those values" in wire.take()
