"""What follows from a match alone, worked out once and remembered on the match.

A :class:`RouteMatch` is the router's answer for one combination of method, scheme, host, port, path, SNI and
the headers that Routes ask for; the router forgets it whenever a Route or Service changes.
"""

from __future__ import annotations

from typing import Any

from twisted_kong.core.changes import Entity
from twisted_kong.core.context import Upstream
from twisted_kong.core.http1.heads import RequestHead
from twisted_kong.core.urls import escape_path, upstream_path
from twisted_kong.node.balancing import Peer
from twisted_kong.proxy.interfaces import Balancer

_DEFAULT_PORTS = {"http": 80, "https": 443, "grpc": 80, "grpcs": 443, "ws": 80, "wss": 443}
_SECURE = frozenset(("https", "grpcs", "wss", "tls"))


class Plan:
    """How requests of one match go on.

    ``service`` is None for a Route without one.  ``needs_https``: the Route is for https alone, so plain
    requests get ``redirect_status``.  ``grpc``: the Route is for gRPC alone.  ``prefix`` is the stripped
    prefix to tell the Service, None where there is none.  ``peer`` is where its host leads if that can never
    change (an IP address), ``host`` then the Host to send.
    """

    __slots__ = (
        "_way",
        "buffer_request",
        "grpc",
        "host",
        "needs_https",
        "peer",
        "prefix",
        "prefix_line",
        "preserve_host",
        "redirect_status",
        "route",
        "service",
        "target_path",
    )

    def __init__(
        self,
        route: Entity,
        service: Entity | None,
        matched: str | None,
        path: str,
        *,
        path_handling: bool = False,
    ) -> None:
        protocols = frozenset(route.get("protocols") or ())
        strip = bool(route.get("strip_path")) and matched is not None
        self.route = route
        self.service = service
        self.grpc = bool(protocols) and protocols <= {"grpc", "grpcs"}
        self.needs_https = "https" in protocols and "http" not in protocols
        self.redirect_status: int = route.get("https_redirect_status_code") or 426
        self.preserve_host = bool(route.get("preserve_host"))
        self.buffer_request = route.get("request_buffering") is not False
        stripped = matched if strip and matched != "/" else None
        self.prefix: bytes | None = None if stripped is None else escape_path(stripped)
        self.prefix_line = b"" if self.prefix is None else b"X-Forwarded-Prefix: %b\r\n" % self.prefix
        self.target_path = b"/"
        self.peer: Peer | None = None
        self.host: bytes | None = None
        self._way: Upstream | None = None
        if service is not None:
            handling = (route.get("path_handling") if path_handling else None) or "v0"
            self.target_path = escape_path(
                upstream_path(service.get("path"), matched, path, strip=strip, path_handling=handling)
            )

    def settle(self, balancer: Balancer) -> None:
        """Find out whether the host of the Service leads to one peer for ever."""
        service = self.service
        if service is None:
            return
        self.peer = peer = balancer.fixed(service["host"], service["port"])
        if peer is not None and not self.preserve_host:
            self.host = host_of(peer, service["protocol"])

    def way(self, method: bytes, query: bytes | None) -> Upstream:
        """One request's own way to the Service, for plugins to change."""
        assert self.service is not None
        return Upstream(self.service, method, self.target_path, query)

    def made(self, way: Upstream, head: RequestHead) -> bool:
        """Whether the request line is still what the Route made of it, so that nobody need judge it."""
        return (
            way.path is self.target_path
            and way.query is head.query
            and way.method is head.method
            and way.host_header is None
        )

    def leads(self, way: Upstream) -> bool:
        """Whether the request still goes to the host of its Service."""
        service = self.service
        return service is not None and way.host is service["host"] and way.port == service["port"]

    def shared_way(self, method: bytes, query: bytes | None) -> Upstream:
        """The way of requests that no plugin changes; the same one for the same method and query."""
        way = self._way
        if way is None or way.method != method or way.query != query:
            way = self._way = self.way(method, query)
        return way


def host_of(peer: Peer, scheme: str) -> bytes:
    """The Host that names a peer: the Upstream's ``host_header`` or its own name, and the port if unusual.

    A ``host_header`` that has a port is sent as it is.
    """
    name = peer.host_header or peer.name
    if peer.host_header and (name.count(":") == 1 or "]:" in name):
        return name.encode("latin-1", "replace")
    name = bracketed(name)
    if peer.port != default_port(scheme):
        name = f"{name}:{peer.port}"
    return name.encode("latin-1", "replace")


def bracketed(host: str) -> str:
    """A host as it is written before a port: IPv6 in brackets."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def is_secure(scheme: str) -> bool:
    """Whether a Service of this protocol is spoken to through TLS."""
    return scheme in _SECURE


def default_port(scheme: str) -> int:
    """The port that is left out of Host."""
    return _DEFAULT_PORTS.get(scheme, 80)


def make_plan(
    match: Any, service: Entity | None, path: str, balancer: Balancer, *, path_handling: bool = False
) -> Plan:
    """The plan of a match, at its first request; it is remembered there.

    ``path_handling``: whether the Route's counts.
    """
    plan = match.memo = Plan(match.route, service, match.prefix, path, path_handling=path_handling)
    plan.settle(balancer)
    return plan
