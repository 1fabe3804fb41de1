"""Lines of the access log."""

from __future__ import annotations

import pytest

from tests.kit.proxies import ID, World, get, ok
from twisted_kong.core.context import RequestContext
from twisted_kong.proxy.log_format import FORMATS, KONG_FORMAT, BadFormat, compile_format, escape


def served(request: bytes) -> RequestContext:
    """The context of a request that was answered with 5 bytes."""
    world = World()
    world.client(request)
    world.service()[0].dataReceived(ok(b"hello"))
    ctx = world.contexts[0]
    return ctx


def line(layout: str, ctx: RequestContext) -> str:
    """A line at a fixed time, wherever on earth."""
    return compile_format(layout, lambda: 1_795_500_000.25)(ctx)


def test_kongs_format() -> None:
    """Who, when, what, how it ended, and the id."""
    ctx = served(get(b"/x?y", b"User-Agent: curl/8", b"Referer: http://r/"))
    text = line(KONG_FORMAT, ctx)
    assert text.startswith("192.0.2.1 - - [")
    assert text.endswith(f'] "GET /x?y HTTP/1.1" 200 5 "http://r/" "curl/8" kong_request_id: "{ID}"')
    generic = compile_format(KONG_FORMAT + " ", lambda: 1_795_500_000.25)(ctx)
    assert generic == text + " "
    assert line(FORMATS["combined"], ctx) == text.partition(" kong_request_id")[0]


def test_nothing_a_client_sends_breaks_a_line() -> None:
    """Quotes, backslashes and bytes are escaped as nginx does; what is absent is a dash."""
    ctx = served(get(b'/"\\\xff', b'User-Agent: a"\\\xff'))
    assert line("$request|$http_user_agent|$http_referer", ctx) == (
        "GET /\\x22\\x5C\\xFF HTTP/1.1|a\\x22\\x5C\\xFF|-"
    )
    assert escape("a\nb\x7f") == "a\\x0Ab\\x7F"


def test_other_variables() -> None:
    """Also in braces, and per cent signs stay."""
    ctx = served(get(b"/x"))
    layout = "${status}% $request_method $request_uri $scheme $host $server_port $upstream_addr $remote_user"
    assert line(layout, ctx) == "200% GET /x http a.test 8000 - -"
    assert line("$msec $bytes_sent", ctx).startswith("1795500000.250 ")
    assert line("$time_iso8601", ctx).startswith("2026-")
    with pytest.raises(BadFormat, match="nonsense"):
        line("$nonsense", ctx)


def test_a_user_is_named() -> None:
    """By the credential's user name, if it has one."""
    ctx = served(get())
    ctx.credential = {"username": "bob"}
    assert " - bob [" in line(KONG_FORMAT, ctx)
    ctx.credential = {"key": "secret"}
    assert " - - [" in line(KONG_FORMAT, ctx)
