"""Query strings and urlencoded bodies: read and written as Kong reads and writes arguments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TypeVar
from urllib.parse import quote_from_bytes

Argument = str | bool
"""A value, or True for a name without ``=``."""
Arguments = dict[str, Argument | list[Argument]]
"""Arguments by name, a list for a name that occurs more than once."""

V = TypeVar("V")

_TRIPLET = re.compile(rb"%([0-9A-Fa-f]{2})")


def _unescape(raw: bytes) -> str:
    if b"+" in raw:
        raw = raw.replace(b"+", b" ")
    if b"%" in raw:
        raw = _TRIPLET.sub(lambda match: bytes((int(match[1], 16),)), raw)
    return raw.decode("utf-8", "surrogateescape")


def pairs(raw: bytes) -> Iterator[tuple[bytes, str, Argument]]:
    """Each argument as written, with its name and value; empty ones are left out."""
    for piece in raw.split(b"&"):
        if piece:
            name, mark, value = piece.partition(b"=")
            # Kong: a piece without a name is no argument.
            if name:
                yield piece, _unescape(name), _unescape(value) if mark else True


def parse_args(raw: bytes, limit: int = 100) -> Arguments:
    """The arguments, of which no more than ``limit`` are read."""
    return gathered((name, value) for _, name, value in islice(pairs(raw), limit))


def gathered(arguments: Iterable[tuple[str, V]]) -> dict[str, V | list[V]]:
    """The value, or the list of values, of each name, in the order in which they came."""
    found: dict[str, V | list[V]] = {}
    for name, value in arguments:
        known = found.get(name)
        if known is None:
            found[name] = value
        elif isinstance(known, list):
            known.append(value)
        else:
            found[name] = [known, value]
    return found


def _escape(text: str) -> bytes:
    return quote_from_bytes(text.encode("utf-8", "surrogateescape"), safe="~").encode("ascii")


def encode_args(arguments: Mapping[str, object]) -> bytes:
    """Arguments as a query, sorted by name; True gives a name alone, False and None give nothing.

    :raises TypeError: for a value that is no text, number, bool or list of these.
    """
    pieces: list[bytes] = []
    for name in sorted(arguments):
        value = arguments[name]
        for item in value if isinstance(value, list | tuple) else (value,):
            piece = _piece(name, item)
            if piece is not None:
                pieces.append(piece)
    return b"&".join(pieces)


def _piece(name: str, value: object) -> bytes | None:
    if value is None or value is False:
        return None
    if value is True:
        return _escape(name)
    if isinstance(value, str | int | float):
        return _escape(name) + b"=" + _escape(str(value))
    raise TypeError(f"argument {name!r} is no text, number or boolean")


def without(raw: bytes, name: str) -> bytes:
    """The query without one argument; the others stay as they are written."""
    return b"&".join(piece for piece, found, _ in pairs(raw) if found != name)
