"""A request that is only described: read by the proxy's own reader, as if it had come.

Its path, Host and fields thus get the form in which the router sees those of real requests, and what the
proxy would refuse is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, urlencode

from twisted_kong.core.context import RequestContext
from twisted_kong.core.http1.errors import BadMessage
from twisted_kong.core.http1.heads import RequestHead
from twisted_kong.core.http1.requests import Limits, RequestReader
from twisted_kong.proxy.plan import default_port

# What may stand in a request line as it is; all else is percent-encoded, as a client would.
_PLAIN = "".join(chr(code) for code in range(0x21, 0x7F))


class CannotBeSent(ValueError):
    """No such request reaches a Route: why."""


@dataclass(frozen=True, slots=True)
class Described:
    """A request in words.

    ``port`` is the listener's, ``source`` and ``destination`` are addresses (a port may be 0).
    ``query`` is text as sent or names with their values.
    """

    method: str = "GET"
    scheme: str = "http"
    host: str | None = None
    path: str = "/"
    query: str | Mapping[str, Any] | None = None
    headers: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    sni: str | None = None
    source: tuple[str, int] = ("127.0.0.1", 0)
    destination: tuple[str, int] = ("127.0.0.1", 0)


class Visitor:
    """The connection that a described request came on; it can do nothing but tell of itself."""

    def __init__(self, asked: Described) -> None:
        self.scheme = asked.scheme
        self.peer_ip, self.peer_port = asked.source
        self.port = asked.destination[1] or default_port(asked.scheme)
        self.trusted = False
        self.sni = asked.sni
        self.transport = SimpleNamespace(getHost=lambda: SimpleNamespace(host=asked.destination[0]))


def read(asked: Described, limits: Limits) -> tuple[Any, RequestHead, RequestContext]:
    """The connection, the head and the state of a request, before any step was taken.

    :raises CannotBeSent: the proxy would answer such a request by itself, before it looks for a Route.
    """
    try:
        found = RequestReader(limits).read(_bytes_of(asked))
    except BadMessage as fault:
        raise CannotBeSent(f"the proxy would answer {fault.status}: {fault.reason}") from None
    if found is None:
        raise CannotBeSent("the proxy would not see the end of its head")
    visitor, head = Visitor(asked), found[0]
    context = RequestContext()
    context.head, context.scheme, context.sni = head, visitor.scheme, visitor.sni
    context.peer_ip, context.peer_port = asked.source
    context.client_ip, context.client_port = asked.source
    context.trusted, context.listener_port = False, visitor.port
    context.path = head.normal
    return visitor, head, context


def _bytes_of(asked: Described) -> bytes:
    target = quote(asked.path, safe=_PLAIN)
    query = asked.query if asked.query is None or isinstance(asked.query, str) else _encoded(asked.query)
    if query is not None:
        target = f"{target}?{quote(query, safe=_PLAIN)}"
    fields = [] if asked.host is None else [("Host", asked.host)]
    for name, values in asked.headers.items():
        fields += [(name, value) for value in ([values] if isinstance(values, str) else values)]
    if any(
        "\r" in text or "\n" in text for text in (asked.method, *(part for each in fields for part in each))
    ):
        raise CannotBeSent("a line break in the method or a header")
    # Only HTTP/1.0 may come without a Host.
    version = "1.1" if any(name.lower() == "host" for name, _ in fields) else "1.0"
    lines = [f"{asked.method} {target} HTTP/{version}", *(f"{name}: {value}" for name, value in fields)]
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape")


def _encoded(query: Mapping[str, Any]) -> str:
    return urlencode([(name, value) for name, values in query.items() for value in _listed(values)])


def _listed(values: Any) -> Sequence[Any]:
    return values if isinstance(values, list | tuple) else [values]
