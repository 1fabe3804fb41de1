"""``kong.service.request``: what the Service is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted_kong.core.query import encode_args, without
from twisted_kong.core.urls import escape_path
from twisted_kong.pdk.bodies import encode_body, media_type
from twisted_kong.pdk.call import Call
from twisted_kong.pdk.phase import BEFORE_SERVICE, UNTIL_BALANCER, wrong_phase
from twisted_kong.pdk.texts import HeaderTable, PreparedHeaders, Value, fields_of, to_body, to_name, to_value


class ServiceRequest:
    """The request on its way to the Service; what is set in rewrite holds for the Service found later."""

    __slots__ = ("_call",)

    def __init__(self, call: Call) -> None:
        self._call = call

    def _check(self, function: str, allowed: int) -> None:
        if not self._call.phase & allowed:
            raise wrong_phase(f"kong.service.request.{function}", self._call.phase, allowed)

    def enable_buffering(self) -> None:
        """Let the Service's answer be read whole before the client gets any of it."""
        self._check("enable_buffering", UNTIL_BALANCER)
        self._call.context.buffer_response = True

    def set_scheme(self, scheme: str) -> None:
        """``http`` or ``https``."""
        self._check("set_scheme", UNTIL_BALANCER)
        if scheme not in ("http", "https"):
            raise ValueError("scheme must be 'http' or 'https'")
        self._call.upstream().scheme = scheme

    def set_path(self, path: str) -> None:
        """The path without query, starting with ``/``; what a request line may not hold is escaped."""
        self._check("set_path", UNTIL_BALANCER)
        if not path.startswith("/"):
            raise ValueError("path must start with /")
        # A question mark would end the path.
        self._call.upstream().path = escape_path(path).replace(b"?", b"%3F")

    def set_raw_query(self, query: str) -> None:
        """The query as it is to be sent, without ``?``."""
        self._check("set_raw_query", BEFORE_SERVICE)
        raw = query.encode("utf-8", "surrogateescape")
        if any(byte <= 0x20 or byte == 0x7F for byte in raw):
            raise ValueError("a query holds neither spaces nor control characters")
        self._call.upstream().query = raw

    def set_query(self, arguments: Mapping[str, object]) -> None:
        """The query from a table: text, numbers, True for a name alone, lists; sorted by name."""
        self._check("set_query", BEFORE_SERVICE)
        self._call.upstream().query = encode_args(arguments)

    def clear_query_arg(self, name: str) -> None:
        """Remove an argument; the others stay as they are written."""
        self._check("clear_query_arg", BEFORE_SERVICE)
        upstream = self._call.upstream()
        query = upstream.query if upstream.query is not None else self._call.context.head.query
        if query is not None:
            upstream.query = without(query, name)

    def set_method(self, method: str) -> None:
        """The method, upper case."""
        self._check("set_method", BEFORE_SERVICE)
        if not method.isascii() or not method.isalpha():
            raise ValueError(f"not a method: {method[:60]!r}")
        self._call.upstream().method = method.encode("ascii")

    def set_header(self, name: str, value: Value) -> None:
        """Send exactly one header of this name; ``Host`` sets the one of the request line's authority."""
        self._check("set_header", UNTIL_BALANCER)
        raw = to_value(value)
        upstream = self._call.upstream()
        if name.lower() == "host":
            _check_host(raw)
            upstream.host_header = raw
            return
        upstream.change_headers().set(to_name(name), raw)

    def add_header(self, name: str, value: Value | list[Value]) -> None:
        """Send further headers of this name."""
        self._check("add_header", BEFORE_SERVICE)
        if name.lower() == "host":
            self.set_header(name, value[0] if isinstance(value, list) else value)
            return
        edits = self._call.upstream().change_headers()
        for field, raw in fields_of({name: value}):
            edits.add(field, raw)

    def clear_header(self, name: str) -> None:
        """Send no header of this name."""
        self._check("clear_header", BEFORE_SERVICE)
        self._call.upstream().change_headers().remove(to_name(name))

    def set_headers(self, headers: HeaderTable) -> None:
        """Send exactly these headers under their names; others stay."""
        self._check("set_headers", BEFORE_SERVICE)
        rest = dict(headers)
        for name in [name for name in rest if name.lower() == "host"]:
            value = rest.pop(name)
            self.set_header(name, value[0] if isinstance(value, list) else value)
        PreparedHeaders(rest).apply(self._call.upstream().change_headers())

    def set_prepared_headers(self, headers: PreparedHeaders) -> None:
        """The same for headers made ahead (beyond Kong)."""
        self._check("set_headers", BEFORE_SERVICE)
        headers.apply(self._call.upstream().change_headers())

    def set_raw_body(self, body: str | bytes) -> None:
        """Send this body instead of the client's; ``Content-Length`` follows."""
        self._check("set_raw_body", UNTIL_BALANCER)
        self._call.upstream().body = to_body(body)

    def set_body(self, table: Mapping[str, Any], mimetype: str | None = None) -> None:
        """Send a table as a form, as JSON or as multipart: by the type given, else by the request's own."""
        self._check("set_body", UNTIL_BALANCER)
        sent = self._call.context.head.headers.get(b"content-type") or b""
        content_type = sent.decode("latin-1")
        body, described = encode_body(table, mimetype or media_type(content_type), content_type)
        upstream = self._call.upstream()
        upstream.body = body
        upstream.change_headers().set(b"Content-Type", described.encode("latin-1"))


def _check_host(raw: bytes) -> None:
    if not raw or any(byte <= 0x20 or byte >= 0x7F for byte in raw):
        raise ValueError(f"not a host: {raw[:60]!r}")
