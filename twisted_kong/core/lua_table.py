"""Prints values as the Lua tables that Kong's error messages show.

Kong hands error trees and keys to a Lua pretty printer and clients have come to see its text: members of
the gapless part of a list first and bare, then named ones in byte order, then what lies behind a gap as
``[n] = …``; two spaces of indentation a level.  The compact form is the same without blanks and newlines.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_KEYWORDS = frozenset(
    {
        *("and", "break", "do", "else", "elseif", "end", "false", "for", "function", "if", "in", "local"),
        *("nil", "not", "or", "repeat", "return", "then", "true", "until", "while"),
    }
)
_LONG_BRACKET = re.compile(r"\[(=*)\[|\](=*)\]")
_ESCAPES = str.maketrans({'"': '\\"', "\\": "\\\\", "\n": "\\\n", "\r": "\\r", "\0": "\\0"})


def pretty(value: Any) -> str:
    """The indented form: of a table over several lines, of a text quoted, of anything else bare."""
    return _render(value, "", "  ", " = ", "\n")


def compact(value: Any) -> str:
    """The one-line form without blanks: ``{id="x",n=1}``."""
    return _render(value, "", "", "=", "")


def scalar(value: Any) -> str:
    """A value as Lua's ``tostring`` gives it; ``None`` reads ``null``."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float(value)
    return str(value)


def quoted(text: str) -> str:
    """A string literal: double quotes, or long brackets where the text holds newlines or brackets."""
    levels = [len(a or b) for a, b in _LONG_BRACKET.findall(text + "]")]
    if ("\n" in text or levels) and "\r" not in text:
        level = "=" * (max(levels, default=-1) + 1)
        # a long bracket swallows a leading newline
        opening = "\n" if text.startswith("\n") else ""
        return f"[{level}[{opening}{text}]{level}]"
    return f'"{text.translate(_ESCAPES)}"'


def _float(value: float) -> str:
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return f"{value:.14g}"


def _render(value: Any, indent: str, step: str, equals: str, newline: str) -> str:
    if isinstance(value, str):
        return quoted(value)
    if not isinstance(value, Mapping | list | tuple):
        return scalar(value)
    inner = indent + step
    entries = [
        f"{inner}{prefix}{_render(item, inner, step, equals, newline)}"
        for prefix, item in _entries(value, equals)
    ]
    if not entries:
        return "{" + newline + indent + "}"
    return "{" + newline + ("," + newline).join(entries) + newline + indent + "}"


def _entries(
    value: Mapping[Any, Any] | list[Any] | tuple[Any, ...], equals: str
) -> Iterable[tuple[str, Any]]:
    if isinstance(value, Mapping):
        return ((_key(str(key)) + equals, value[key]) for key in sorted(value, key=str))
    return _list_entries(value, equals)


def _list_entries(value: list[Any] | tuple[Any, ...], equals: str) -> Iterable[tuple[str, Any]]:
    """A list as a Lua table: a ``None`` is a gap, and what follows one shows its place."""
    gap = False
    for place, item in enumerate(value, 1):
        if item is None:
            gap = True
        else:
            yield (f"[{place}]{equals}" if gap else ""), item


def _key(name: str) -> str:
    if _IDENTIFIER.match(name) and name not in _KEYWORDS:
        return name
    literal = quoted(name)
    return f"[ {literal} ]" if literal.startswith("[") else f"[{literal}]"
