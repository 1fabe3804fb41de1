"""What the Admin API answers: a status, headers and a body, before any of it becomes a response.

Bodies are JSON written by orjson.  Two things orjson would write otherwise than Kong are mended here: a whole
number is written without ``.0``, and an integer beyond 64 bits is written out (by the standard library).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

import orjson

JSON = "application/json; charset=utf-8"
HTML = "text/html; charset=UTF-8"
TEXT = "text/plain; charset=UTF-8"

# nginx's own wording where it differs from the registered reason phrases.
REASONS = {405: "Not Allowed", 413: "Request Entity Too Large", 414: "Request-URI Too Large"}

# A float that is a whole number, as orjson writes it.  Text within strings may match too: it only costs time.
WHOLE_FLOAT = re.compile(rb"\.0(?:[,\]}]|$)")


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of the Admin API. ``headers`` come on top of those that every answer carries.

    ``changed`` is False for a write that had nothing to write.
    """

    status: int
    body: bytes = b""
    content_type: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    changed: bool = True

    def with_headers(self, *headers: tuple[str, str]) -> Answer:
        """The same answer with further headers."""
        return replace(self, headers=(*self.headers, *headers))


def as_json(status: int, value: Any) -> Answer:
    """An answer with a JSON body."""
    return Answer(status, encode(value), JSON)


def message(status: int, text: str) -> Answer:
    """Kong's usual body for what is no entity: ``{"message": text}``."""
    return as_json(status, {"message": text})


def nothing() -> Answer:
    """204, no body."""
    return Answer(204)


def page(status: int) -> Answer:
    """The small HTML page that nginx puts in place of an error answer without a body.

    Kong: seen for 415, 400 of ``POST /status/ready`` and 405 of TRACE; clients may well compare it.
    """
    title = f"{status} {reason(status)}"
    lines = (
        "<html>",
        f"<head><title>{title}</title></head>",
        "<body>",
        f"<center><h1>{title}</h1></center>",
        "</body>",
        "</html>",
        "",
    )
    return Answer(status, "\r\n".join(lines).encode("ascii"), HTML)


def reason(status: int) -> str:
    """The reason phrase that nginx's page shows for a status."""
    return REASONS.get(status) or HTTPStatus(status).phrase


def encode(value: Any) -> bytes:
    """The JSON text of a value: compact, UTF-8, numbers as Kong writes them."""
    try:
        text = orjson.dumps(value)
    except TypeError:
        # an integer that orjson cannot hold, or text with lone surrogates
        return json.dumps(_plain(value), separators=(",", ":")).encode("utf-8")
    if WHOLE_FLOAT.search(text) is not None:
        text = orjson.dumps(_plain(value))
    return text


def _plain(value: Any) -> Any:
    """A copy in which every whole float below 2**63 is an integer."""
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**63 else value
    if isinstance(value, dict):
        return {key: _plain(member) for key, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(member) for member in value]
    return value


NOT_FOUND = message(404, "Not found")
METHOD_NOT_ALLOWED = message(405, "Method not allowed")
UNEXPECTED = message(500, "An unexpected error occurred")
