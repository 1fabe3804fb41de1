"""``kong.request``: what the client asked.

Texts are decoded as their part of a request is: headers as Latin-1; paths, names and values of arguments as
UTF-8 with undecodable bytes kept (``surrogateescape``).
Headers are seen as plugins that ran before have changed them for the Service (Kong does the same).
"""

from __future__ import annotations

from typing import Any

from twisted_kong.core.query import Argument, Arguments, parse_args
from twisted_kong.core.router import Captures
from twisted_kong.pdk.bodies import parse_body
from twisted_kong.pdk.call import Call
from twisted_kong.pdk.phase import BODY_READABLE, FROM_REWRITE, REQUEST, wrong_phase
from twisted_kong.pdk.texts import table_of

_MOST = 1000


def checked_limit(limit: int) -> int:
    """How many headers or arguments to read: 1 to 1000, as in Kong; ValueError beyond."""
    if not 1 <= limit <= _MOST:
        raise ValueError(f"the limit must be from 1 to {_MOST}, not {limit}")
    return limit


class Request:
    """The request of the client; reading it changes nothing."""

    __slots__ = ("_arguments", "_call", "_ctx")

    def __init__(self, call: Call) -> None:
        self._call = call
        self._ctx = call.context
        self._arguments: Arguments | None = None

    def _check(self, function: str, allowed: int = FROM_REWRITE) -> None:
        if not self._call.phase & allowed:
            raise wrong_phase(f"kong.request.{function}", self._call.phase, allowed)

    def get_scheme(self) -> str:
        """``http`` or ``https``, as the listener saw it."""
        self._check("get_scheme")
        return self._ctx.scheme

    def get_host(self) -> str:
        """The host asked for, lower case, without its port."""
        self._check("get_host")
        return _host_of(self._ctx.head.host.decode("latin-1"))

    def get_port(self) -> int:
        """The port of the listener, as ``port_maps`` shows it."""
        self._check("get_port", REQUEST)
        return self._ctx.listener_port

    def get_forwarded_scheme(self) -> str:
        """``X-Forwarded-Proto`` of a trusted peer, else the scheme."""
        self._check("get_forwarded_scheme")
        given = self._forwarded(b"x-forwarded-proto")
        return self._ctx.scheme if given is None else given.lower()

    def get_forwarded_host(self) -> str:
        """``X-Forwarded-Host`` of a trusted peer, else the host; lower case, without a port."""
        self._check("get_forwarded_host")
        given = self._forwarded(b"x-forwarded-host")
        return self.get_host() if given is None else _host_of(given)

    def get_forwarded_port(self) -> int:
        """``X-Forwarded-Port`` of a trusted peer if it is a number, else the listener's port."""
        self._check("get_forwarded_port")
        given = self._forwarded(b"x-forwarded-port")
        if given is not None and given.isascii() and given.isdigit() and len(given) <= 5:
            return int(given)
        return self._ctx.listener_port

    def get_forwarded_path(self) -> str:
        """``X-Forwarded-Path`` of a trusted peer, else the path as received."""
        self._check("get_forwarded_path")
        given = self._forwarded(b"x-forwarded-path")
        return self.get_raw_path() if given is None else given

    def get_forwarded_prefix(self) -> str | None:
        """``X-Forwarded-Prefix`` of a trusted peer, else the prefix that the Route strips, else None."""
        self._check("get_forwarded_prefix")
        given = self._forwarded(b"x-forwarded-prefix")
        if given is not None:
            return given
        route, match = self._ctx.route, self._ctx.match
        if match is None or route is None or not route.get("strip_path"):
            return None
        prefix: str | None = match.prefix
        return None if prefix == "/" else prefix

    def _forwarded(self, name: bytes) -> str | None:
        if not self._ctx.trusted:
            return None
        value = self._ctx.head.headers.get(name)
        return value.decode("latin-1") if value else None

    def get_http_version(self) -> float:
        """1.0 or 1.1."""
        self._check("get_http_version")
        return 1.1 if self._ctx.head.minor else 1.0

    def get_method(self) -> str:
        """The method, in the letters that the client used."""
        self._check("get_method")
        return self._ctx.head.method.decode("ascii")

    def get_path(self) -> str:
        """The path in its normal form, as the router saw it."""
        self._check("get_path")
        return self._ctx.path

    def get_raw_path(self) -> str:
        """The path as received, without the query."""
        self._check("get_raw_path")
        return self._ctx.head.path.decode("latin-1")

    def get_raw_query(self) -> str:
        """What follows the ``?``, as received; empty if there is none."""
        self._check("get_raw_query")
        return (self._ctx.head.query or b"").decode("latin-1")

    def get_path_with_query(self) -> str:
        """The path as received and, if it is not empty, the query."""
        query = self.get_raw_query()
        return f"{self.get_raw_path()}?{query}" if query else self.get_raw_path()

    def get_query_arg(self, name: str) -> Argument | None:
        """The first value of an argument, True if it has none, None if it is absent."""
        self._check("get_query_arg")
        if not self._ctx.head.query:
            return None
        value = self._query().get(name)
        return value[0] if isinstance(value, list) else value

    def get_query(self, max_args: int = 100) -> Arguments:
        """The arguments by name; a list for one that occurs more than once, True for one without ``=``.

        :param max_args: how many are read, 1 to 1000.
        """
        self._check("get_query")
        if max_args == 100:
            return dict(self._query())
        return parse_args(self._ctx.head.query or b"", checked_limit(max_args))

    def _query(self) -> Arguments:
        arguments = self._arguments
        if arguments is None:
            arguments = self._arguments = parse_args(self._ctx.head.query or b"")
        return arguments

    def get_header(self, name: str) -> str | None:
        """The first value of a header or None; case does not matter, and ``_`` stands for ``-`` too."""
        values = self.get_header_values(name)
        return values[0] if values else None

    def get_header_values(self, name: str) -> list[str]:
        """Every value of a header (beyond Kong, whose plugins look into ``get_headers``)."""
        if not self._call.phase & FROM_REWRITE:
            raise wrong_phase("kong.request.get_header", self._call.phase, FROM_REWRITE)
        key = name.lower().encode("latin-1", "replace")
        values = self.get_raw_values(key)
        if not values and b"_" in key:
            values = self.get_raw_values(key.replace(b"_", b"-"))
        return [value.decode("latin-1") for value in values] if values else []

    def get_raw_values(self, key: bytes) -> list[bytes]:
        """Every value of a header given by its lower-case name, in bytes; not to be changed (beyond Kong)."""
        return self._call.received_values(key)

    def get_headers(self, max_headers: int = 100) -> dict[str, str | list[str]]:
        """The headers by lower-case name; a list for one that occurs more than once.

        :param max_headers: how many are read, 1 to 1000.
        """
        self._check("get_headers")
        limit = checked_limit(max_headers)
        headers = self._ctx.head.headers
        upstream = self._ctx.upstream or self._call.draft
        if upstream is not None and upstream.edits is not None:
            headers = headers.copy()
            upstream.edits.apply(headers)
        return table_of(headers.items(), limit)

    async def get_raw_body(self) -> bytes:
        """The whole body; may wait for the client.

        :raises BodyTooLarge: it does not fit into the memory allowed for it.
        """
        self._check("get_raw_body", BODY_READABLE)
        return await self._ctx.io.request_body()

    async def get_body(self, mimetype: str | None = None, max_args: int = 100) -> Any:
        """The body parsed by its ``Content-Type``, or by the type given: form, JSON or multipart.

        :param max_args: how many form fields are read.
        :raises BodyError: it is of another type, or not what its type says.
        :raises BodyTooLarge: it does not fit into the memory allowed for it.
        """
        self._check("get_body", BODY_READABLE)
        content_type = self.get_header("content-type") or ""
        limit = checked_limit(max_args)
        return parse_body(await self._ctx.io.request_body(), content_type, mimetype, limit)

    def get_start_time(self) -> int:
        """When the request began, in milliseconds since the epoch."""
        self._check("get_start_time")
        return int(self._ctx.started * 1000)

    def get_uri_captures(self) -> Captures:
        """What the groups of the Route's regex path matched; nothing where it has none."""
        self._check("get_uri_captures")
        match = self._ctx.match
        captures = None if match is None else match.captures
        return Captures({}, []) if captures is None else captures


def _host_of(text: str) -> str:
    text = text.strip().lower()
    if text.startswith("["):
        return text[: text.find("]") + 1]
    return text.partition(":")[0]
