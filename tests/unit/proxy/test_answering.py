"""Answers that are there as a whole."""

from __future__ import annotations

from typing import Any

from tests.kit.proxies import ID, Plugged, World, get, head_of, ok
from twisted_kong.core.context import Answer
from twisted_kong.proxy.settings import Tokens


def test_our_answers_carry_what_kongs_do() -> None:
    """Date, latency, id, Server, length and the state of the connection."""
    world = World(phases=Plugged(access=lambda ctx: Answer(418, [(b"X-A", b"b")], b"tea")))
    _, wire = world.client(get())
    line, fields, rest = head_of(wire.take())
    assert (line, rest) == (b"HTTP/1.1 418 ", b"tea")
    assert fields == {
        b"date": b"Mon, 12 Jan 1970 13:46:40 GMT",
        b"x-a": b"b",
        b"x-kong-response-latency": b"0",
        b"x-kong-request-id": ID.encode(),
        b"server": b"kong/3.9.1",
        b"content-length": b"3",
        b"connection": b"keep-alive",
    }


def test_tokens_may_be_off() -> None:
    """headers = off leaves only what frames the message."""
    off = Tokens(**dict.fromkeys(Tokens.__slots__, False))
    world = World(routed=False, tokens=off)
    _, wire = world.client(get())
    assert set(head_of(wire.take())[1]) == {b"date", b"content-type", b"content-length", b"connection"}


def test_a_plugin_cannot_frame_the_answer() -> None:
    """Length and connection stay ours, whatever an Answer says."""
    answer = Answer(200, [(b"Content-Length", b"99"), (b"Transfer-Encoding", b"chunked")], b"ok")
    world = World(phases=Plugged(access=lambda ctx: answer))
    _, wire = world.client(get())
    data = wire.take()
    assert data.count(b"Content-Length") == 1
    assert b"Content-Length: 2\r\n" in data
    assert b"Transfer-Encoding" not in data


def test_head_is_told_the_length_of_our_answer() -> None:
    """HEAD gets no body."""
    world = World(routed=False)
    _, wire = world.client(b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
    _, fields, rest = head_of(wire.take())
    assert (fields[b"content-length"], rest) == (b"103", b"")


def test_filters_see_our_answers_too() -> None:
    """header_filter and body_filter run for a 404 as well."""

    def header_filter(ctx: Any) -> None:
        assert ctx.response.source == "exit"
        ctx.response.headers.set(b"X-A", b"b")

    phases = Plugged(header_filter=header_filter, body_filter=lambda ctx, chunk, last: b"short")
    world = World(routed=False, phases=phases)
    _, wire = world.client(get())
    _, fields, rest = head_of(wire.take())
    assert (fields[b"x-a"], fields[b"content-length"], rest) == (b"b", b"5", b"short")
    assert phases.seen[-1] == "log"


def test_a_refusal_meets_the_filters_of_the_consumer() -> None:
    """Which phases have work is asked again once access has ended, also where it ended early."""

    phases = Plugged(access=lambda ctx: Answer(429, [], b"no"), header_filter=lambda ctx: None)
    before = Plugged()
    phases.needs = lambda ctx: phases if "access" in phases.seen else before  # type: ignore[method-assign]
    world = World(phases=phases)
    _, wire = world.client(get())
    assert head_of(wire.take())[2] == b"no"
    assert phases.seen == ["rewrite", "access", "header_filter", "log"]


def test_no_plugin_sees_what_is_no_request() -> None:
    """A request that could not be read is answered without them, and logged."""
    phases = Plugged(header_filter=lambda ctx: None)
    world = World(phases=phases)
    _, wire = world.client(b"nonsense\r\n\r\n")
    assert b" 400 " in wire.take()
    assert phases.seen == []
    assert world.logged[0][0] == 400


def test_statuses_without_a_body() -> None:
    """204 has neither body nor length."""
    world = World(phases=Plugged(access=lambda ctx: Answer(204, [], b"ignored")))
    _, wire = world.client(get())
    _, fields, rest = head_of(wire.take())
    assert b"content-length" not in fields
    assert rest == b""


def test_a_log_phase_sees_the_fields_that_were_sent() -> None:
    """Where a plugin logs, the answer is at hand."""
    seen: list[Any] = []
    world = World(phases=Plugged(log=lambda ctx: seen.append(ctx.response.headers.get(b"x-a"))))
    world.client(get())
    world.service()[0].dataReceived(ok(b"x", b"X-A: b"))
    assert seen == [b"b"]
