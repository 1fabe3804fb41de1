"""Routes without an expression, as expressions: what Kong makes of methods, hosts, paths and the others."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from typing import Any

from twisted_kong.core.changes import Entity
from twisted_kong.core.router.expressions.syntax import (
    And,
    Field,
    Node,
    Operator,
    Predicate,
    Value,
    all_of,
    any_of,
)
from twisted_kong.core.router.index import has_port

_PROTOCOL = Field("net.protocol")
_NOT_HTTPS = Predicate(_PROTOCOL, Operator.NOT_EQUAL, "https")
_SEEN_AS = {"grpc": "http", "grpcs": "https", "tls_passthrough": "tcp"}
_WITHOUT_PROTOCOL = ({"https"}, {"tls"}, {"tls_passthrough"})


def with_protocols(node: Node, protocols: Iterable[str] | None) -> Node:
    """An expression, bound to the protocols of its Route.

    Kong: not where https is the only one, so that plain requests find the Route and are redirected.
    """
    names = list(protocols or ())
    if not names or set(names) in _WITHOUT_PROTOCOL:
        return node
    seen = dict.fromkeys(_SEEN_AS.get(name, name) for name in sorted(names))
    clause = any_of([Predicate(_PROTOCOL, Operator.EQUAL, name) for name in seen])
    return And((*node.parts, clause)) if isinstance(node, And) else And((node, clause))


def translate(route: Entity, paths: Iterable[str]) -> Node | None:
    """The expression of a Route with some of its paths; None if it asks for nothing."""
    parts = [
        _among("http.method", route.get("methods")),
        _any_of_each(_host, route.get("hosts")),
        *(_header(name, values) for name, values in sorted((route.get("headers") or {}).items())),
        _any_of_each(_path, paths),
        _snis(route.get("snis")),
        _any_of_each(lambda end: _end("src", end), route.get("sources")),
        _any_of_each(lambda end: _end("dst", end), route.get("destinations")),
    ]
    asked = [part for part in parts if part is not None]
    return all_of(asked) if asked else None


def _among(name: str, values: Iterable[Value] | None, **options: bool) -> Node | None:
    field = Field(name, **options)
    found: list[Node] = [Predicate(field, Operator.EQUAL, value) for value in values or ()]
    return any_of(found) if found else None


def _any_of_each(make: Any, values: Iterable[Any] | None) -> Node | None:
    found: list[Node] = [make(value) for value in values or ()]
    return any_of(found) if found else None


def _named(field: str, name: str) -> Node:
    """A host or server name, perhaps with a wildcard at one end."""
    if name.startswith("*"):
        return Predicate(Field(field), Operator.SUFFIX, name[1:])
    if name.endswith("*"):
        return Predicate(Field(field), Operator.PREFIX, name[:-1])
    return Predicate(Field(field), Operator.EQUAL, name)


def _host(host: str) -> Node:
    name = host.lower()
    if not has_port(name):
        return _named("http.host", name)
    name, _, port = name.rpartition(":")
    return all_of([_named("http.host", name), Predicate(Field("net.dst.port"), Operator.EQUAL, int(port))])


def _path(path: str) -> Node:
    if path.startswith("~"):
        return Predicate(Field("http.path"), Operator.REGEX, "^" + path[1:])
    return Predicate(Field("http.path"), Operator.PREFIX, path)


def _header(name: str, values: list[str]) -> Node | None:
    field = f"http.headers.{name.lower().replace('-', '_')}"
    if len(values) == 1 and values[0].startswith("~*"):
        return Predicate(Field(field, lower=True, any=True), Operator.REGEX, values[0][2:])
    return _among(field, [value.lower() for value in values], lower=True, any=True)


def _snis(names: list[str] | None) -> Node | None:
    if not names:
        return None
    # Kong: a plain request satisfies ``snis``, so that a Route for https only can redirect it.
    return any_of([_NOT_HTTPS, *(_named("tls.sni", name.rstrip(".").lower()) for name in names)])


def _end(side: str, end: Entity) -> Node:
    parts: list[Node] = []
    ip, port = end.get("ip"), end.get("port")
    if ip is not None:
        field = Field(f"net.{side}.ip")
        if "/" in ip:
            parts.append(Predicate(field, Operator.IN, ip_network(ip, strict=False)))
        else:
            parts.append(Predicate(field, Operator.EQUAL, ip_address(ip)))
    if port is not None:
        parts.append(Predicate(Field(f"net.{side}.port"), Operator.EQUAL, port))
    return all_of(parts)
