"""Request paths: their normal form for matching, the path sent upstream, and its escaping.

Theory.
A request path is turned once into its normal form; the router and the upstream path work on that form.
In it every ``%XX`` is decoded unless it stands for a reserved character (RFC 3986 section 2.2) or ``%``,
dot segments are gone (section 5.2.4) and runs of slashes are one slash.
A normal path is a ``str``: its bytes read as UTF-8, bytes that are not UTF-8 kept by ``surrogateescape``,
so that paths of Routes, which are text, compare with it directly and no byte is ever lost.
``escape_path`` is the way back to bytes.
"""

from __future__ import annotations

import re

_ENCODING = "utf-8"
_KEEP = "surrogateescape"

# What makes a path not normal; the dot is looked for after a slash only, since elsewhere it means nothing.
_SUSPECT = re.compile(rb"%|//|/\.")
_TRIPLET = re.compile(rb"%([0-9A-Fa-f]{2})")
_RESERVED = frozenset(b"!*'();:@&=+$,/?%#[]")

_UNRESERVED = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
_SENT_AS_IS = _UNRESERVED + b"!#$&'()*+,/:;=?@[]%"
_TO_ESCAPE = re.compile(rb"[^" + re.escape(_SENT_AS_IS) + rb"]")


def normalise_path(path: bytes) -> str:
    """The normal form of a received path (without its query); cheap where it is normal already."""
    if _SUSPECT.search(path) is None:
        return path.decode(_ENCODING, _KEEP)
    if b"%" in path:
        path = _TRIPLET.sub(_decode_triplet, path)
    if path[:1] == b"/" and (b"//" in path or b"/." in path):
        path = _remove_dots(path)
    return path.decode(_ENCODING, _KEEP)


def normalise_route_path(path: str) -> str:
    """The normal form of a path given as text, as the Admin API asks it of a Route's plain paths."""
    return normalise_path(path.encode(_ENCODING, _KEEP))


def _decode_triplet(match: re.Match[bytes]) -> bytes:
    byte = int(match[1], 16)
    return match[0].upper() if byte in _RESERVED else bytes((byte,))


def _remove_dots(path: bytes) -> bytes:
    segments = path.split(b"/")
    kept: list[bytes] = []
    for segment in segments:
        if segment == b"..":
            if kept:
                kept.pop()
        elif segment and segment != b".":
            kept.append(segment)
    if not kept:
        return b"/"
    # A path that ended in a slash or in a dot segment names a folder, and still does.
    end = b"/" if segments[-1] in (b"", b".", b"..") else b""
    return b"/" + b"/".join(kept) + end


def escape_path(path: str) -> bytes:
    """The bytes to send for a normal path: what may not stand in a request line is percent-encoded again."""
    raw = path.encode(_ENCODING, _KEEP)
    if not raw.translate(None, _SENT_AS_IS):
        return raw
    return _TO_ESCAPE.sub(_encode_triplet, raw)


def _encode_triplet(match: re.Match[bytes]) -> bytes:
    return b"%%%02X" % match[0][0]


def upstream_path(
    service_path: str | None,
    matched_prefix: str | None,
    path: str,
    *,
    strip: bool,
    path_handling: str = "v0",
) -> str:
    """The path to ask of the upstream, not yet escaped.

    ``matched_prefix`` is what the Route's path matched of ``path`` (for a regex the text it matched),
    None where the Route has no paths.
    ``strip`` is the Route's ``strip_path``.
    Kong: ``path_handling`` "v1" is honoured by the flavour ``traditional`` only; the caller decides.
    """
    base = service_path or "/"
    stripping = strip and matched_prefix is not None
    rest = _without_leading_dots(path[len(matched_prefix) :] if stripping and matched_prefix else path[1:])
    if path_handling == "v1":
        return _joined_v1(base, rest)
    return _joined_stripped_v0(base, rest, path) if strip else _joined_v0(base, path)


def _without_leading_dots(rest: str) -> str:
    # Prefix "/a" of path "/a../b" leaves "../b", which must not climb out of the Service's path.
    if rest[:1] != ".":
        return rest
    if rest in (".", ".."):
        return ""
    if rest.startswith("./"):
        return rest[2:]
    return rest[3:] if rest.startswith("../") else rest


def _joined_stripped_v0(base: str, rest: str, path: str) -> str:
    folder = base.endswith("/")
    if rest:
        if rest[0] == "/":
            return (base[:-1] if folder else base) + rest
        return (base if folder else base + "/") + rest
    if base == "/":
        return base
    wants_folder = len(path) > 1 and path.endswith("/")
    if folder:
        return base if wants_folder or path == "/" else base[:-1]
    return base + "/" if wants_folder else base


def _joined_v0(base: str, path: str) -> str:
    if base.endswith("/"):
        return base + path[1:]
    return base if path == "/" else base + path


def _joined_v1(base: str, rest: str) -> str:
    if base.endswith("/") and rest.startswith("/"):
        return base + rest[1:]
    return base + rest
