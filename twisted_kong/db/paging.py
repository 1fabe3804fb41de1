"""Sizes, offsets and tag filters of pages, with Kong's rules and refusals."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

import orjson

from twisted_kong.core.errors import InvalidOffset, InvalidSize
from twisted_kong.db.interfaces import Cursor, TagFilter
from twisted_kong.db.violations import invalid_option

MAX_SIZE = 1000
MAX_TAGS = 5

# Kong: printable ASCII without the two separators, or anything beyond ASCII.
_TAG = re.compile("[ !-+\\-.0-~\u0080-\ud7ff\ue000-\U0010ffff]+")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")


def check_size(size: object) -> int:
    """The size of a page, given as a number or as the text of a query argument."""
    if isinstance(size, str) and _NUMBER.fullmatch(size.strip(" ")):
        size = float(size)
    if isinstance(size, bool) or not isinstance(size, int | float):
        raise InvalidSize("size must be a number")
    if not 1 <= size <= MAX_SIZE or size != int(size):
        raise InvalidSize(f"size must be an integer between 1 and {MAX_SIZE}")
    return int(size)


def encode_offset(cursor: Cursor | None) -> str | None:
    """The token of a cursor. Kong: unpadded base64 of a JSON array."""
    if cursor is None:
        return None
    return base64.b64encode(orjson.dumps(list(cursor))).rstrip(b"=").decode()


def decode_offset(token: str | None) -> list[Any] | None:
    """The cursor of a token that was handed out before."""
    if token is None:
        return None
    try:
        bare = token.rstrip("=").encode("ascii")
        text = base64.b64decode(bare + b"=" * (-len(bare) % 4), validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise InvalidOffset(f"'{token}' is not a valid offset: bad base64 encoding") from error
    try:
        cursor = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise bad_offset(token) from error
    if not isinstance(cursor, list):
        raise bad_offset(token)
    return cursor


def bad_offset(token: str | None) -> InvalidOffset:
    """The refusal of a token that does not hold a cursor of this list."""
    return InvalidOffset(f"'{token}' is not a valid offset: bad json encoding")


def parse_tags(text: str | None) -> TagFilter | None:
    """Read a tag filter: ``a,b`` wants both, ``a/b`` wants either; None filters nothing."""
    if text is None:
        return None
    if not text:
        raise invalid_option("tags", "cannot be null")
    separator = "/" if "/" in text else ","
    tags = tuple(text.split(separator))
    if not all(_TAG.fullmatch(tag) for tag in tags):
        raise invalid_option("tags", "invalid filter syntax")
    if len(tags) > MAX_TAGS:
        raise invalid_option("tags", f"cannot query more than {MAX_TAGS} tags")
    return TagFilter(tuple(dict.fromkeys(tags)), every=separator == ",")
