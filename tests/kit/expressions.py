"""Expressions at random, requests to try them on, and the slow reading that closures must agree with."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from hypothesis import strategies as st

from twisted_kong.core.router.expressions.syntax import (
    And,
    Field,
    Node,
    Not,
    Operator,
    Or,
    Predicate,
)
from twisted_kong.core.router.query import RouteQuery

TEXTS = [
    "",
    "/",
    "/a",
    "/a/b",
    "/A",
    "a",
    "b",
    "A",
    "a.test",
    ".test",
    "x.",
    "GET",
    "https",
    'q"\\\n\t\r',
    "é",
    "É",
]
REGEXES = ["^/a", "^/a/(b|c)$", "a+", "^a|b", "^(?i)/A", "", "b$", "^/(?P<x>.)"]
STRINGS = [
    "net.protocol",
    "tls.sni",
    "http.method",
    "http.host",
    "http.path",
    "http.path.segments.0",
    "http.path.segments.0_1",
    "http.headers.x",
    "http.headers.x_y",
    "http.queries.q",
]
INTEGERS = ["net.src.port", "net.dst.port", "net.port", "http.path.segments.len"]
ADDRESSES = ["net.src.ip", "net.dst.ip"]


def _textual() -> st.SearchStrategy[Predicate]:
    fields = st.builds(Field, st.sampled_from(STRINGS), st.booleans(), st.booleans())
    plain = [
        Operator.EQUAL,
        Operator.NOT_EQUAL,
        Operator.PREFIX,
        Operator.SUFFIX,
        Operator.CONTAINS,
    ]
    return st.builds(
        Predicate, fields, st.sampled_from(plain), st.sampled_from(TEXTS) | st.text(max_size=3)
    ) | st.builds(Predicate, fields, st.just(Operator.REGEX), st.sampled_from(REGEXES))


def _numeric() -> st.SearchStrategy[Predicate]:
    operators = [
        Operator.EQUAL,
        Operator.NOT_EQUAL,
        Operator.GREATER,
        Operator.GREATER_EQUAL,
        Operator.LESS,
        Operator.LESS_EQUAL,
    ]
    numbers = st.sampled_from([0, 1, 2, 80, 443, -1]) | st.integers(-(2**63), 2**63 - 1)
    fields = st.builds(Field, st.sampled_from(INTEGERS), st.just(False), st.booleans())
    return st.builds(Predicate, fields, st.sampled_from(operators), numbers)


def _of_addresses() -> st.SearchStrategy[Predicate]:
    fields = st.builds(Field, st.sampled_from(ADDRESSES))
    addresses = st.sampled_from([ip_address("10.0.0.1"), ip_address("::1")]) | st.ip_addresses()
    networks = st.sampled_from([ip_network("10.0.0.0/8"), ip_network("::/0"), ip_network("0.0.0.0/0")])
    return st.builds(
        Predicate, fields, st.sampled_from([Operator.EQUAL, Operator.NOT_EQUAL]), addresses
    ) | st.builds(Predicate, fields, st.sampled_from([Operator.IN, Operator.NOT_IN]), networks)


def _tree(parts: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(parts, min_size=2, max_size=4).map(tuple)
    return several.map(And) | several.map(Or) | parts.map(Not)


nodes: st.SearchStrategy[Node] = st.recursive(_textual() | _numeric() | _of_addresses(), _tree, max_leaves=8)
"""Trees that pass every check."""


def query_of(
    path: str = "/",
    *,
    method: str = "GET",
    scheme: str = "http",
    host: str = "a.test",
    port: int = 80,
    sni: str | None = None,
    headers: dict[bytes, list[bytes]] | None = None,
    query: bytes | None = None,
    source: tuple[str, int] = ("10.0.0.1", 40000),
    destination: str = "127.0.0.1",
) -> RouteQuery:
    """A request as the router of expressions sees it."""
    held = headers or {}
    return RouteQuery(
        method,
        scheme,
        host,
        port,
        path,
        sni,
        lambda name: held.get(name, []),
        query,
        source,
        destination,
    )


requests: st.SearchStrategy[RouteQuery] = st.builds(
    query_of,
    st.sampled_from(["/", "/a", "/a/b", "/A", "/a/b/c", "/b", "/é", "/\udcff", "*"]),
    method=st.sampled_from(["GET", "a", "POST"]),
    scheme=st.sampled_from(["http", "https"]),
    host=st.sampled_from(["a.test", "x.test", "x.a", "", "test", ".test", "a"]),
    port=st.sampled_from([80, 443, 1]),
    sni=st.sampled_from([None, "a.test", "A.Test.", "a"]),
    headers=st.sampled_from(
        [
            {},
            {b"x": [b"a"]},
            {b"x": [b"a", b"A"]},
            {b"x-y": [b"b"]},
            {b"x_y": [b"a"], b"x-y": [b"b"]},
            {b"x": ["É".encode()]},
        ]
    ),
    query=st.sampled_from([None, b"", b"q", b"q=a", b"q=a&q=b", b"q=%61+&x=1", b"&&=&q=A"]),
    source=st.sampled_from([("10.0.0.1", 1), ("::1", 2), ("11.0.0.1", 80), ("", 0)]),
    destination=st.sampled_from(["127.0.0.1", "::1", "10.0.0.1"]),
)


def holds(node: Node, query: RouteQuery) -> bool:
    """Whether a request satisfies a tree, read off the tree itself."""
    if isinstance(node, Not):
        return not holds(node.part, query)
    if isinstance(node, And):
        return all(holds(part, query) for part in node.parts)
    if isinstance(node, Or):
        return any(holds(part, query) for part in node.parts)
    field = node.field
    values = values_of(field.name, query)
    if field.lower:
        values = [value.lower() for value in values]
    judged = [_compared(value, node.operator, node.value) for value in values]
    return any(judged) if field.any else bool(judged) and all(judged)


def values_of(name: str, query: RouteQuery) -> list[Any]:
    """All values of a field; texts are text."""
    segments = [piece for piece in query.path.split("/") if piece]
    simple: dict[str, Any] = {
        "net.protocol": query.scheme,
        "tls.sni": (query.sni or "").rstrip(".").lower() or None,
        "http.method": query.method,
        "http.host": query.host,
        "http.path": query.path,
        "http.path.segments.0": segments[0] if segments else None,
        "http.path.segments.0_1": "/".join(segments[:2]) if len(segments) > 1 else None,
        "http.path.segments.len": len(segments),
        "net.port": query.port,
        "net.dst.port": query.port,
        "net.src.port": query.source[1],
        "net.src.ip": ip_address(query.source[0]) if query.source[0] else None,
        "net.dst.ip": ip_address(query.destination) if query.destination else None,
    }
    if name in simple:
        return [] if simple[name] is None else [simple[name]]
    if name == "http.queries.q":
        pairs = [pair.partition(b"=") for pair in (query.query or b"").split(b"&")]
        return [
            value.replace(b"+", b" ").replace(b"%61", b"a").decode() for key, _, value in pairs if key == b"q"
        ]
    header = name.removeprefix("http.headers.").encode()
    found = query.header(header) or query.header(header.replace(b"_", b"-"))
    return [value.decode() for value in found]


def _compared(value: Any, operator: Operator, wanted: Any) -> bool:
    if operator is Operator.REGEX:
        return re.search(_as_python(wanted), value) is not None
    if operator in (Operator.IN, Operator.NOT_IN):
        assert isinstance(wanted, IPv4Network | IPv6Network)
        return (value in wanted) is (operator is Operator.IN)
    judged: bool = {
        Operator.EQUAL: lambda: value == wanted,
        Operator.NOT_EQUAL: lambda: value != wanted,
        Operator.PREFIX: lambda: value.startswith(wanted),
        Operator.SUFFIX: lambda: value.endswith(wanted),
        Operator.CONTAINS: lambda: wanted in value,
        Operator.GREATER: lambda: value > wanted,
        Operator.GREATER_EQUAL: lambda: value >= wanted,
        Operator.LESS: lambda: value < wanted,
        Operator.LESS_EQUAL: lambda: value <= wanted,
    }[operator]()
    return judged


def _as_python(pattern: str) -> str:
    """Python wants flags in front, and lets ``$`` match before a last line end."""
    moved = "(?i)^/A" if pattern == "^(?i)/A" else pattern
    return moved.replace("$", r"\Z")
