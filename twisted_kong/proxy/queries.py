"""What the router is shown of a request: with expressions more than with the other flavours.

Which of the functions is right is known when the node starts, so nobody pays for what the router never
asks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted_kong.core.context import RequestContext
from twisted_kong.core.http1.heads import RequestHead
from twisted_kong.core.router import RouteQuery
from twisted_kong.proxy.interfaces import Client
from twisted_kong.proxy.plan import default_port

QueryMaker = Callable[[Client, RequestHead, RequestContext], RouteQuery]
"""Made once for each head; what it is made of does not change for the connection that the head came on."""

_METHODS = {name.encode(): name for name in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH")}
# What RouteQuery(…) does, without the call in between (0.2 µs).
_query_of: Callable[[type[RouteQuery], tuple[Any, ...]], RouteQuery] = tuple.__new__
_NOBODY = ("", 0)


def plain_query(client: Client, head: RequestHead, ctx: RequestContext) -> RouteQuery:
    """What Routes of attributes ask for."""
    return _query_of(
        RouteQuery,
        (
            _METHODS.get(head.method) or head.method.decode("ascii"),
            client.scheme,
            head.domain,
            head.port or client.port,
            head.normal,
            client.sni,
            head.block.get_all,
            None,
            _NOBODY,
            "",
        ),
    )


def traditional_query(client: Client, head: RequestHead, ctx: RequestContext) -> RouteQuery:
    """The same for the oldest router.

    Kong: it compares the port of a Route's host with that in Host, or else with the default of the scheme,
    where the others take the listener's.
    """
    port = head.port or default_port(client.scheme)
    return plain_query(client, head, ctx)._replace(port=port)


def full_query(client: Client, head: RequestHead, ctx: RequestContext) -> RouteQuery:
    """What expressions may ask for; who the client is, is known already."""
    return RouteQuery(
        _METHODS.get(head.method) or head.method.decode("ascii"),
        client.scheme,
        head.domain,
        head.port or client.port,
        head.normal,
        client.sni,
        head.block.get_all,
        head.query,
        (ctx.client_ip, ctx.client_port),
        getattr(client.transport.getHost(), "host", ""),
    )


_MAKERS: dict[str, QueryMaker] = {"expressions": full_query, "traditional": traditional_query}


def query_maker(flavor: str) -> QueryMaker:
    """The one for a ``router_flavor``."""
    return _MAKERS.get(flavor, plain_query)
