"""``kong.response``: what the client gets.

Headers set before there is an answer are kept and put on whatever answer comes, the Service's or a plugin's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from twisted_kong.core.context import Answer, Response, Source
from twisted_kong.core.headers import Field, HeaderEdits, Headers, is_name, is_value
from twisted_kong.core.replies import GRPC, grpc_status
from twisted_kong.pdk.bodies import encode_json
from twisted_kong.pdk.call import Call, Exit
from twisted_kong.pdk.phase import BEFORE_BODY, BODY_FILTER, FROM_RESPONSE, wrong_phase
from twisted_kong.pdk.request import checked_limit
from twisted_kong.pdk.texts import (
    HeaderTable,
    PreparedHeaders,
    Value,
    fields_of,
    table_of,
    to_body,
    to_name,
    to_value,
)

_JSON: Field = (b"Content-Type", b"application/json; charset=utf-8")

# Kong: what its error helper says where a plugin gives no message, beside what the proxy says.
_MESSAGES = {401: "Unauthorized", 403: "Forbidden", 409: "Conflict", 429: "Too many requests"}


class ClientResponse:
    """The answer on its way to the client."""

    __slots__ = ("_call", "_ctx")

    def __init__(self, call: Call) -> None:
        self._call = call
        self._ctx = call.context

    def _check(self, function: str, allowed: int = BEFORE_BODY) -> None:
        if not self._call.phase & allowed:
            raise wrong_phase(f"kong.response.{function}", self._call.phase, allowed)

    def get_status(self) -> int:
        """The status that the client gets."""
        self._check("get_status", FROM_RESPONSE)
        response = self._ctx.response
        return self._ctx.status if response is None else response.status

    def get_header(self, name: str) -> str | None:
        """The first value of a header that the client gets, or None."""
        self._check("get_header", FROM_RESPONSE)
        response = self._ctx.response
        value = None if response is None else response.headers.get(name.lower().encode("latin-1", "replace"))
        return None if value is None else value.decode("latin-1")

    def get_headers(self, max_headers: int = 100) -> dict[str, str | list[str]]:
        """The headers that the client gets, by lower-case name."""
        self._check("get_headers", FROM_RESPONSE)
        response = self._ctx.response
        return {} if response is None else table_of(response.headers.items(), checked_limit(max_headers))

    def get_source(self) -> Source:
        """``service``, ``exit`` if a plugin or the router answered, ``error`` if something failed."""
        self._check("get_source", FROM_RESPONSE)
        response = self._ctx.response
        return self._ctx.source if response is None else response.source

    def set_status(self, status: int) -> None:
        """Change the status; it has effect once there is an answer."""
        self._check("set_status")
        _check_status(status)
        response = self._changed()
        if response is not None:
            # The phrase that the Service gave belongs to its own status.
            response.status, response.reason = status, b""

    def set_header(self, name: str, value: Value) -> None:
        """Let there be exactly one header of this name."""
        self._target("set_header").set(to_name(name), to_value(value))

    def add_header(self, name: str, value: Value | list[Value]) -> None:
        """Let there be further headers of this name."""
        target = self._target("add_header")
        for field, raw in fields_of({name: value}):
            target.add(field, raw)

    def clear_header(self, name: str) -> None:
        """Let there be no header of this name."""
        self._target("clear_header").remove(to_name(name))

    def set_headers(self, headers: HeaderTable) -> None:
        """Let there be exactly these headers under their names; others stay."""
        PreparedHeaders(headers).apply(self._target("set_headers"))

    def set_prepared_headers(self, headers: PreparedHeaders) -> None:
        """The same for headers made ahead (beyond Kong)."""
        headers.apply(self._target("set_headers"))

    def _target(self, function: str) -> HeaderEdits | Headers:
        if not self._call.phase & BEFORE_BODY:
            raise wrong_phase(f"kong.response.{function}", self._call.phase, BEFORE_BODY)
        if self._ctx.response is not None:
            self._changed()
        return self._ctx.change_response()

    def _changed(self) -> Response | None:
        """The answer, after a copy of what the Service sent was kept for ``kong.service.response``."""
        response, call = self._ctx.response, self._call
        if response is not None and call.received is None and response.source == "service":
            call.received = response.headers.copy()
            call.received_status = response.status
        return response

    def get_chunk(self) -> bytes:
        """The piece of the body that is being filtered (beyond Kong, which has ``ngx.arg``)."""
        self._check("get_chunk", BODY_FILTER)
        return self._call.chunk or b""

    def set_chunk(self, chunk: bytes | str) -> None:
        """Send this instead of the piece of the body that is being filtered."""
        self._check("set_chunk", BODY_FILTER)
        self._call.chunk = to_body(chunk)

    def is_last_chunk(self) -> bool:
        """Whether the body ends with this piece, which may be empty."""
        self._check("is_last_chunk", BODY_FILTER)
        return self._call.last

    def get_raw_body(self) -> bytes | None:
        """The whole body, None until its last piece; until then nothing is sent on."""
        self._check("get_raw_body", BODY_FILTER)
        call = self._call
        pieces = call.held()
        if not call.gathered:
            # Asked again it gives the same.
            call.gathered = True
            pieces.append(call.chunk)
            call.chunk = b"".join(pieces) if call.last else b""
        return b"".join(pieces) if call.last else None

    def set_raw_body(self, body: bytes | str) -> None:
        """Let the body end with this, whatever the Service still sends (Kong does the same).

        What was let through before stays; after :meth:`get_raw_body` that is nothing.
        """
        self._check("set_raw_body", BODY_FILTER)
        call = self._call
        call.chunk = to_body(body)
        call.last = call.ended = True

    def exit(
        self,
        status: int,
        body: str | bytes | Mapping[str, Any] | list[Any] | None = None,
        headers: HeaderTable | None = None,
    ) -> NoReturn:
        """Answer and end this phase; a table is sent as JSON, text and bytes as they are."""
        self._check("exit")
        _check_status(status)
        fields = _checked_fields(headers)
        if isinstance(body, Mapping | list):
            raw = encode_json(body)
            if not any(name.lower() == b"content-type" for name, _ in fields):
                fields.append(_JSON)
        else:
            raw = b"" if body is None else to_body(body)
        if self._is_grpc():
            message = body.get("message", "") if isinstance(body, Mapping) else raw
            fields += _grpc_fields(status, message)
            raw = b""
        raise Exit(Answer(status, fields, raw))

    def error(self, status: int, message: str | None = None, headers: HeaderTable | None = None) -> NoReturn:
        """Answer with an error in the form that the client accepts, and end this phase.

        :param status: at least 400.
        """
        self._check("error")
        _check_status(status)
        if status < 400:
            raise ValueError("status must be at least 400")
        ctx = self._ctx
        answer = self._call.gateway.replies.error(
            status,
            message or _MESSAGES.get(status),
            request_id=ctx.request_id,
            accept=_GRPC_ACCEPT if self._is_grpc() else ctx.head.headers.get(b"accept"),
            headers=_checked_fields(headers),
        )
        raise Exit(answer)

    def _is_grpc(self) -> bool:
        kind = self._ctx.head.headers.get(b"content-type")
        return kind is not None and kind.lower().startswith(b"application/grpc") and b"-web" not in kind


_GRPC_ACCEPT = GRPC.encode("ascii")


def _grpc_fields(status: int, message: str | bytes) -> list[Field]:
    raw = message.encode("utf-8", "replace") if isinstance(message, str) else message
    text = raw.translate(None, bytes(range(0x20)) + b"\x7f")
    return [
        (b"Content-Type", _GRPC_ACCEPT),
        (b"grpc-status", b"%d" % grpc_status(status)),
        (b"grpc-message", text),
    ]


def _check_status(status: int) -> None:
    if not isinstance(status, int):
        raise TypeError(f"status must be an integer, not {type(status).__name__}")
    if not 100 <= status <= 599:
        raise ValueError("status must be from 100 to 599")


def _checked_fields(headers: HeaderTable | None) -> list[Field]:
    fields = fields_of(headers) if headers else []
    for name, value in fields:
        if not is_name(name) or not is_value(value):
            raise ValueError(f"not a header: {name[:60]!r}: {value[:60]!r}")
    return fields
