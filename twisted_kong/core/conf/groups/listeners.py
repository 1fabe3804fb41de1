"""Properties that say where the node listens."""

from __future__ import annotations

from twisted_kong.core.conf.property import Group, Kind, Property, Source, Status

LISTENERS = Group(
    "listeners",
    "Listeners",
    "Addresses as host:port with flags, comma separated; IPv6 addresses in brackets; off for none. Flags:"
    " ssl, http2, proxy_protocol, reuseport, backlog=N, ipv6only=on|off, so_keepalive=on|off|"
    "idle:interval:count; deferred and bind are accepted and do nothing.",
    (
        Property(
            "proxy_listen",
            Kind.LISTENERS,
            "0.0.0.0:8000 reuseport backlog=16384, 0.0.0.0:8443 http2 ssl reuseport backlog=16384",
            "Where clients reach the proxied Services.",
        ),
        Property(
            "admin_listen",
            Kind.LISTENERS,
            "127.0.0.1:8001 reuseport backlog=16384, 127.0.0.1:8444 http2 ssl reuseport backlog=16384",
            "Where the Admin API answers. Whoever may write there owns the gateway: beyond loopback the node"
            " only starts with admin_auth = token or with certificates demanded of the clients.",
        ),
        Property(
            "status_listen",
            Kind.LISTENERS,
            "127.0.0.1:8007 reuseport backlog=16384",
            "Where the read-only Status API answers, for health checks and monitoring.",
        ),
        Property(
            "admin_gui_listen",
            Kind.LISTENERS,
            "0.0.0.0:8002, 0.0.0.0:8445 ssl",
            "Where the web UI answers.",
            Status.LATER,
        ),
        Property(
            "stream_listen",
            Kind.STREAM_LISTENERS,
            "off",
            "Where TCP, TLS and UDP are proxied; udp is a further flag here, http2 is none.",
            Status.LATER,
        ),
    ),
)

ADMIN = Group(
    "admin",
    "Admin API",
    "Who may use the Admin API, and from where.",
    (
        Property(
            "admin_auth",
            Kind.ENUM,
            "off",
            "Whether the Admin API asks every client for a token (Kong-Admin-Token: … or Authorization:"
            " Bearer …) and lets it do what the token's roles allow: off or token. Tokens are made with"
            " kong admin-token or at /admin-tokens. The Status API never asks.",
            allowed=("off", "token"),
            source=Source.OURS,
        ),
        Property(
            "admin_token",
            Kind.STRING,
            None,
            "A token that may do everything for as long as it is set here: to make the first tokens with."
            " At least 32 characters, best as a reference like {vault://env/admin-token}.",
            sensitive=True,
            source=Source.OURS,
        ),
        Property(
            "admin_gui_url",
            Kind.ARRAY,
            None,
            "Origins (https://host:port, …) whose pages may use the Admin API, for a web UI served elsewhere."
            " All others are refused.",
        ),
        Property(
            "admin_allowed_hosts",
            Kind.ARRAY,
            None,
            "Further names by which the Admin API may be addressed, beside localhost and plain addresses."
            " A request whose Host is none of them is refused, which keeps pages of other sites"
            " from reaching it by DNS rebinding. * allows every name.",
            source=Source.OURS,
        ),
        Property("admin_gui_path", Kind.STRING, "/", "Path below which the web UI is served.", Status.LATER),
        Property("admin_gui_api_url", Kind.STRING, None, "The Admin API as browsers reach it.", Status.LATER),
    ),
)
