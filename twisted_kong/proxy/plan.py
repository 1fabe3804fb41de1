"""What follows from a match alone, worked out once and remembered on the match.

A :class:`RouteMatch` is the router's answer for one combination of method, scheme, host, port, path, SNI and
the headers that Routes ask for; the router forgets it whenever a Route or Service changes.
"""

from __future__ import annotations

from typing import Any

from twisted_kong.core.changes import Entity
from twisted_kong.core.context import Upstream
from twisted_kong.core.urls import escape_path, upstream_path

_DEFAULT_PORTS = {"http": 80, "https": 443, "grpc": 80, "grpcs": 443, "ws": 80, "wss": 443}
_SECURE = frozenset(("https", "grpcs", "wss", "tls"))


class Plan:
    """How requests of one match go on.

    ``service`` is None for a Route without one.  ``needs_https``: the Route is for https alone, so plain
    requests get ``redirect_status``.  ``grpc``: the Route is for gRPC alone.  ``prefix`` is the stripped
    prefix to tell the Service, None where there is none.  ``upstream`` is the state that requests start
    with; shared, so copied before a plugin may change it.
    """

    __slots__ = (
        "buffer_request",
        "grpc",
        "grpcs_only",
        "needs_https",
        "prefix",
        "preserve_host",
        "redirect_status",
        "route",
        "secure",
        "service",
        "target_path",
    )

    def __init__(self, route: Entity, service: Entity | None, matched: str | None, path: str) -> None:
        protocols = frozenset(route.get("protocols") or ())
        strip = bool(route.get("strip_path")) and matched is not None
        self.route = route
        self.service = service
        self.grpc = bool(protocols) and protocols <= {"grpc", "grpcs"}
        self.grpcs_only = protocols == {"grpcs"}
        self.needs_https = "https" in protocols and "http" not in protocols
        self.redirect_status: int = route.get("https_redirect_status_code") or 426
        self.preserve_host = bool(route.get("preserve_host"))
        self.buffer_request = route.get("request_buffering") is not False
        stripped = matched if strip and matched != "/" else None
        self.prefix: bytes | None = None if stripped is None else escape_path(stripped)
        self.secure = False
        self.target_path = b"/"
        if service is not None:
            self.secure = service["protocol"] in _SECURE
            base = service.get("path")
            self.target_path = escape_path(upstream_path(base, matched, path, strip=strip))

    def upstream(self, method: bytes, query: bytes | None) -> Upstream:
        """The state of one request's way to the Service."""
        assert self.service is not None
        return Upstream(self.service, method, self.target_path, query)


def is_secure(scheme: str) -> bool:
    """Whether a Service of this protocol is spoken to through TLS."""
    return scheme in _SECURE


def default_port(scheme: str) -> int:
    """The port that is left out of Host."""
    return _DEFAULT_PORTS.get(scheme, 80)


def plan_of(match: Any, service: Entity | None, path: str) -> Plan:
    """The plan of a match, made at its first request."""
    plan = match.memo
    if plan is None:
        plan = match.memo = Plan(match.route, service, match.prefix, path)
    assert isinstance(plan, Plan)
    return plan
