"""Checks of names, tags and tokens, with Kong's texts."""

from __future__ import annotations

import re

_TAG = re.compile(r"[ !-+\-.0-~\x80-\U0010ffff]+\Z")
_NAME = re.compile(r"[A-Za-z0-9._~\x80-\U0010ffff-]*\Z")
_HEADER_NAME = re.compile(r"[A-Za-z0-9_-]+\Z")
_TOKEN = re.compile(r"[^\x00-\x20\x7f()<>@,;:\\\"/?={}\[\]\x80-\U0010ffff]+\Z")


def tag(value: str) -> str | None:
    """A tag: printable, without the separators of the tag filter."""
    if _TAG.match(value):
        return None
    return f"invalid tag '{value}': expected printable ascii (except `,` and `/`) or valid utf-8 sequences"


def utf8_name(value: str) -> str | None:
    """A name of a Service, Route or workspace."""
    if _NAME.match(value):
        return None
    return f"invalid value '{value}': the only accepted ascii characters are alphanumerics or ., -, _, and ~"


def header_name(value: str) -> str | None:
    """A name of a header, as Kong wants them."""
    if _HEADER_NAME.match(value):
        return None
    return f"bad header name '{value}', allowed characters are A-Z, a-z, 0-9, '_', and '-'"


def http_token(value: str) -> str | None:
    """A token of RFC 2616: the name of a cookie."""
    if _TOKEN.match(value):
        return None
    return (
        "contains one or more invalid characters. ASCII control characters (0-31;127), space, tab and the"
        ' characters ()<>@,;:\\"/?={}[] are not allowed.'
    )
