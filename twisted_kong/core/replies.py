"""The error bodies that the gateway answers by itself, in the form that the client accepts.

Two families, as in Kong.  Errors of the gateway's logic (router, plugins, balancer) follow ``Accept`` and
fall back to JSON; errors of the HTTP layer (nginx's own in Kong) follow ``Accept``, then the request's
``Content-Type``, then ``error_default_type``.  The four layouts are Kong's; unlike Kong we escape the
message, so that one holding a client's bytes cannot break out of the document.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from twisted_kong.core.context import Answer, Source
from twisted_kong.core.headers import Field

# The phrases of nginx, as clients of Kong see them; it sends none for 426.
REASONS = {
    200: b"OK",
    201: b"Created",
    202: b"Accepted",
    204: b"No Content",
    206: b"Partial Content",
    301: b"Moved Permanently",
    302: b"Moved Temporarily",
    303: b"See Other",
    304: b"Not Modified",
    307: b"Temporary Redirect",
    308: b"Permanent Redirect",
    400: b"Bad Request",
    401: b"Unauthorized",
    402: b"Payment Required",
    403: b"Forbidden",
    404: b"Not Found",
    405: b"Not Allowed",
    406: b"Not Acceptable",
    408: b"Request Time-out",
    409: b"Conflict",
    410: b"Gone",
    411: b"Length Required",
    412: b"Precondition Failed",
    413: b"Request Entity Too Large",
    414: b"Request-URI Too Large",
    415: b"Unsupported Media Type",
    416: b"Requested Range Not Satisfiable",
    417: b"Expectation Failed",
    421: b"Misdirected Request",
    429: b"Too Many Requests",
    500: b"Internal Server Error",
    501: b"Not Implemented",
    502: b"Bad Gateway",
    503: b"Service Temporarily Unavailable",
    504: b"Gateway Time-out",
    505: b"HTTP Version Not Supported",
    507: b"Insufficient Storage",
}

MESSAGES = {
    400: "Bad request",
    404: "Not found",
    405: "Method not allowed",
    408: "Request timeout",
    411: "Length required",
    412: "Precondition failed",
    413: "Payload too large",
    414: "URI too long",
    417: "Expectation failed",
    494: "Request header or cookie too large",
    500: "An unexpected error occurred",
    502: "An invalid response was received from the upstream server",
    503: "The upstream server is currently unavailable",
    504: "The upstream server is timing out",
}

_JSON = '{\n  "message":"%s",\n  "request_id":"%s"\n}'
_PLAIN = "%s\nrequest_id: %s\n"
_HTML = (
    '<!doctype html>\n<html>\n  <head>\n    <meta charset="utf-8">\n    <title>Error</title>\n  </head>\n'
    "  <body>\n    <h1>Error</h1>\n    <p>%s.</p>\n    <p>request_id: %s</p>\n  </body>\n</html>\n"
)
_XML = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<error>\n  <message>%s</message>\n'
    "  <requestid>%s</requestid>\n</error>\n"
)

JSON, PLAIN, HTML, XML, GRPC = (
    "application/json",
    "text/plain",
    "text/html",
    "application/xml",
    "application/grpc",
)
_WILDCARDS = {"text/*": PLAIN, "application/*": JSON, "*/*": JSON}
_QUALITY = re.compile(r"[qQ]=([01](?:\.[0-9]{0,3})?)")

# Kong: HTTP status to grpc-status; other 4xx are InvalidArgument, other 5xx Internal.
_GRPC_STATUS = {
    200: 0,
    400: 3,
    401: 16,
    403: 7,
    404: 5,
    409: 6,
    429: 8,
    499: 1,
    500: 13,
    501: 12,
    503: 14,
    504: 4,
}
_GRPC_FAMILY = {5: 13, 4: 3, 2: 0}
# Statuses that exist inside nginx only, with what the client sees.
_SHOWN = {494: 400}
# Refusals of our own that no Service has anything to do with (nginx shows a page of its own for them).
_REFUSALS = {501: "Not implemented", 505: "HTTP version not supported"}
_PLACEHOLDER = re.compile("%[s%]")


def _escape_json(text: str) -> str:
    return "".join(
        "\\" + c if c in '"\\' else f"\\u{ord(c):04x}" if c < " " or 0xD800 <= ord(c) <= 0xDFFF else c
        for c in text
    )


def _escape_markup(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


_ESCAPES: dict[str, Callable[[str], str]] = {
    JSON: _escape_json,
    HTML: _escape_markup,
    XML: _escape_markup,
    PLAIN: lambda text: text,
}


def filled(layout: str, message: str, request_id: str) -> str:
    """A layout with its two ``%s`` replaced; ``%%`` stands for one percent sign, any other for itself."""
    values = iter((message, request_id))
    return _PLACEHOLDER.sub(lambda found: "%" if found[0] == "%%" else next(values, ""), layout)


def message_of(status: int) -> str:
    """The message of an error that says no more than its status."""
    return MESSAGES.get(status) or f"The upstream server responded with {status}"


def grpc_status(status: int) -> int:
    """What an HTTP status means as ``grpc-status``."""
    return _GRPC_STATUS.get(status, _GRPC_FAMILY.get(status // 100, 2))


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        match = _QUALITY.fullmatch(parameter.strip(" \t"))
        if match is not None:
            return float(match[1])
    return 1.0


def accepted(accept: bytes) -> str:
    """The layout that suits an ``Accept`` value best: highest q, the first on ties; JSON when unknown."""
    best, best_quality = JSON, -1.0
    for item in accept[:4096].decode("latin-1").split(","):
        media, *parameters = item.split(";")
        quality = _quality(parameters)
        if quality > best_quality:
            best, best_quality = media.strip(" \t").lower(), quality
    best = _WILDCARDS.get(best, best)
    return best if best in (PLAIN, HTML, XML, GRPC) else JSON


@dataclass(frozen=True, slots=True)
class Replies:
    """Makes the answers; one per node, from its configuration.

    :param default_type: ``error_default_type``, for errors of the HTTP layer only.
    :param templates: layouts that replace ours, by media type (``error_template_*``); two ``%s`` each: the
        message and the request id.
    """

    default_type: str = PLAIN
    templates: dict[str, str] = field(default_factory=dict)

    def error(
        self,
        status: int,
        message: str | None = None,
        *,
        request_id: str,
        accept: bytes | None = None,
        headers: list[Field] | None = None,
        source: Source = "exit",
    ) -> Answer:
        """An error of the gateway's logic: 404 of the router, 429 of a plugin, 503 of the balancer."""
        media = accepted(accept) if accept else JSON
        return self._answer(status, message or message_of(status), media, request_id, headers, source)

    def http_error(
        self,
        status: int,
        *,
        request_id: str,
        accept: bytes | None = None,
        content_type: bytes | None = None,
    ) -> Answer:
        """An error of the HTTP layer: a bad request, a failed or late Service."""
        media = accepted(accept or content_type or self.default_type.encode("latin-1"))
        message = _REFUSALS.get(status) or message_of(status)
        return self._answer(status, message, media, request_id, None, "error")

    def _answer(
        self,
        status: int,
        message: str,
        media: str,
        request_id: str,
        headers: list[Field] | None,
        source: Source,
    ) -> Answer:
        fields = list(headers) if headers else []
        shown = _SHOWN.get(status, status)
        if media == GRPC:
            text = message.encode("utf-8", "replace").translate(None, bytes(range(0x20)) + b"\x7f")
            fields += [
                (b"Content-Type", b"application/grpc"),
                (b"grpc-status", b"%d" % grpc_status(shown)),
                (b"grpc-message", text),
            ]
            return Answer(shown, fields, b"", source)
        layout = self.templates.get(media) or {JSON: _JSON, HTML: _HTML, XML: _XML, PLAIN: _PLAIN}[media]
        body = filled(layout, _ESCAPES[media](message), request_id)
        fields.insert(0, (b"Content-Type", b"%s; charset=utf-8" % media.encode("ascii")))
        return Answer(shown, fields, body.encode("utf-8", "replace"), source)


def redirect(status: int, location: bytes) -> Answer:
    """The answer that sends a client to https, with the page that nginx makes for it."""
    text = b"%d %s" % (status, REASONS.get(status, b""))
    page = (
        b"<html>\r\n<head><title>%s</title></head>\r\n<body>\r\n<center><h1>%s</h1></center>\r\n</body>\r\n</html>\r\n"
    ) % (text, text)
    media = b"text/html; charset=UTF-8" if status == 308 else b"text/html"
    return Answer(status, [(b"Content-Type", media), (b"Location", location)], page)
