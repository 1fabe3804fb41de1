"""What of a request is hashed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kit.pdk import a_context, answered
from twisted_kong.core.balancer.keys import Keys
from twisted_kong.core.context import RequestContext
from twisted_kong.core.router import Captures

CAPTURES = Captures({"user": "eve"}, ["eve", "7", None])


def key(ctx: RequestContext, **row: Any) -> bytes:
    """The key of a request, with a new cookie if need be."""
    return Keys(row, lambda: "fresh").of(ctx)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({}, b""),
        ({"hash_on": "none"}, b""),
        ({"hash_on": "ip"}, b"127.0.0.2"),
        ({"hash_on": "path"}, b"/a b"),
        ({"hash_on": "header", "hash_on_header": "X-One"}, b"1"),
        ({"hash_on": "header", "hash_on_header": "X-Many"}, b"12"),
        ({"hash_on": "cookie", "hash_on_cookie": "sess"}, b"abc=d"),
        ({"hash_on": "query_arg", "hash_on_query_arg": "q"}, b"1,2"),
        ({"hash_on": "query_arg", "hash_on_query_arg": "flag"}, b"flag"),
        ({"hash_on": "uri_capture", "hash_on_uri_capture": "user"}, b"eve"),
        ({"hash_on": "uri_capture", "hash_on_uri_capture": "2"}, b"7"),
        ({"hash_on": "uri_capture", "hash_on_uri_capture": "3"}, b""),
        ({"hash_on": "uri_capture", "hash_on_uri_capture": "0"}, b""),
        ({"hash_on": "uri_capture", "hash_on_uri_capture": "9"}, b""),
    ],
)
def test_each_part_of_a_request(row: dict[str, Any], expected: bytes) -> None:
    """As Kong reads it; what is not there is nothing."""
    ctx = a_context(
        "/a%20b?q=2&q=1&flag",
        headers=[("X-One", "1"), ("x-many", "1"), ("X-Many", "2"), ("Cookie", "a=b; sess=abc=d;c")],
        captures=CAPTURES,
    )
    ctx.path = "/a b"
    assert key(ctx, **row) == expected
    assert ctx.response_edits is None


def test_a_consumer_else_a_credential() -> None:
    """Whoever is known."""
    ctx = a_context()
    assert key(ctx, hash_on="consumer") == b""
    ctx = a_context()
    ctx.credential = {"id": "cred"}
    assert key(ctx, hash_on="consumer") == b"cred"
    ctx = a_context()
    ctx.credential, ctx.consumer = {"id": "cred"}, {"id": "con"}
    assert key(ctx, hash_on="consumer") == b"con"


def test_the_second_choice_where_the_first_is_missing() -> None:
    """A field that is there but empty is not missing."""
    row = {
        "hash_on": "header",
        "hash_on_header": "x-a",
        "hash_fallback": "query_arg",
        "hash_fallback_query_arg": "q",
    }
    assert key(a_context("/?q=7"), **row) == b"7"
    assert key(a_context("/?q=7", headers={"X-A": "1"}), **row) == b"1"
    assert key(a_context("/?q=7", headers={"X-A": ""}), **row) == b""
    assert key(a_context("/"), **row) == b""
    assert key(a_context("/", routed=False), hash_on="uri_capture", hash_on_uri_capture="1") == b""
    assert key(a_context("/?q=7", routed=False), hash_on="query_arg", hash_on_query_arg="q") == b"7"


def test_a_cookie_is_made_once() -> None:
    """It is hashed like one that was sent, also by a retry; the client gets it with the answer."""
    made = iter(["one", "two"])
    row = {"hash_on": "cookie", "hash_on_cookie": "sess", "hash_on_cookie_path": "/x"}
    keys = Keys(row, lambda: next(made))
    ctx = a_context()
    assert (keys.of(ctx), keys.of(ctx)) == (b"one", b"one")
    headers = answered(ctx).response
    assert headers is not None
    assert headers.headers.get_all(b"set-cookie") == [b"sess=one; Path=/x; Same-Site=Lax; HttpOnly"]


def test_a_cookie_as_the_second_choice() -> None:
    """It is made where the first choice is missing, and only there."""
    row = {
        "hash_on": "header",
        "hash_on_header": "x-a",
        "hash_fallback": "cookie",
        "hash_on_cookie": "sess",
    }
    assert key(a_context(), **row) == b"fresh"
    assert key(a_context(headers={"Cookie": "sess=old"}), **row) == b"old"
    ctx = a_context(headers={"X-A": "1"})
    assert key(ctx, **row) == b"1"
    assert ctx.response_edits is None
