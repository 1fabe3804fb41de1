"""Lines of the access log: a format in nginx's notation, compiled once to one function.

``$name`` and ``${name}`` stand for what nginx calls by that name, as far as it means something here;
``$http_x`` is the request's header X, ``$sent_http_x`` the answer's.  A value is escaped as nginx does
(control characters, quote and backslash as ``\\xXX``), an empty one is ``-``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

from twisted_kong.core.context import RequestContext

# Kong: ``kong_log_format`` of its nginx template.
KONG_FORMAT = (
    '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
    '"$http_referer" "$http_user_agent" kong_request_id: "$kong_request_id"'
)
FORMATS = {
    "kong_log_format": KONG_FORMAT,
    "combined": KONG_FORMAT.removesuffix(' kong_request_id: "$kong_request_id"'),
}

_VARIABLE = re.compile(r"\$\{([a-z0-9_]+)\}|\$([a-z0-9_]+)")
_UNSAFE = re.compile(r'[\x00-\x1f"\\\x7f-\xff]')

Value = Callable[[RequestContext], str]


class BadFormat(ValueError):
    """A format names a variable that does not exist here."""


def escape(text: str) -> str:
    """A value as it may stand in a line."""
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return text
    return _UNSAFE.sub(lambda match: f"\\x{ord(match[0]):02X}", text)


class Times:
    """The time of day in the log's two notations; made once a second.

    :param now: the clock's seconds since 1970.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._second = -1
        self._local = ""
        self._iso = ""

    def _refresh(self) -> None:
        second = int(self._now())
        if second != self._second:
            self._second = second
            moment = datetime.fromtimestamp(second, UTC).astimezone()
            self._local = moment.strftime("%d/%b/%Y:%H:%M:%S %z")
            self._iso = moment.isoformat()

    def local(self, _: RequestContext) -> str:
        """As in ``24/Nov/2026:06:17:28 +0000``."""
        self._refresh()
        return self._local

    def iso(self, _: RequestContext) -> str:
        """As in ``2026-11-24T06:17:28+00:00``."""
        self._refresh()
        return self._iso


def _line(ctx: RequestContext) -> str:
    return escape(ctx.head.line.decode("latin-1"))


def _header(name: bytes) -> Value:
    def value(ctx: RequestContext) -> str:
        found = ctx.head.block.get_all(name)
        return escape(found[0].decode("latin-1")) if found else "-"

    return value


def _sent_header(name: bytes) -> Value:
    def value(ctx: RequestContext) -> str:
        found = None if ctx.response is None else ctx.response.headers.get(name)
        return escape(found.decode("latin-1")) if found else "-"

    return value


def _user(ctx: RequestContext) -> str:
    credential = ctx.credential
    return escape(str(credential.get("username") or "-")) if credential else "-"


def _values(now: Callable[[], float]) -> dict[str, Value]:
    times = Times(now)
    return {
        "body_bytes_sent": lambda ctx: str(ctx.bytes_sent),
        "bytes_sent": lambda ctx: str(ctx.response_size),
        "host": lambda ctx: escape(ctx.head.domain) or "-",
        "kong_request_id": lambda ctx: ctx.request_id,
        "msec": lambda ctx: f"{now():.3f}",
        "remote_addr": lambda ctx: ctx.client_ip,
        "remote_port": lambda ctx: str(ctx.client_port),
        "remote_user": _user,
        "request": _line,
        "request_id": lambda ctx: ctx.request_id,
        "request_method": lambda ctx: ctx.head.method.decode("latin-1") or "-",
        "request_time": lambda ctx: f"{max(0.0, now() - ctx.started):.3f}",
        "request_uri": lambda ctx: escape(ctx.head.target.decode("latin-1")) or "-",
        "scheme": lambda ctx: ctx.scheme,
        "server_port": lambda ctx: str(ctx.listener_port),
        "server_protocol": lambda ctx: f"HTTP/1.{ctx.head.minor}",
        "status": lambda ctx: f"{ctx.status:03d}",
        "time_iso8601": times.iso,
        "time_local": times.local,
        "upstream_addr": lambda ctx: ", ".join(f"{t.ip}:{t.port}" for t in ctx.tries) or "-",
        "upstream_response_time": lambda ctx: (
            f"{ctx.answered_at - ctx.balanced_at:.3f}" if ctx.answered_at else "-"
        ),
    }


def compile_format(layout: str, now: Callable[[], float]) -> Callable[[RequestContext], str]:
    """A function that makes a line of the log, without its end; :exc:`BadFormat` for unknown variables."""
    known = _values(now)
    if layout == KONG_FORMAT:
        return _kong_line(known)
    pieces: list[str] = []
    values: list[Value] = []
    position = 0
    for match in _VARIABLE.finditer(layout):
        pieces.append(layout[position : match.start()].replace("%", "%%"))
        position = match.end()
        values.append(_value(match[1] or match[2], known))
        pieces.append("%s")
    template = "".join(pieces) + layout[position:].replace("%", "%%")
    return lambda ctx: template % tuple(value(ctx) for value in values)


def _value(name: str, known: dict[str, Value]) -> Value:
    if name in known:
        return known[name]
    if name.startswith("http_"):
        return _header(name[5:].replace("_", "-").encode())
    if name.startswith("sent_http_"):
        return _sent_header(name[10:].replace("_", "-").encode())
    raise BadFormat(f"unknown variable ${name}")


def _kong_line(known: dict[str, Value]) -> Callable[[RequestContext], str]:
    """The usual format, written out: it runs for every request."""
    local, referer, agent = known["time_local"], _header(b"referer"), _header(b"user-agent")

    def line(ctx: RequestContext) -> str:
        head = ctx.head
        block = head.block
        tail = block.logged
        if tail is None:
            tail = block.logged = f'"{referer(ctx)}" "{agent(ctx)}" kong_request_id: '
        user = _user(ctx) if ctx.credential else "-"
        return (
            f'{ctx.client_ip} - {user} [{local(ctx)}] "{escape(head.line.decode("latin-1"))}" '
            f'{ctx.status:03d} {ctx.bytes_sent} {tail}"{ctx.request_id}"'
        )

    return line
