"""The head of the answer that goes to the client."""

from __future__ import annotations

from typing import Any

from tests.kit.proxies import ID, Plugged, World, get, head_of, ok
from twisted_kong.proxy.response_heads import framing_of
from twisted_kong.proxy.settings import Tokens


def relayed(answer: bytes, **options: Any) -> bytes:
    """What the client gets for a Service's answer."""
    world = World(**options)
    _, wire = world.client(get())
    world.service()[0].dataReceived(answer)
    data: bytes = wire.take()
    return data


def test_the_services_lines_stay_as_they_are() -> None:
    """Spelling and order; ours follow."""
    assert relayed(ok(b"hi", b"SERVER:  x/1", b"Set-Cookie: a=1", b"Set-Cookie: b=2")) == (
        b"HTTP/1.1 200 OK\r\nSERVER:  x/1\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nVia: 1.1 kong/3.9.1\r\n"
        b"Content-Length: 2\r\nConnection: keep-alive\r\nX-Kong-Upstream-Latency: 0\r\n"
        b"X-Kong-Proxy-Latency: 0\r\nX-Kong-Request-Id: %b\r\n\r\nhi" % ID.encode()
    )


def test_fields_that_are_ours_are_made_anew() -> None:
    """Via is continued, Server filled in, hop-by-hop fields and forged ids dropped."""
    fields = [b"Via: 1.0 old", b"Connection: X-Hop", b"X-Hop: s", b"Keep-Alive: 5", b"Upgrade: h2"]
    data = relayed(ok(b"hi", *fields, b"X-Kong-Request-Id: forged", b"Trailer: x"))
    got = head_of(data)[1]
    assert got[b"via"] == b"1.0 old, 1.1 kong/3.9.1"
    assert got[b"server"] == b"kong/3.9.1"
    assert got[b"x-kong-request-id"] == ID.encode()
    for name in (b"x-hop", b"keep-alive", b"upgrade", b"trailer"):
        assert name not in got
    assert data.count(b"X-Kong-Request-Id") == 1


def test_tokens() -> None:
    """Each field can be switched off; the Service's status can be switched on."""
    got = head_of(relayed(ok(), tokens=Tokens(via=False, upstream_latency=False, upstream_status=True)))[1]
    assert b"via" not in got
    assert b"x-kong-upstream-latency" not in got
    assert got[b"x-kong-upstream-status"] == b"200"
    off = Tokens(**dict.fromkeys(Tokens.__slots__, False))
    assert set(head_of(relayed(ok(), tokens=off))[1]) == {b"content-length", b"connection"}


def test_latencies_are_milliseconds() -> None:
    """From the balancer's choice to the first byte; from the start to the choice."""
    world = World()
    _, wire = world.client(get())
    connection, _ = world.service()
    world.advance(0.25)
    connection.dataReceived(ok())
    got = head_of(wire.take())[1]
    assert (got[b"x-kong-upstream-latency"], got[b"x-kong-proxy-latency"]) == (b"250", b"0")


def test_early_edits_reach_an_answer_nobody_else_looks_at() -> None:
    """What access asked to set, add and remove is done to the Service's lines."""

    class Quiet(Plugged):
        def __init__(self, **phases: Any) -> None:
            super().__init__(**phases)
            self.has_log = False

    def access(ctx: Any) -> None:
        edits = ctx.change_response()
        edits.set(b"X-A", b"new")
        edits.add(b"X-B", b"more")
        edits.remove(b"X-C")
        edits.set(b"Content-Length", b"99")

    answer = ok(b"hi", b"X-a: old", b"X-B: one", b"X-C: c", b"X-D: d")
    data = relayed(answer, phases=Quiet(access=access))
    got = head_of(data)[1]
    assert data.lower().count(b"x-a:") == 1
    assert got[b"x-a"] == b"new"
    assert b"X-B: one\r\n" in data
    assert b"X-B: more\r\n" in data
    assert b"x-c" not in got
    assert got[b"x-d"] == b"d"
    assert data.count(b"Content-Length: 2\r\n") == 1


def test_a_changed_block_is_not_mistaken_for_the_last_one() -> None:
    """What is remembered of an answer holds for its bytes, length and connection only."""
    world = World()
    client, wire = world.client(get())
    connection, _ = world.service()
    for body, fields in ((b"a", [b"X: 1"]), (b"bb", [b"X: 1"]), (b"bb", [b"X: 2"]), (b"a", [b"X: 1"])):
        connection.dataReceived(ok(body, *fields))
        _, got, rest = head_of(wire.take())
        assert (got[b"content-length"], got[b"x"], rest) == (b"%d" % len(body), fields[0][3:], body)
        client.dataReceived(get())
    client.dataReceived(get())


def test_framing() -> None:
    """A length only where there is a body to have one."""
    assert framing_of(200, 5, True) == b"Content-Length: 5\r\nConnection: keep-alive\r\n"
    assert framing_of(200, None, False) == b"Connection: close\r\n"
    assert framing_of(204, 5, True) == b"Connection: keep-alive\r\n"
