"""What the data path needs to know of the configuration, once per node."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from twisted_kong.core.http1.requests import Limits


@dataclass(frozen=True, slots=True)
class Tokens:
    """Which fields the gateway adds to answers (``headers``) and requests (``headers_upstream``)."""

    via: bool = True
    server: bool = True
    upstream_latency: bool = True
    proxy_latency: bool = True
    response_latency: bool = True
    upstream_status: bool = False
    request_id: bool = True
    request_id_upstream: bool = True

    @classmethod
    def configured(cls, headers: Collection[str], headers_upstream: Collection[str]) -> Tokens:
        """As the two properties of kong.conf say, which are given as lower-case names of single fields."""
        return cls(
            via="via" in headers,
            server="server" in headers,
            upstream_latency="x-kong-upstream-latency" in headers,
            proxy_latency="x-kong-proxy-latency" in headers,
            response_latency="x-kong-response-latency" in headers,
            upstream_status="x-kong-upstream-status" in headers,
            request_id="x-kong-request-id" in headers,
            request_id_upstream="x-kong-request-id" in headers_upstream,
        )


@dataclass(frozen=True, slots=True)
class Settings:
    """The data path's settings; times in seconds, sizes in bytes.

    ``max_body_size`` 0 is no limit (``nginx_http_client_max_body_size``).  ``body_buffer_size`` is how much
    of a request's body is kept before the Service is contacted (``client_body_buffer_size``, but at least
    64 KiB: what is longer is not spooled to a file but streamed); a body within it can be sent again by a
    retry.  ``plugin_body_size`` bounds bodies that a plugin wants as a whole, both ways.  ``port_maps`` maps
    a listener's port to the one clients know.  ``product`` is what Via and Server say.  ``path_handling``: a
    Route's ``path_handling`` v1 is honoured (Kong: by the router flavour traditional only).
    """

    tokens: Tokens = field(default_factory=Tokens)
    limits: Limits = field(default_factory=Limits)
    max_body_size: int = 0
    body_buffer_size: int = 65536
    plugin_body_size: int = 8 * 1024 * 1024
    keepalive_timeout: float = 75.0
    keepalive_requests: int = 10_000
    header_timeout: float = 60.0
    body_timeout: float = 60.0
    send_timeout: float = 60.0
    pool_size: int = 512
    pool_requests: int = 10_000
    pool_idle_timeout: float = 60.0
    port_maps: Mapping[int, int] = field(default_factory=dict)
    allow_debug_header: bool = False
    path_handling: bool = False
    product: bytes = b"kong/3.9.1"
