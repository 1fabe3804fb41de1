"""``kong.service.response``: what the Service answered, before plugins changed it."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.headers import Headers
from twisted_kong.pdk.bodies import parse_body
from twisted_kong.pdk.call import Call
from twisted_kong.pdk.phase import FROM_RESPONSE, RESPONSE, wrong_phase
from twisted_kong.pdk.request import checked_limit
from twisted_kong.pdk.texts import table_of


class ServiceResponse:
    """The Service's answer; None where the gateway answered by itself."""

    __slots__ = ("_call", "_ctx")

    def __init__(self, call: Call) -> None:
        self._call = call
        self._ctx = call.context

    def _check(self, function: str, allowed: int = FROM_RESPONSE) -> None:
        if not self._call.phase & allowed:
            raise wrong_phase(f"kong.service.response.{function}", self._call.phase, allowed)

    def _headers(self) -> Headers | None:
        if self._call.received is not None:
            return self._call.received
        response = self._ctx.response
        return response.headers if response is not None and response.source == "service" else None

    def get_status(self) -> int | None:
        """The status of the answer."""
        self._check("get_status")
        if self._call.received_status:
            return self._call.received_status
        response = self._ctx.response
        return response.status if response is not None and response.source == "service" else None

    def get_header(self, name: str) -> str | None:
        """The first value of a header, or None."""
        self._check("get_header")
        headers = self._headers()
        value = None if headers is None else headers.get(name.lower().encode("latin-1", "replace"))
        return None if value is None else value.decode("latin-1")

    def get_headers(self, max_headers: int = 100) -> dict[str, str | list[str]] | None:
        """The headers by lower-case name."""
        self._check("get_headers")
        headers = self._headers()
        return None if headers is None else table_of(headers.items(), checked_limit(max_headers))

    async def get_raw_body(self) -> bytes:
        """The whole body; only where the answer is buffered (``enable_buffering``)."""
        self._check("get_raw_body")
        response = self._ctx.response
        if response is not None and response.body is not None:
            return response.body
        self._check("get_raw_body", RESPONSE)
        return await self._ctx.io.response_body()

    async def get_body(self, mimetype: str | None = None) -> Any:
        """The body parsed by its ``Content-Type``, or by the type given; see ``kong.request.get_body``."""
        content_type = self.get_header("content-type") or ""
        return parse_body(await self.get_raw_body(), content_type, mimetype)
