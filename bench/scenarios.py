"""The scenarios: what is asked of the proxies, and of which."""

from __future__ import annotations

from bench.load import Load
from bench.servers import Site
from bench.throughput import Comparison

ROUTES = 10_000
PATHS = 1_000
KEYS = 100
BODY_CONNECTIONS = 8
HANDSHAKING = 16

ROUTED = ("nginx", "nginx-routes", "haproxy", "twisted_kong")
GUARDED = ("nginx", "nginx-routes", "twisted_kong")


def routed(keys: int) -> Load:
    """The load over ``ROUTES`` Routes, with ``keys`` different keys."""
    return Load("routes", (str(ROUTES), str(PATHS), str(keys)))


COMPARISONS = (
    Comparison("plain", "one Route, a tiny answer, 64 keep-alive clients", Load()),
    Comparison(
        "routes",
        "10,000 Routes, 1,000 distinct paths, headers that vary with every request",
        routed(0),
        Site(routes=ROUTES),
        check_path="/route-0/items",
        servers=ROUTED,
    ),
    Comparison(
        "expressions",
        "the same 10,000 Routes, written as expressions",
        routed(0),
        Site(routes=ROUTES, expressions=True),
        check_path="/route-0/items",
        servers=ROUTED,
    ),
    Comparison(
        "guarded",
        "key-auth (100 keys) and local rate limiting over the same 10,000 Routes",
        routed(KEYS),
        Site(routes=ROUTES, keys=KEYS),
        check_path="/route-0/items",
        check_headers={"apikey": "key-0"},
        servers=GUARDED,
    ),
    Comparison(
        "download",
        "answers of 1 MB, 8 clients",
        Load(path="/large", connections=BODY_CONNECTIONS),
        check_path="/large",
    ),
    Comparison(
        "upload",
        "requests with 1 MB, 8 clients",
        Load("upload", connections=BODY_CONNECTIONS),
    ),
    Comparison("tls", "TLS from 64 keep-alive clients, plain to the upstream", Load(), secure=True),
    Comparison(
        "handshakes",
        "a connection with TLS for each request, whose session is resumed, 16 clients",
        Load("closing", connections=HANDSHAKING),
        secure=True,
    ),
)

# In addition to the comparisons: handled by streaming.py, idle.py and many_routes.py.
OTHERS = ("stream", "idle", "add-route", "start-up")
NAMES = (*(comparison.name for comparison in COMPARISONS), *OTHERS)
