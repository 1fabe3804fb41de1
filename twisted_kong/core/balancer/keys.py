"""What of a request consistent hashing goes by: ``hash_on``, and ``hash_fallback`` where that is missing.

Kong: a field that comes several times counts with all its values, a query argument too, sorted; where neither
is there, all requests go to the address of the empty key.  A cookie that is missing is made and sent to the
client.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from twisted_kong.core.changes import Entity
from twisted_kong.core.context import RequestContext
from twisted_kong.core.query import parse_args

Extract = Callable[[RequestContext], bytes | None]
"""The key of a request, None where it has none."""


class Cookie(NamedTuple):
    """What a client without one is given."""

    name: str
    path: str

    def of(self, ctx: RequestContext) -> bytes | None:
        """The value that the client sent."""
        name = self.name.encode()
        for field in ctx.head.headers.get_all(b"cookie"):
            for pair in field.split(b";"):
                key, mark, value = pair.strip(b" \t").partition(b"=")
                if mark and key == name:
                    return value
        return None

    def give(self, ctx: RequestContext, value: str) -> None:
        """Have it set by the answer."""
        text = f"{self.name}={value}; Path={self.path}; Same-Site=Lax; HttpOnly"
        ctx.change_response().add(b"Set-Cookie", text.encode("latin-1", "replace"))


class Keys:
    """Finds the key of requests to one Upstream.

    :param new_value: makes the value of a cookie; Kong: a UUID.
    """

    def __init__(self, row: Entity, new_value: Callable[[], str]) -> None:
        self._new_value = new_value
        self._cookie = Cookie(row.get("hash_on_cookie") or "", row.get("hash_on_cookie_path") or "/")
        self._choices = [
            (kind, self._extract(row, choice, kind))
            for choice in ("hash_on", "hash_fallback")
            if (kind := row.get(choice) or "none") != "none"
        ]

    def of(self, ctx: RequestContext) -> bytes:
        """The key; asked again for the same request, the same."""
        key = ctx.balancing_key
        if key is None:
            key = ctx.balancing_key = self._find(ctx)
        return key

    def _find(self, ctx: RequestContext) -> bytes:
        for kind, extract in self._choices:
            key = extract(ctx)
            if key is not None:
                return key
            if kind == "cookie":
                value = self._new_value()
                self._cookie.give(ctx, value)
                return value.encode()
        return b""

    def _extract(self, row: Entity, choice: str, kind: str) -> Extract:
        if kind == "header":
            return _header((row.get(f"{choice}_header") or "").lower().encode())
        if kind == "query_arg":
            return _query_arg(row.get(f"{choice}_query_arg") or "")
        if kind == "uri_capture":
            return _capture(row.get(f"{choice}_uri_capture") or "")
        return {"consumer": _consumer, "ip": _ip, "path": _path, "cookie": self._cookie.of}[kind]


def _consumer(ctx: RequestContext) -> bytes | None:
    entity = ctx.consumer or ctx.credential
    return None if entity is None else _bytes(entity["id"])


def _ip(ctx: RequestContext) -> bytes | None:
    return ctx.client_ip.encode()


def _path(ctx: RequestContext) -> bytes | None:
    return _bytes(ctx.path)


def _header(name: bytes) -> Extract:
    def extract(ctx: RequestContext) -> bytes | None:
        values = ctx.head.headers.get_all(name)
        return b"".join(values) if values else None

    return extract


def _query_arg(name: str) -> Extract:
    def extract(ctx: RequestContext) -> bytes | None:
        query = ctx.head.query if ctx.upstream is None else ctx.upstream.query
        found = parse_args(query or b"").get(name)
        if found is None:
            return None
        values = found if isinstance(found, list) else [found]
        return b",".join(sorted(_bytes(name if value is True else str(value)) for value in values))

    return extract


def _capture(name: str) -> Extract:
    number = int(name) - 1 if name.isascii() and name.isdigit() else -1

    def extract(ctx: RequestContext) -> bytes | None:
        captures = None if ctx.match is None else ctx.match.captures
        if captures is None:
            return None
        value = captures.named.get(name)
        if value is None and 0 <= number < len(captures.unnamed):
            value = captures.unnamed[number]
        return None if value is None else _bytes(value)

    return extract


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
