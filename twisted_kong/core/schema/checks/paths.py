"""Checks of paths and URLs, and the ``url`` of a Service taken apart, with Kong's texts."""

from __future__ import annotations

import re
from typing import Any

from twisted_kong.core.patterns import InvalidPattern, compile_pattern
from twisted_kong.core.urls import normalise_route_path

_RFC3986_PATH = re.compile(r"/[A-Za-z0-9.\-_~/%:@!$&'()*+,;=]*\Z")
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_BAD_ESCAPE = re.compile(r"%.?.?", re.DOTALL)
_URL = re.compile(r"(?:([A-Za-z0-9][A-Za-z0-9+.-]*):)?(?://([^/]*))?([^?;]*)", re.DOTALL)
_PORT = re.compile(r":([^:\]]*)\Z")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_SCHEMES = {80: "http", 443: "https"}


def path(value: str) -> str | None:
    """A path as it goes to a Service."""
    if _RFC3986_PATH.match(value) is None:
        return f"invalid path: '{value}' (characters outside of the reserved list of RFC 3986 found)"
    return _bad_escape(value)


def router_path(value: str) -> str | None:
    """A path that a Route matches by: a normalised prefix, or ``~`` and an expression."""
    # Kong: looks at the escapes of a prefix only, and only where all of it might stand in a URI
    if _RFC3986_PATH.match(value) and (bad := _bad_escape(value)) is not None:
        return bad
    if value.startswith("~"):
        return _bad_regex(value[1:])
    normalised = normalise_route_path(value)
    if normalised != value:
        return f"non-normalized path, consider use '{normalised}' instead"
    return None


def asterisk_or_regex(value: str) -> str | None:
    """A star alone, or an expression."""
    if value == "*":
        return None
    try:
        compile_pattern(value)
    except InvalidPattern:
        return f"'{value}' is not a valid regex"
    return None


def url(value: str) -> str | None:
    """An absolute URL."""
    scheme, host, _, _ = parse_url(value)
    if not host:
        return "missing host in url"
    return None if scheme else "missing scheme in url"


def split_url(value: str | None) -> dict[str, Any]:
    """The four fields that a Service's ``url`` stands for; query and fragment are dropped."""
    if value is None:
        return {}
    scheme, host, port, rest = parse_url(value)
    number = int(port) if port is not None and port.isascii() and port.isdigit() else None
    protocol = scheme or _SCHEMES.get(number or 0, "http")
    return {
        "protocol": protocol,
        "host": host or None,
        "port": number if number is not None else port or _DEFAULT_PORTS.get(protocol, 80),
        "path": rest or None,
    }


def parse_url(value: str) -> tuple[str | None, str | None, str | None, str | None]:
    """Scheme, host, port and path of a URL as Kong's parser sees them; nothing is decoded or judged."""
    found = _URL.match(value.partition("#")[0])
    if found is None:
        return None, None, None, None
    scheme, authority, rest = found.groups()
    host, port = authority, None
    if host is not None:
        host = host.partition("?")[0].rpartition("@")[2]
        after = _PORT.search(host)
        if after is not None:
            port = after[1]
            host = host[: after.start()]
        host = host.removeprefix("[").removesuffix("]")
    return scheme, host, port, rest


def _bad_escape(value: str) -> str | None:
    bad = _BAD_ESCAPE.search(_ESCAPE.sub("___", value))
    return None if bad is None else f"invalid url-encoded value: '{bad[0]}'"


def _bad_regex(regex: str) -> str | None:
    try:
        compile_pattern(regex)
    except InvalidPattern as error:
        reason = f'pcre2_compile() failed: {error.reason} in "{regex}"'
        return f"invalid regex: '{regex}' (PCRE returned: {reason})"
    return None
