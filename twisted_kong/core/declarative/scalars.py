"""Plain scalars of YAML: what they mean when read, and which texts may be written as one.

The rules are those of YAML 1.1's core types, which Kong and decK read, without the dates and the base-60
numbers: a field holds a text, a number, a boolean or null, and ``12:30`` is a text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

_NULLS = ("", "~", "null", "Null", "NULL")
_TRUE = ("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON")
_FALSE = ("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF")
_WORDS: Mapping[str, Any] = {
    **dict.fromkeys(_NULLS),
    **dict.fromkeys(_TRUE, True),
    **dict.fromkeys(_FALSE, False),
}
# What a number, or a special one of them, can begin with.
_STARTS = frozenset("+-.0123456789")
_INTEGER = re.compile(r"[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0[0-7_]+|0|[1-9][0-9_]*)\Z")
_FLOAT = re.compile(
    r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*|[0-9][0-9_]*(?=[eE]))(?:[eE][-+]?[0-9]+)?\Z"
)
_SPECIAL = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")
# Texts that no reader takes for anything else, nor for syntax.
_SAFE = re.compile(r"[A-Za-z_/][A-Za-z0-9_./@+=-]*(?:[ :][A-Za-z0-9_./@+=-]+)*\Z")
# Further words that some readers give a meaning: in YAML 1.1 one letter is a boolean.
_SHY = frozenset({"y", "Y", "n", "N", "="})

# No integer of a document need be longer; reading much longer ones takes time that grows with their square.
_LONGEST_NUMBER = 400


class NotFinite(ValueError):
    """A scalar says infinity, or that it is no number: no field can hold that."""


def resolved(text: str) -> Any:
    """What a plain scalar means.

    :raises NotFinite: for ``.inf`` and ``.nan``.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _STARTS or len(text) > _LONGEST_NUMBER:
        return text
    if _INTEGER.match(text) is not None:
        return _integer(text)
    if _FLOAT.match(text) is not None:
        value = float(text.replace("_", ""))
        if math.isinf(value):
            raise NotFinite(text)
        return value
    if _SPECIAL.match(text) is not None:
        raise NotFinite(text)
    return text


def _integer(text: str) -> int | str:
    digits = text.replace("_", "")
    bare = digits.lstrip("+-")
    try:
        if len(bare) > 1 and bare[0] == "0" and bare[1] not in "xXbB":
            return int(digits, 8)
        return int(digits, 0)
    except ValueError:
        return text


def can_be_plain(text: str) -> bool:
    """Whether a text means itself when it is written as a plain scalar, to every reader."""
    return _SAFE.match(text) is not None and text not in _WORDS and text not in _SHY


def number(value: int | float) -> str:
    """A number as a plain scalar that reads as the same number."""
    if isinstance(value, float):
        text = repr(value)
        # ``1e+16`` is a text to readers that want a point in a number with an exponent
        return text if "e" not in text or "." in text else text.replace("e", ".0e")
    return str(value)
