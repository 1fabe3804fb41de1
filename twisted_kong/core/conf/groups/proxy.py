"""Properties of the data path."""

from __future__ import annotations

from twisted_kong.core.conf.property import Group, Kind, Property, Source, Status

_AT_ONCE = "a change is applied to the running router, never by rebuilding it, and as soon as it is known"


def _keepalive(name: str, default: str, about: str) -> Property:
    return Property(
        name,
        Kind.INTEGER if name != "upstream_keepalive_idle_timeout" else Kind.NUMBER,
        default,
        about,
        minimum=0,
        bound_text=f"{name} must be 0 or greater",
    )


PROXY = Group(
    "proxy",
    "Proxying",
    "How requests are matched, which headers are added and how connections are reused.",
    (
        Property(
            "router_flavor",
            Kind.ENUM,
            "traditional_compatible",
            "How Routes are written and ordered: as attributes, or, with expressions, as expressions too.",
            allowed=("traditional", "traditional_compatible", "expressions"),
        ),
        Property(
            "headers",
            Kind.HEADERS,
            "server_tokens, latency_tokens, x-kong-request-id",
            "Headers that the node adds to answers: server_tokens (Via, Server), latency_tokens"
            " (X-Kong-Proxy-Latency, X-Kong-Response-Latency, X-Kong-Admin-Latency, X-Kong-Upstream-Latency),"
            " X-Kong-Upstream-Status, X-Kong-Request-Id, any of these names singly, or off.",
        ),
        Property(
            "headers_upstream",
            Kind.HEADERS_UPSTREAM,
            "x-kong-request-id",
            "Headers that the node adds to what it sends to Services: X-Kong-Request-Id or off.",
        ),
        Property(
            "trusted_ips",
            Kind.NETWORKS,
            None,
            "Peers whose X-Forwarded-* and real-address headers are believed: addresses, networks"
            " (10.0.0.0/8) or unix:. 0.0.0.0/0, ::/0 trusts everybody.",
        ),
        Property(
            "nginx_proxy_real_ip_header",
            Kind.STRING,
            "X-Real-IP",
            "Header in which a trusted peer tells the client's address, or proxy_protocol for the address of"
            " the PROXY header of a listener with that flag.",
        ),
        Property(
            "nginx_proxy_real_ip_recursive",
            Kind.NGX_BOOLEAN,
            "off",
            "With several addresses in that header: on takes the last one that is not trusted, off the last.",
        ),
        Property(
            "real_ip_header",
            Kind.STRING,
            "X-Real-IP",
            "Short name.",
            alias_of="nginx_proxy_real_ip_header",
        ),
        Property(
            "real_ip_recursive",
            Kind.NGX_BOOLEAN,
            "off",
            "Short name.",
            alias_of="nginx_proxy_real_ip_recursive",
        ),
        _keepalive(
            "upstream_keepalive_pool_size",
            "512",
            "Idle connections kept for each upstream address and TLS identity; 0 closes each after its"
            " answer.",
        ),
        _keepalive(
            "upstream_keepalive_max_requests",
            "10000",
            "Requests that one upstream connection may serve; 0 sets no limit.",
        ),
        _keepalive(
            "upstream_keepalive_idle_timeout",
            "60",
            "Seconds after which an idle upstream connection is closed; 0 keeps it open.",
        ),
        Property(
            "allow_debug_header",
            Kind.BOOLEAN,
            "off",
            "Tell in the answer which Route and Service were taken, when the request has Kong-Debug: 1.",
        ),
        Property(
            "request_debug",
            Kind.BOOLEAN,
            "on",
            "Measure a request's phases on demand of X-Kong-Request-Debug.",
            Status.LATER,
        ),
        Property(
            "request_debug_token",
            Kind.STRING,
            None,
            "Token that such a request must carry when it comes from another machine.",
            Status.LATER,
            sensitive=True,
        ),
        Property(
            "worker_consistency",
            Kind.ENUM,
            "eventual",
            "When Kong's workers rebuild their router.",
            Status.IGNORED,
            allowed=("strict", "eventual"),
            because=_AT_ONCE,
        ),
        Property(
            "router_consistency",
            Kind.ENUM,
            None,
            "Old name.",
            Status.IGNORED,
            allowed=("strict", "eventual"),
            alias_of="worker_consistency",
            deprecated=True,
            because=_AT_ONCE,
        ),
        Property(
            "worker_state_update_frequency",
            Kind.NUMBER,
            "5",
            "How often Kong's workers look for a new router.",
            Status.IGNORED,
            because=_AT_ONCE,
        ),
    ),
)

_LIMIT_TEXT = "must be an integer between 1 and 1000"


def _visible(name: str, what: str) -> Property:
    return Property(
        name,
        Kind.INTEGER,
        "100",
        f"How many {what} plugins get to see, 1 to 1000.",
        Status.LATER,
        minimum=1,
        maximum=1000,
        bound_text=f"{name} {_LIMIT_TEXT}",
    )


LIMITS = Group(
    "limits",
    "Limits",
    "What a client may cost. Sizes take the suffixes k, m and g, times ms, s, m, h and d.",
    (
        Property(
            "nginx_http_client_max_body_size",
            Kind.SIZE,
            "0",
            "Largest request body that is proxied; a larger one is answered 413. 0 sets no limit.",
        ),
        Property(
            "nginx_http_client_body_buffer_size",
            Kind.SIZE,
            "8k",
            "How much of a request body is kept before the Service is contacted, so that a retry can send it"
            " again; at least 64k. What is longer is streamed, never written to a file.",
        ),
        Property(
            "client_body_buffer_size",
            Kind.SIZE,
            "8k",
            "Short name.",
            alias_of="nginx_http_client_body_buffer_size",
        ),
        Property(
            "nginx_admin_client_max_body_size",
            Kind.SIZE,
            "10m",
            "Largest request body that the Admin API reads.",
        ),
        Property(
            "nginx_admin_client_body_buffer_size",
            Kind.SIZE,
            "10m",
            "Memory for a body sent to the Admin API.",
            Status.IGNORED,
            because="the Admin API keeps a whole body in memory, up to nginx_admin_client_max_body_size",
        ),
        Property(
            "nginx_http_keepalive_requests",
            Kind.INTEGER,
            "10000",
            "Requests that one client connection may make.",
            minimum=1,
        ),
        Property(
            "nginx_http_keepalive_timeout",
            Kind.TIME,
            "75s",
            "Time after which an idle client connection is closed; 0 closes each after its answer.",
            source=Source.NGINX,
        ),
        Property(
            "nginx_http_client_header_timeout",
            Kind.TIME,
            "60s",
            "Time that a client has to send a whole request head.",
            source=Source.NGINX,
        ),
        Property(
            "nginx_http_client_body_timeout",
            Kind.TIME,
            "60s",
            "Longest pause between two pieces of a request body.",
            source=Source.NGINX,
        ),
        Property(
            "nginx_http_send_timeout",
            Kind.TIME,
            "60s",
            "Longest time that a client may refuse to take any of an answer.",
            source=Source.NGINX,
        ),
        Property(
            "nginx_http_large_client_header_buffers",
            Kind.BUFFERS,
            "4 8k",
            "Room for the request head as nginx counts it, number and size of buffers: no line may be longer"
            " than one buffer, the whole head no longer than all of them.",
            source=Source.NGINX,
        ),
        Property(
            "nginx_http_proxy_buffer_size",
            Kind.SIZE,
            "64k",
            "Largest head of an upstream's answer; for now it is always 64 KiB.",
            Status.LATER,
            source=Source.NGINX,
        ),
        Property(
            "nginx_events_worker_connections",
            Kind.WORKERS,
            "auto",
            "Most connections of clients to the proxy that the node holds at once, those to Services not"
            " counted; beyond, the one that has waited longest for a request makes room, else the new one is"
            " closed. auto sets no limit.",
        ),
        Property(
            "max_connections_per_client",
            Kind.INTEGER,
            "0",
            "Most connections to the proxy that one client may have at once; a further one is closed. A"
            " client is an IPv4 address or the first 64 bits of one of IPv6. Peers in trusted_ips are not"
            " limited, but clients that they introduce by the PROXY protocol are (real_ip_header ="
            " proxy_protocol). 0 sets no limit.",
            minimum=0,
            bound_text="max_connections_per_client must be 0 or greater",
            source=Source.OURS,
        ),
        Property(
            "nginx_main_worker_rlimit_nofile",
            Kind.WORKERS,
            "auto",
            "Limit of open files to set at start; auto takes what the system allows.",
        ),
        _visible("lua_max_req_headers", "request headers"),
        _visible("lua_max_resp_headers", "response headers"),
        _visible("lua_max_uri_args", "query arguments"),
        _visible("lua_max_post_args", "form fields"),
    ),
)
