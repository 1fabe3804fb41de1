"""The fields of a request that expressions name: their types, and how their values are found.

Values of type String are bytes (UTF-8), like everything that came over the wire; numbers are ``int``.
A field that is absent has no value: no predicate about it is true.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum
from functools import lru_cache
from ipaddress import ip_address
from typing import Any
from urllib.parse import unquote_to_bytes

from typing_extensions import override

from twisted_kong.core.router.entries import Query
from twisted_kong.core.router.query import RouteQuery

# Kong: lua_max_uri_args.
_MOST_ARGUMENTS = 100
Header = Callable[[bytes], list[bytes]]

_SEGMENTS = "http.path.segments."
_HEADERS = "http.headers."
_QUERIES = "http.queries."
_SEGMENT = re.compile(r"(0|[1-9][0-9]{0,8})(?:_(0|[1-9][0-9]{0,8}))?")

HEADERS_LIKE = (_HEADERS, _QUERIES)
"""Fields of these beginnings may have several values."""


class Kind(Enum):
    """The type of a field."""

    STRING = "String"
    INTEGER = "Int"
    ADDRESS = "IpAddr"


_STREAM: dict[str, Kind] = {
    "net.protocol": Kind.STRING,
    "tls.sni": Kind.STRING,
    "net.src.ip": Kind.ADDRESS,
    "net.src.port": Kind.INTEGER,
    "net.dst.ip": Kind.ADDRESS,
    "net.dst.port": Kind.INTEGER,
}
_HTTP: dict[str, Kind] = {
    **_STREAM,
    # Kong: an old name of net.dst.port.
    "net.port": Kind.INTEGER,
    "http.method": Kind.STRING,
    "http.host": Kind.STRING,
    "http.path": Kind.STRING,
    f"{_SEGMENTS}len": Kind.INTEGER,
}
_FAMILIES = (_SEGMENTS, *HEADERS_LIKE)


def kind_of(name: str, *, stream: bool = False) -> Kind | None:
    """The type of a field; None if there is no such field."""
    if stream:
        return _STREAM.get(name)
    kind = _HTTP.get(name)
    if kind is None and name.startswith(_FAMILIES):
        return Kind.STRING
    return kind


def is_ill_formed(name: str) -> bool:
    """Whether it is about segments of the path, but says neither ``len`` nor which."""
    if not name.startswith(_SEGMENTS) or name == f"{_SEGMENTS}len":
        return False
    return segments_of(name) is None


def segments_of(name: str) -> tuple[int, int] | None:
    """The first and the last segment that ``http.path.segments.N`` or ``.N_M`` means, counted from 0."""
    match = _SEGMENT.fullmatch(name.removeprefix(_SEGMENTS)) if name.startswith(_SEGMENTS) else None
    if match is None:
        return None
    first = int(match[1])
    if match[2] is None:
        return first, first
    last = int(match[2])
    return (first, last) if first < last else None


def is_multiple(name: str) -> bool:
    """Whether a field may have several values."""
    return name.startswith(HEADERS_LIKE)


def lower(value: bytes) -> bytes:
    """The lower-case form of a text."""
    if value.isascii():
        return value.lower()
    return value.decode("utf-8", "surrogateescape").lower().encode("utf-8", "surrogateescape")


class Request(Query):
    """A request as expressions see it; what is costly is found at the first need."""

    __slots__ = ("_queries", "_query", "_segments")

    def __init__(self, query: RouteQuery) -> None:
        method, scheme, host, port, path, sni, header = query[:7]
        super().__init__(method, scheme == "https", host, port, path, sni, _with_dashes(header))
        self._query = query
        self._queries: dict[bytes, list[bytes]] | None = None
        self._segments: list[bytes] | None = None

    @property
    def segments(self) -> list[bytes]:
        """What lies between the slashes of the path."""
        found = self._segments
        if found is None:
            found = self._segments = [piece for piece in self.raw.split(b"/") if piece]
        return found

    @override
    def values(self, name: bytes) -> list[bytes]:
        """The values of any field in lower case."""
        found = reader_of(name.decode("utf-8"))(self)
        if isinstance(found, list):
            return [lower(value) for value in found]
        return [] if found is None else [as_key(found)]

    def argument(self, name: bytes) -> list[bytes]:
        """The values of a query argument, decoded; one without ``=`` has the empty value."""
        found = self._queries
        if found is None:
            found = self._queries = _arguments(self._query.query)
        return found.get(name, [])

    @property
    def source(self) -> tuple[str, int]:
        """The address and the port of the client."""
        return self._query.source

    @property
    def destination(self) -> str:
        """The address that the client is connected to."""
        return self._query.destination


def as_key(value: Any) -> bytes:
    """A value of a field as the index keeps entries by it."""
    return lower(value) if isinstance(value, bytes) else str(value).encode("utf-8")


def _with_dashes(header: Header) -> Header:
    """Headers by name; ``_`` stands for ``-`` where no header is written with it.

    Kong: nginx gives them so to whoever asks.
    """

    def values(name: bytes) -> list[bytes]:
        found = header(name)
        return found if found or b"_" not in name else header(name.replace(b"_", b"-"))

    return values


def _arguments(query: bytes | None) -> dict[bytes, list[bytes]]:
    found: dict[bytes, list[bytes]] = {}
    if not query:
        return found
    for pair in query.split(b"&", _MOST_ARGUMENTS)[:_MOST_ARGUMENTS]:
        name, _, value = pair.partition(b"=")
        if name:
            found.setdefault(_decoded(name), []).append(_decoded(value))
    return found


def _decoded(text: bytes) -> bytes:
    return unquote_to_bytes(text.replace(b"+", b" ")) if b"%" in text or b"+" in text else text


def _text(value: str) -> bytes:
    return value.encode("utf-8", "surrogateescape")


def _address(text: str) -> Any:
    if not text:
        return None
    try:
        return ip_address(text.partition("%")[0])
    except ValueError:
        # A socket of the file system has no address.
        return None


def _sni(request: Request) -> bytes | None:
    return _text(request.sni) if request.sni else None


_SIMPLE: dict[str, Callable[[Request], Any]] = {
    "net.protocol": lambda request: b"https" if request.secure else b"http",
    "tls.sni": _sni,
    "http.method": lambda request: _text(request.method),
    "http.host": lambda request: _text(request.host),
    "http.path": lambda request: request.raw,
    f"{_SEGMENTS}len": lambda request: len(request.segments),
    "net.dst.port": lambda request: request.port,
    "net.port": lambda request: request.port,
    "net.src.ip": lambda request: _address(request.source[0]),
    "net.src.port": lambda request: request.source[1],
    "net.dst.ip": lambda request: _address(request.destination),
}


@lru_cache(maxsize=4096)
def reader_of(name: str) -> Callable[[Request], Any]:
    """What finds the value of a field in a request: None where it is absent, or all values in a list.

    A list is given for those of :func:`is_multiple`; it is empty where the field is absent.
    """
    simple = _SIMPLE.get(name)
    if simple is not None:
        return simple
    if name.startswith(_HEADERS):
        header = name.removeprefix(_HEADERS).lower().encode("utf-8")
        return lambda request: request.header(header)
    if name.startswith(_QUERIES):
        argument = name.removeprefix(_QUERIES).encode("utf-8")
        return lambda request: request.argument(argument)
    bounds = segments_of(name)
    if bounds is None:
        raise ValueError(f"no such field: {name}")
    first, last = bounds
    return lambda request: _joined(request.segments, first, last)


def _joined(segments: list[bytes], first: int, last: int) -> bytes | None:
    return b"/".join(segments[first : last + 1]) if last < len(segments) else None


ALWAYS_LOWER = frozenset({"http.host", "tls.sni", "net.protocol"})
"""Fields whose values are in lower case anyway."""

# What every remembered answer depends on anyway.
_ALWAYS_KNOWN = frozenset(
    {
        *("net.protocol", "tls.sni", "http.method", "http.host", "http.path", "net.dst.port", "net.port"),
        f"{_SEGMENTS}len",
    }
)


def is_always_known(name: str) -> bool:
    """Whether the value of a field follows from method, scheme, host, port, path and SNI."""
    return name in _ALWAYS_KNOWN or name.startswith(_SEGMENTS)
