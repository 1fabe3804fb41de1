"""What a request carries beside its path: the query string and the body, decoded to plain values.

POST, PUT and PATCH take their arguments from the body only, GET and DELETE from the query string only (as in
Kong).  JSON is taken as it is; forms, whether urlencoded or multipart, give pairs of texts that are read with
the entity's schema later (``core.schema.forms``).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import islice
from typing import Any, NoReturn
from urllib.parse import parse_qsl

MAX_ARGUMENTS = 1000
# Bytes of what stands before the content of a part: a name, and a little about it.
MAX_PART_HEAD = 16_384
# Values of one JSON body, and of a batch's.  Each costs microseconds to be judged, all of them in one go.
MAX_VALUES = 50_000
MAX_BATCH_VALUES = 150_000

JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"
MULTIPART_TYPE = "multipart/form-data"
TYPES = (JSON_TYPE, FORM_TYPE, MULTIPART_TYPE)
YAML_TYPES = ("application/yaml", "text/yaml")

Pairs = list[tuple[str, str]]

# A comma, or a text with those in it, up to the end where it has none.
_COMMA = re.compile(rb'"[^"]*(?:"|\Z)|,')
_BOUNDARY = re.compile(r';\s*boundary=(?:"([^"]+)"|([^\s;"]+))', re.IGNORECASE)
_NAME = re.compile(rb';\s*name=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))', re.IGNORECASE)
_DISPOSITION = re.compile(rb"^content-disposition:(.*)$", re.IGNORECASE | re.MULTILINE)


class BadBody(Exception):
    """The arguments cannot be read: answer ``status`` with ``message``."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class UnsupportedBody(Exception):
    """The Content-Type is none that the Admin API takes."""


@dataclass(frozen=True, slots=True)
class Body:
    """A decoded body: a JSON object, or the pairs of a form (``pairs`` is then not None).

    For an endpoint that decodes it itself: the bytes and their Content-Type, with an empty record.
    """

    record: dict[str, Any]
    pairs: Pairs | None = None
    raw: bytes = b""
    kind: str = ""


EMPTY = Body({})


def check_type(content_type: str, data: bytes, *, yaml: bool = False) -> None:
    """Refuse a body whose Content-Type is none that the Admin API takes, or that has none.

    :param yaml: whether the path takes YAML too.
    :raises UnsupportedBody: then.
    """
    kind = content_type.strip().lower()
    if not (kind.startswith(TYPES) or (yaml and kind.startswith(YAML_TYPES)) or (not kind and not data)):
        raise UnsupportedBody


def decode_body(content_type: str, data: bytes, most: int = MAX_VALUES) -> Body:
    """Decode a request body by its Content-Type; one that is not in :data:`TYPES` counts as empty.

    :param most: how many values JSON may hold, at any depth.
    :raises BadBody: for JSON that does not parse, is no object or holds more values, and for more than 1000
        form arguments.
    """
    kind = content_type.strip().lower()
    if kind.startswith(JSON_TYPE):
        if _has_more_values(data, most):
            raise BadBody(400, f"Cannot parse JSON body: more than {most} values")
        return Body(parse_json(data))
    if kind.startswith(FORM_TYPE):
        return Body({}, parse_form(data))
    if kind.startswith(MULTIPART_TYPE):
        return Body({}, parse_multipart(content_type, data))
    return EMPTY


def parse_json(data: bytes) -> dict[str, Any]:
    """Parse a JSON object strictly: ``NaN`` and ``Infinity`` are no JSON, integers keep all their digits.

    A whole number written as a float (``80.0``, ``1e3``) becomes an integer, as numbers have one type in
    Kong. Of several members with one name the last counts.
    """
    try:
        value = json.loads(data.decode("utf-8"), parse_constant=_refuse_constant, parse_float=_number)
        if b"\\u" in data:
            # half of a surrogate pair is no text: no store and no answer could hold it
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        raise BadBody(400, "Cannot parse JSON body") from None
    if not isinstance(value, dict):
        # Kong: runs into an error and answers 500.
        raise BadBody(400, "Cannot parse JSON body: expected an object")
    return value


def _has_more_values(data: bytes, most: int) -> bool:
    """Whether JSON holds more values, told by its commas before it is parsed."""
    if data.count(b",") < most:
        return False
    unescaped = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    commas = (found for found in _COMMA.finditer(unescaped) if found[0] == b",")
    return next(islice(commas, most - 1, None), None) is not None


def parse_pairs(data: bytes | str) -> Pairs:
    """Decode a query string to pairs, in order, blank values included.

    What is no UTF-8 in it is replaced: an argument that nobody asks for is no reason to refuse a request.
    """
    text = data.decode("utf-8", "replace") if isinstance(data, bytes) else data
    return _pairs(text, "replace")


def parse_form(data: bytes) -> Pairs:
    """Decode an urlencoded body to pairs, likewise.

    :raises BadBody: for what is no UTF-8 too: different keys in Latin-1 would all become the same.
    """
    try:
        return _pairs(data.decode("utf-8"), "strict")
    except UnicodeDecodeError:
        raise BadBody(400, "Cannot parse urlencoded body: it is not in UTF-8") from None


def _pairs(text: str, errors: str) -> Pairs:
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_ARGUMENTS, errors=errors)
    except UnicodeDecodeError:
        raise
    except ValueError:
        raise BadBody(400, "Too many arguments") from None


def parse_multipart(content_type: str, data: bytes) -> Pairs:
    """Decode a ``multipart/form-data`` body (RFC 7578) to pairs; of a file the content is the value."""
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise BadBody(400, "Cannot parse multipart body: no boundary")
    boundary = (found[1] or found[2]).encode("latin-1", "replace")
    pairs: Pairs = []
    for part in _parts(boundary, data):
        head, blank, content = part.partition(b"\r\n\r\n")
        if len(head) > MAX_PART_HEAD:
            raise BadBody(400, "Cannot parse multipart body: the head of a part is too large")
        name = _part_name(head)
        if not blank or name is None:
            raise BadBody(400, "Cannot parse multipart body: a part has no name")
        pairs.append((_utf8(name), _utf8(content)))
        if len(pairs) > MAX_ARGUMENTS:
            raise BadBody(400, "Too many arguments")
    return pairs


def _parts(boundary: bytes, data: bytes) -> list[bytes]:
    """The parts between the boundaries, each without its first line break; what surrounds them is dropped."""
    # One more than may be, and what ends them; who sends a million boundaries must not have them all parted.
    pieces = (b"\r\n" + data).split(b"\r\n--" + boundary, MAX_ARGUMENTS + 3)[1:]
    for index, piece in enumerate(pieces):
        if piece.startswith(b"--"):
            return [part.lstrip(b" \t").removeprefix(b"\r\n") for part in pieces[:index]]
    if len(pieces) > MAX_ARGUMENTS + 2:
        raise BadBody(400, "Too many arguments")
    raise BadBody(400, "Cannot parse multipart body: the last boundary is missing")


def _utf8(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise BadBody(400, "Cannot parse multipart body: it is not in UTF-8") from None


def _part_name(head: bytes) -> bytes | None:
    disposition = _DISPOSITION.search(head.replace(b"\r\n", b"\n"))
    found = _NAME.search(b";" + disposition[1]) if disposition is not None else None
    if found is None:
        return None
    return _unescaped(found[1]) if found[1] is not None else found[2]


def _unescaped(text: bytes) -> bytes:
    """A quoted text without the backslashes that escape."""
    return b"\\".join(piece.replace(b"\\", b"") for piece in text.split(b"\\\\"))


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")


def _number(text: str) -> int | float:
    """A number with a fraction or an exponent; too large a one is refused, since JSON cannot say infinity."""
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"{text} is out of range")
    return int(value) if value.is_integer() else value
