"""Routes, requests, and the router's slow twin: every Route tried, the best by Kong's rules taken."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid5

from twisted_kong.core.router import RouteQuery

Route = dict[str, Any]
GROUPS = UUID("7f145bf9-0dce-4f91-98eb-debbce4b9f6b")


def a_route(number: int, **fields: Any) -> Route:
    """A Route whose id follows from a number."""
    route: Route = {
        "id": str(UUID(int=number * 0x1F3D5B79F3D5B79F3D5B79F3D5B79F3 % (1 << 128))),
        "name": f"r{number}",
        "protocols": ["http", "https"],
        "methods": None,
        "hosts": None,
        "paths": None,
        "headers": None,
        "snis": None,
        "sources": None,
        "destinations": None,
        "regex_priority": 0,
        "created_at": 1_700_000_000 + number,
        "strip_path": True,
        "service": {"id": "svc"},
    }
    return route | fields


def a_query(
    path: str = "/",
    *,
    method: str = "GET",
    scheme: str = "http",
    host: str = "example.test",
    port: int = 8000,
    sni: str | None = None,
    headers: Mapping[bytes, Sequence[bytes]] | None = None,
) -> RouteQuery:
    """A request as the router sees it."""
    held = headers or {}
    return RouteQuery(method, scheme, host, port, path, sni, lambda name: list(held.get(name, ())))


def slow_match(routes: Sequence[Route], query: RouteQuery, flavor: str) -> tuple[str, str | None] | None:
    """The id of the Route that must win and the prefix that its path matched, found without any index."""
    rank = {"traditional_compatible": compatible_rank, "traditional": traditional_rank}[flavor]
    grouped = {"traditional_compatible": compatible_groups, "traditional": traditional_groups}[flavor]
    best: tuple[Any, ...] | None = None
    answer = None
    for route in routes:
        if not any(route[kind] for kind in ("methods", "hosts", "headers", "paths", "snis")):
            continue
        for identity, paths in grouped(route):
            found = matches(route, paths, query)
            if found is None:
                continue
            place = (*rank(route, paths), identity)
            if best is None or place > best:
                best, answer = place, (route["id"], found[0])
    return answer


def compatible_groups(route: Route) -> list[tuple[bytes, list[str]]]:
    """The paths of one kind and length together."""
    paths = route["paths"] or []
    keys = {0 if path[0] == "~" else len(path.encode()) for path in paths}
    if len(keys) < 2:
        return [(UUID(route["id"]).bytes, paths)]
    return [
        (
            uuid5(GROUPS, f"{route['id']}#{key}").bytes,
            [path for path in paths if key == (0 if path[0] == "~" else len(path.encode()))],
        )
        for key in keys
    ]


def compatible_rank(route: Route, paths: list[str]) -> tuple[int, ...]:
    """Kong's priority, field by field, highest bits first."""
    kinds = sum(1 for kind in ("methods", "hosts", "headers", "snis", "paths") if route[kind])
    plain_hosts = bool(route["hosts"]) and not any("*" in host for host in route["hosts"])
    regex = any(path[0] == "~" for path in paths)
    return (
        kinds,
        plain_hosts,
        len(route["headers"] or ()),
        regex,
        route["regex_priority"] if regex else 0,
        0 if regex else max((len(path.encode()) for path in paths), default=0),
    )


def traditional_groups(route: Route) -> list[tuple[bytes, list[str]]]:
    """Each path by itself."""
    identity = UUID(route["id"]).bytes
    return [(identity, [path]) for path in route["paths"]] if route["paths"] else [(identity, [])]


def traditional_rank(route: Route, paths: list[str]) -> tuple[int, ...]:
    """Category, then the order inside a category."""
    bits = {"hosts": 64, "headers": 32, "paths": 16, "methods": 8, "snis": 4}
    used = [kind for kind in bits if route[kind]]
    wild = [host for host in route["hosts"] or () if "*" in host]
    regex = bool(paths) and paths[0][0] == "~"
    submatch = 4 * any(":" in host for host in wild) + 2 * (bool(route["hosts"]) and not wild) + regex
    return (
        len(used),
        sum(bits[kind] for kind in used),
        submatch,
        len(route["headers"] or ()),
        route["regex_priority"] if regex else 0,
        len(paths[0].encode()) if paths and not regex else 0,
        -route["created_at"],
    )


def matches(route: Route, paths: list[str], query: RouteQuery) -> tuple[str | None] | None:
    """The prefix in a tuple if the request meets every condition, else None."""
    if route["methods"] and query.method not in route["methods"]:
        return None
    if route["hosts"] and not any(host_fits(host, query) for host in route["hosts"]):
        return None
    if route["snis"] and query.scheme == "https" and not any(sni_fits(sni, query) for sni in route["snis"]):
        return None
    for name, values in (route["headers"] or {}).items():
        if not header_fits(values, query.header(name.lower().encode())):
            return None
    if not paths:
        return (None,)
    return next((found for path in paths if (found := path_fits(path, query.path)) is not None), None)


def host_fits(rule: str, query: RouteQuery) -> bool:
    """A plain or wildcard host, perhaps with a port."""
    host, _, port = rule.lower().partition(":")
    if port and int(port) != query.port:
        return False
    if host.startswith("*"):
        return query.host.endswith(host[1:])
    return query.host.startswith(host[:-1]) if host.endswith("*") else query.host == host


def sni_fits(rule: str, query: RouteQuery) -> bool:
    """A plain or wildcard server name, a trailing dot meaning nothing."""
    name, rule = (query.sni or "").rstrip(".").lower(), rule.rstrip(".").lower()
    if not name:
        return False
    if rule.startswith("*"):
        return name.endswith(rule[1:])
    return name.startswith(rule[:-1]) if rule.endswith("*") else name == rule


def header_fits(rule: list[str], values: list[bytes]) -> bool:
    """One of the values, or the one regex, without regard to case."""
    texts = [value.decode().lower() for value in values]
    if len(rule) == 1 and rule[0].startswith("~*"):
        return any(re.search(rule[0][2:], text) for text in texts)
    return any(text in {value.lower() for value in rule} for text in texts)


def path_fits(rule: str, path: str) -> tuple[str] | None:
    """The text matched, for a prefix or an anchored regex."""
    if rule[0] != "~":
        return (rule,) if path.startswith(rule) else None
    found = re.search("^" + rule[1:], path)
    return (found[0],) if found else None
