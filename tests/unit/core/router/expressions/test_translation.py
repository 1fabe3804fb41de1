"""Routes without an expression become the expression that Kong writes for them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kit.routes import a_route
from twisted_kong.core.router.expressions.parsing import parse
from twisted_kong.core.router.expressions.translation import translate, with_protocols


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"methods": ["GET"]}, 'http.method == "GET"'),
        ({"methods": ["GET", "PUT"]}, 'http.method == "GET" || http.method == "PUT"'),
        ({"hosts": ["A.test"]}, 'http.host == "a.test"'),
        ({"hosts": ["*.a.test"]}, 'http.host =^ ".a.test"'),
        ({"hosts": ["a.*"]}, 'http.host ^= "a."'),
        (
            {"hosts": ["a.test:80", "*.b:81"]},
            '(http.host == "a.test" && net.dst.port == 80) || (http.host =^ ".b" && net.dst.port == 81)',
        ),
        ({"paths": ["/a", "/b"]}, 'http.path ^= "/a" || http.path ^= "/b"'),
        ({"paths": [r"~/a/(?<id>\d+)"]}, r'http.path ~ "^/a/(?<id>\\d+)"'),
        (
            {"headers": {"X-A": ["Q", "r"]}},
            'any(lower(http.headers.x_a)) == "q" || any(lower(http.headers.x_a)) == "r"',
        ),
        ({"headers": {"x": ["~*a+"]}}, 'any(lower(http.headers.x)) ~ "a+"'),
        (
            {"headers": {"b": ["1"], "a": ["2"]}},
            'any(lower(http.headers.a)) == "2" && any(lower(http.headers.b)) == "1"',
        ),
        ({"snis": ["a.test.", "*.b"]}, 'net.protocol != "https" || tls.sni == "a.test" || tls.sni =^ ".b"'),
        (
            {"sources": [{"ip": "10.1.2.3/8", "port": None}, {"ip": "::1", "port": 5}]},
            "net.src.ip in 10.0.0.0/8 || (net.src.ip == ::1 && net.src.port == 5)",
        ),
        ({"destinations": [{"ip": None, "port": 5}]}, "net.dst.port == 5"),
        (
            {"methods": ["GET"], "paths": ["/a", "/b"]},
            'http.method == "GET" && http.path ^= "/a" || http.path ^= "/b"',
        ),
    ],
)
def test_what_is_written(fields: dict[str, Any], text: str) -> None:
    """A table of Routes and their expressions."""
    node = translate(a_route(1, **fields), fields.get("paths", ()))
    assert str(node) == text
    assert parse(text) == node


def test_a_route_that_asks_for_nothing() -> None:
    """There is no expression that would be true of everything."""
    assert translate(a_route(1), ()) is None


@pytest.mark.parametrize(
    ("protocols", "text"),
    [
        (["http", "https"], 'http.path == "/" && net.protocol == "http" || net.protocol == "https"'),
        (["http"], 'http.path == "/" && net.protocol == "http"'),
        (["https"], 'http.path == "/"'),
        (["grpc", "grpcs"], 'http.path == "/" && net.protocol == "http" || net.protocol == "https"'),
        (["grpcs"], 'http.path == "/" && net.protocol == "https"'),
        (["tls"], 'http.path == "/"'),
        (["tcp", "udp"], 'http.path == "/" && net.protocol == "tcp" || net.protocol == "udp"'),
        (None, 'http.path == "/"'),
    ],
)
def test_protocols_are_added(protocols: list[str] | None, text: str) -> None:
    """An expression holds for the protocols of its Route only; https alone is left to be redirected to."""
    assert str(with_protocols(parse('http.path == "/"'), protocols)) == text


def test_protocols_are_one_more_part() -> None:
    """What is a ``&&`` already gets one part more."""
    assert str(with_protocols(parse('http.path == "/" && http.method == "A"'), ["http"])) == (
        'http.path == "/" && http.method == "A" && net.protocol == "http"'
    )
