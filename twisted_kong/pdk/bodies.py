"""Bodies as tables and back: urlencoded forms, JSON, and multipart forms (RFC 7578)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from twisted_kong.core.query import encode_args, parse_args

FORM, JSON, MULTIPART = "application/x-www-form-urlencoded", "application/json", "multipart/form-data"

_BOUNDARY = re.compile(r'boundary=(?:"([^"]{1,70})"|([^;\s"]{1,70}))', re.IGNORECASE)
_PART_NAME = re.compile(
    rb'(?i)^content-disposition:[^\r\n]*?[;\s]name=(?:"((?:[^"\\]|\\.)*)"|([^;\s"]+))', re.MULTILINE
)


class BodyError(ValueError):
    """A body that is of no type known here, or not what its type says."""


def media_type(content_type: str) -> str:
    """The type without its parameters, lower case."""
    return content_type.partition(";")[0].strip().lower()


def parse_body(body: bytes, content_type: str, mimetype: str | None = None, limit: int = 100) -> Any:
    """The table that a body holds: arguments, a JSON value, or the fields of a multipart form."""
    kind = mimetype or media_type(content_type)
    if kind == FORM:
        return parse_args(body, limit)
    if kind == JSON:
        return _parse_json(body)
    if kind == MULTIPART:
        return dict(list(multipart_fields(body, boundary_of(content_type)))[:limit])
    raise BodyError(f"unsupported content type '{kind}'")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _parse_json(body: bytes) -> Any:
    try:
        return json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise BodyError("invalid json body") from None


def encode_json(value: Any) -> bytes:
    """Compact JSON; ValueError for what JSON cannot hold."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode(
        "utf-8", "replace"
    )


def encode_body(table: Mapping[str, Any], mimetype: str, content_type: str) -> tuple[bytes, str]:
    """A table as a body, and the ``Content-Type`` to send with it."""
    if mimetype == FORM:
        return encode_args(table), FORM
    if mimetype == JSON:
        return encode_json(table), JSON
    if mimetype == MULTIPART:
        match = _BOUNDARY.search(content_type)
        boundary = (match[1] or match[2]) if match else "8fd84e9444e3946c"
        return _encode_multipart(table, boundary), f"{MULTIPART}; boundary={boundary}"
    raise BodyError(f"unsupported content type '{mimetype}'")


def boundary_of(content_type: str) -> bytes:
    """The boundary of a multipart body."""
    match = _BOUNDARY.search(content_type)
    if match is None:
        raise BodyError("multipart without boundary")
    return (match[1] or match[2]).encode("latin-1", "replace")


def _parts(body: bytes, boundary: bytes) -> Iterator[tuple[str | None, bytes, bytes]]:
    """Each part: the name of its field, the whole part, its content."""
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary)
    for piece in pieces[1:]:
        if piece.startswith(b"--"):
            return
        head, _, content = piece.partition(b"\r\n\r\n")
        match = _PART_NAME.search(head)
        raw = None if match is None else (match[1] if match[1] is not None else match[2])
        yield None if raw is None else raw.decode("utf-8", "surrogateescape"), piece, content


def multipart_fields(body: bytes, boundary: bytes) -> Iterator[tuple[str, str]]:
    """The fields of a multipart form by name, their contents as text."""
    for name, _, content in _parts(body, boundary):
        if name is not None:
            yield name, content.decode("utf-8", "surrogateescape")


def multipart_without(body: bytes, boundary: bytes, name: str) -> bytes:
    """A multipart body without the parts of one field; the others stay byte for byte."""
    delimiter = b"--" + boundary
    kept = [delimiter + piece + b"\r\n" for found, piece, _ in _parts(body, boundary) if found != name]
    return b"".join(kept) + delimiter + b"--\r\n"


def _encode_multipart(table: Mapping[str, Any], boundary: str) -> bytes:
    parts = []
    for name in sorted(table):
        quoted = name.replace("\\", "\\\\").replace('"', '\\"').replace("\r", "").replace("\n", "")
        parts.append(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{quoted}"\r\n\r\n{table[name]}\r\n'
        )
    return ("".join(parts) + f"--{boundary}--\r\n").encode("utf-8", "surrogateescape")
