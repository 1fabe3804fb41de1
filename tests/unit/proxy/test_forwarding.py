"""Choosing a peer, sending, and sending again."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionRefusedError, TimeoutError
from typing_extensions import override

from tests.kit.logs import captured_lines
from tests.kit.proxies import Plugged, World, get, head_of, lose, ok, post, route_row, service_row
from twisted_kong.core.balancer.outcomes import Failure, Outcome
from twisted_kong.core.context import Answer
from twisted_kong.node.balancing import Balancing, Peer
from twisted_kong.node.dns import NameFailure


def refuse_all(world: World, error: type[Exception] = ConnectionRefusedError) -> int:
    """Refuse every connection that is asked for; how many there were."""
    count = 0
    while world.pending:
        world.refuse(error())
        count += 1
    return count


def test_connections_that_are_refused_are_tried_again() -> None:
    """As often as retries says; then the client gets 502 with what a proxied answer carries."""
    world = World()
    _, wire = world.client(get())
    assert refuse_all(world) == 3
    line, fields, rest = head_of(wire.take())
    assert line == b"HTTP/1.1 502 Bad Gateway"
    assert rest.startswith(b"An invalid response was received from the upstream server\n")
    assert fields[b"via"] == b"1.1 kong/3.9.1"
    assert b"x-kong-proxy-latency" in fields
    assert b"x-kong-response-latency" not in fields
    tries = world.contexts[0].tries
    assert [(t.ip, t.port, t.state) for t in tries] == [("10.0.0.1", 81, "next")] * 3


def test_each_failure_is_told_in_the_error_log() -> None:
    """An operator sees which upstream failed which request, as in nginx's error log."""
    world = World(service=service_row(retries=1))
    with captured_lines() as lines:
        world.client(get())
        refuse_all(world)
    assert len(lines) == 2
    request_id = world.contexts[0].request_id
    assert lines[0] == (
        f'could not connect, client: {world.contexts[0].client_ip}, request: "GET / HTTP/1.1", '
        f'upstream: "http://10.0.0.1:81", request_id: "{request_id}"'
    )


def test_a_kept_connection_that_died_is_no_failure() -> None:
    """Services close idle connections all the time."""
    world = World()
    with captured_lines() as lines:
        client, _ = world.client(get())
        service, _ = world.service()
        service.dataReceived(ok())
        client.dataReceived(get())
        lose(service)
    assert lines == []


def test_late_connections_are_504() -> None:
    """A connect timeout is told from a refusal."""
    world = World(service=service_row(retries=0))
    _, wire = world.client(get())
    assert refuse_all(world, TimeoutError) == 1
    assert wire.take().startswith(b"HTTP/1.1 504 Gateway Time-out\r\n")


def test_a_late_answer_is_tried_again_and_then_504() -> None:
    """read_timeout counts between two signs of life."""
    world = World(service=service_row(retries=1))
    _, wire = world.client(get())
    _, first = world.service()
    world.advance(5.2)
    assert first.aborted
    _, second = world.service()
    world.advance(5.2)
    assert second.aborted
    assert wire.take().startswith(b"HTTP/1.1 504 ")
    assert world.pending == 0


def test_a_post_is_not_repeated_once_it_was_sent() -> None:
    """The Service may have acted on it; a refused connection, though, was never sent anything."""
    world = World()
    _, wire = world.client(post(b"x"))
    world.refuse(ConnectionRefusedError())
    connection, _ = world.service()
    lose(connection)
    assert world.pending == 0
    assert b" 502 " in wire.take()


def test_an_invalid_answer_is_not_repeated() -> None:
    """The Service has answered, if badly."""
    world = World()
    _, wire = world.client(get())
    connection, service = world.service()
    connection.dataReceived(b"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello")
    assert service.aborted
    assert world.pending == 0
    assert b" 502 " in wire.take()


def test_a_dead_kept_connection_costs_no_retry() -> None:
    """What was sent on it is sent again on a fresh one, though the Service allows no retries."""
    world = World(service=service_row(retries=0))
    client, wire = world.client(get())
    connection, _ = world.service()
    connection.dataReceived(ok())
    wire.take()
    client.dataReceived(get())
    lose(connection)
    fresh, _ = world.service()
    fresh.dataReceived(ok(b"again"))
    assert head_of(wire.take())[2] == b"again"


def test_a_retry_prefers_another_target() -> None:
    """Each try asks the balancer again, which knows who was tried."""
    balancing = Balancing(lambda host: (host,))
    balancing.put_upstream({"id": "u", "name": "up", "host_header": None})
    for n in (1, 2):
        row = {"id": f"t{n}", "upstream": {"id": "u"}, "target": f"10.0.0.{n}:80", "weight": 100}
        balancing.put_target({**row, "created_at": n})
    world = World(service=service_row(host="up"), balancing=balancing)
    world.client(get())
    world.refuse(ConnectionRefusedError())
    assert {client[0] for client in world.reactor.tcpClients} == {"10.0.0.1", "10.0.0.2"}


class Scales(Balancing):
    """A balancer over two Targets, which remembers what it was told."""

    def __init__(self, **row: Any) -> None:
        super().__init__(lambda host: (host,), new_cookie=lambda: "fresh")
        self.log: list[tuple[Any, ...]] = []
        self.put_upstream({"id": "u", "name": "up", "host_header": None, **row})
        for n in (1, 2):
            target = {"id": f"t{n}", "upstream": {"id": "u"}, "target": f"10.0.0.{n}:80", "weight": 100}
            self.put_target({**target, "created_at": n})

    @override
    def started(self, peer: Peer) -> None:
        self.log.append(("started", peer.ip))
        super().started(peer)

    @override
    def ended(self, peer: Peer, outcome: Outcome | None, took: float) -> None:
        self.log.append((peer.ip, outcome, round(took, 1)))
        super().ended(peer, outcome, took)


def test_each_try_is_told_to_the_balancer() -> None:
    """How it ended and how long it took: failures, then the status of the answer."""
    scales = Scales()
    world = World(service=service_row(host="up"), balancing=scales)
    _, wire = world.client(get())
    world.refuse(ConnectionRefusedError())
    world.refuse(TimeoutError())
    service, _ = world.service()
    world.advance(0.5)
    service.dataReceived(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")
    assert wire.take().startswith(b"HTTP/1.1 503 ")
    first, second = scales.log[0][1], scales.log[2][1]
    assert {first, second} == {"10.0.0.1", "10.0.0.2"}
    assert scales.log[1] == (first, Failure.CONNECT, 0.0)
    assert scales.log[3] == (second, Failure.TIMEOUT, 0.0)
    assert scales.log[5][1:] == (503, 0.5)


def test_what_tells_nothing_of_a_target_is_no_report() -> None:
    """A client that leaves, and a kept connection that had died; but the try is over."""
    scales = Scales()
    world = World(service=service_row(host="up", retries=0), balancing=scales)
    client, _ = world.client(get())
    world.service()
    lose(client)
    assert [entry[1] for entry in scales.log[1:]] == [None]
    scales.log.clear()
    scales.remove_target("t2")
    client, _ = world.client(get())
    service, _ = world.service()
    service.dataReceived(ok())
    client.dataReceived(get())
    lose(service)
    again, _ = world.service()
    again.dataReceived(ok())
    assert [entry[1] for entry in scales.log if entry[0] != "started"] == [200, None, 200]


def test_an_invalid_answer_counts_as_502() -> None:
    """And one that breaks off counts by its status: it had begun."""
    for answer, outcome in ((b"nonsense\r\n\r\n", 502), (ok(b"abc")[:-1], 200)):
        scales = Scales()
        world = World(service=service_row(host="up", retries=0), balancing=scales)
        world.client(get())
        service, _ = world.service()
        service.dataReceived(answer)
        lose(service)
        assert [entry[1] for entry in scales.log[1:]] == [outcome]


def test_an_answer_of_a_plugin_instead_of_the_service_is_no_report() -> None:
    """Whatever its status says, it says nothing of the Target."""
    scales = Scales()
    phases = Plugged(response=lambda ctx: Answer(500))
    world = World(service=service_row(host="up"), balancing=scales, phases=phases)
    world.client(get())
    service, _ = world.service()
    service.dataReceived(ok())
    assert [entry[1] for entry in scales.log[1:]] == [None]


def test_a_cookie_to_hash_on_is_set_once() -> None:
    """Also when the first try fails."""
    scales = Scales(algorithm="consistent-hashing", hash_on="cookie", hash_on_cookie="sess")
    world = World(service=service_row(host="up"), balancing=scales)
    client, wire = world.client(get())
    world.refuse(ConnectionRefusedError())
    service, _ = world.service()
    service.dataReceived(ok())
    assert wire.take().count(b"Set-Cookie: sess=fresh; Path=/; Same-Site=Lax; HttpOnly\r\n") == 1
    client.dataReceived(get(b"/", b"Cookie: sess=fresh"))
    service.dataReceived(ok())
    assert b"Set-Cookie" not in wire.take()


def test_nobody_to_ask_is_503() -> None:
    """An Upstream without Targets, and a name without addresses, now or later."""
    balancing = Balancing(lambda host: (host,))
    balancing.put_upstream({"id": "u", "name": "up", "host_header": None})
    world = World(service=service_row(host="up"), balancing=balancing)
    _, wire = world.client(get())
    assert b"failure to get a peer from the ring-balancer" in wire.take()

    def missing(host: str) -> Any:
        raise NameFailure(host)

    later: Deferred[Any] = Deferred()
    for resolve in (missing, lambda host: later):
        world = World(service=service_row(host="no.test"), balancing=Balancing(resolve))
        _, wire = world.client(get())
        if resolve is not missing:
            later.errback(NameFailure("no.test"))
        data = wire.take()
        assert data.startswith(b"HTTP/1.1 503 Service Temporarily Unavailable\r\n")
        assert b"name resolution failed" in data


def test_a_name_that_is_looked_up_late() -> None:
    """The request waits for the address; Host is the name."""
    later: Deferred[Any] = Deferred()
    world = World(service=service_row(host="svc.test", port=80), balancing=Balancing(lambda host: later))
    world.client(get())
    assert world.pending == 0
    later.callback(("10.9.9.9",))
    _, service = world.service()
    assert service.peer == ("10.9.9.9", 80)
    assert head_of(service.take())[1][b"host"] == b"svc.test"


def test_a_small_body_goes_with_its_head() -> None:
    """Buffered, with its length even if it came in chunks."""
    world = World()
    client, _ = world.client(
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
    )
    assert world.pending == 0
    client.dataReceived(b"0\r\n\r\n")
    _, service = world.service()
    _, fields, rest = head_of(service.take())
    assert (fields[b"content-length"], rest) == (b"5", b"hello")
    assert b"transfer-encoding" not in fields


@pytest.mark.parametrize("buffering", [True, False])
def test_a_long_body_is_streamed(buffering: bool) -> None:
    """Beyond the buffer, or at once without request_buffering, the body goes on piece by piece."""
    world = World(route=route_row(request_buffering=buffering), body_buffer_size=10)
    client, wire = world.client(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
    if buffering:
        client.dataReceived(b"b\r\nhello world\r\n")
        assert not wire.reading
    connection, service = world.service()
    assert wire.reading
    data = service.take()
    assert b"Transfer-Encoding: chunked\r\n" in data
    client.dataReceived(b"3\r\nabc\r\n0\r\n\r\n")
    sent = data + service.take()
    start = b"b\r\nhello world\r\n" if buffering else b""
    assert sent.endswith(b"\r\n\r\n" + start + b"3\r\nabc\r\n0\r\n\r\n")
    connection.dataReceived(ok())
    assert b" 200 " in wire.take()
    assert world.pool.idle_count() == 1


def test_a_slow_service_pauses_the_client() -> None:
    """The Service's transport, once full, stops the client from sending more."""
    world = World(route=route_row(request_buffering=False))
    _, wire = world.client(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc")
    _, service = world.service()
    assert service.producer is not None
    service.producer.pauseProducing()
    assert not wire.reading
    service.producer.resumeProducing()
    assert wire.reading


def test_a_service_is_not_late_while_the_client_is_slow() -> None:
    """Its time counts from the last byte of the request, or while it does not take what is there."""
    world = World(route=route_row(request_buffering=False), body_timeout=60.0)
    client, wire = world.client(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc")
    _, service = world.service()
    world.advance(20)
    assert not service.aborted
    client.dataReceived(b"def")
    world.advance(4.9)
    assert not service.aborted
    world.advance(0.2)
    assert service.aborted
    assert b" 504 " in wire.take()
    _, wire = world.client(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc")
    _, service = world.service()
    service.producer.pauseProducing()
    world.advance(7.2)
    assert service.aborted


def test_a_streamed_body_is_not_sent_again() -> None:
    """What was not kept cannot be repeated, whatever the method."""
    world = World(route=route_row(request_buffering=False))
    _, wire = world.client(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc")
    connection, _ = world.service()
    lose(connection)
    assert world.pending == 0
    assert b" 502 " in wire.take()


def test_an_answer_before_the_end_of_the_body_spoils_the_connection() -> None:
    """The Service's connection is not used again, nor is the client's."""
    world = World(route=route_row(request_buffering=False))
    _, wire = world.client(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nabc")
    connection, service = world.service()
    connection.dataReceived(ok(b"no"))
    assert service.disconnecting
    assert world.pool.idle_count() == 0
    assert b"Connection: close\r\n" in wire.take()
    assert wire.half_closed


def test_a_client_that_leaves_takes_its_request_along() -> None:
    """The Service's connection is closed, whether it was made already or not."""
    world = World()
    client, _ = world.client(get())
    lose(client)
    _, service = world.service()
    assert service.aborted
    client, _ = world.client(get())
    _, service = world.service()
    lose(client)
    assert service.aborted
    assert world.logged == [(499, 0), (499, 0)]


def test_websockets_become_tunnels() -> None:
    """After 101 bytes pass both ways untouched, until either side ends."""
    world = World()
    request = get(b"/", b"Upgrade: websocket", b"Connection: Upgrade", b"Sec-WebSocket-Key: x")
    client, wire = world.client(request)
    connection, service = world.service()
    fields = head_of(service.take())[1]
    assert (fields[b"connection"], fields[b"upgrade"]) == (b"keep-alive, Upgrade", b"websocket")
    answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81\x01"
    connection.dataReceived(answer)
    line, fields, rest = head_of(wire.take())
    assert line == b"HTTP/1.1 101 Switching Protocols"
    assert (fields[b"connection"], rest) == (b"upgrade", b"\x81\x01")
    client.dataReceived(b"\x00GET / HTTP/1.1\r\n\r\n")
    assert service.take() == b"\x00GET / HTTP/1.1\r\n\r\n"
    connection.dataReceived(b"\xff")
    assert wire.take() == b"\xff"
    lose(connection)
    assert wire.disconnecting
    lose(client)
    assert world.logged[0][0] == 101


def tunnelled(world: World) -> tuple[Any, Any, Any, Any]:
    """A client and a Service that have agreed on WebSocket, and their wires."""
    request = get(b"/", b"Upgrade: websocket", b"Connection: Upgrade", b"Sec-WebSocket-Key: x")
    client, wire = world.client(request)
    connection, service = world.service()
    connection.dataReceived(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
    )
    wire.take()
    return client, wire, connection, service


def test_an_idle_tunnel_ends_on_both_sides() -> None:
    """After the Service's read_timeout without a byte in either direction, as in nginx."""
    world = World()
    with captured_lines() as lines:
        client, wire, connection, service = tunnelled(world)
        for send in (client.dataReceived, connection.dataReceived, client.dataReceived):
            world.advance(4.0)
            send(b"x")
        world.advance(4.0)
        assert not wire.disconnecting
        assert lines == []
        world.advance(2.0)
    assert wire.disconnecting
    assert service.disconnecting
    assert wire.producer is service.producer is None
    assert len(lines) == 1
    assert lines[0].startswith("timed out: nothing passed through the tunnel, client: ")
    lose(connection)
    lose(client)
    assert [status for status, _ in world.logged] == [101]
    assert len(lines) == 1


def test_a_client_that_does_not_take_the_end_of_a_tunnel_is_cut_off() -> None:
    """Neither one that reads nothing nor one that does not answer the end of TLS stays for ever."""
    world = World(send_timeout=20.0)
    _, wire, connection, _ = tunnelled(world)
    lose(connection)
    assert wire.disconnecting
    world.advance(19.0)
    assert not wire.aborted
    world.advance(2.0)
    assert wire.aborted


def test_an_upgrade_nobody_asked_for_is_no_answer() -> None:
    """A Service cannot take over a connection."""
    world = World()
    _, wire = world.client(get())
    connection, service = world.service()
    connection.dataReceived(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n")
    assert service.aborted
    assert b" 502 " in wire.take()


def test_https_without_tls_cannot_be_reached() -> None:
    """Nothing secret is sent in the clear."""
    world = World(service=service_row(protocol="https"))
    _, wire = world.client(get())
    assert world.pending == 0
    assert b" 502 " in wire.take()
