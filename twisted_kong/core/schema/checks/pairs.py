"""Checks of what transformers add, rename and replace: ``name:value``, with Kong's texts."""

from __future__ import annotations

import re

_PAIR = re.compile(r"([^:]+):*(.*)\Z", re.DOTALL)
_HEADER = re.compile(r"[A-Za-z0-9_-]+\Z")
# What Lua prints for a value that is not there.
_MISSING = "nil"


def header_pair_name(value: str) -> str | None:
    """The part before the colon is the name of a header."""
    return _bad_header(_split(value)[0])


def header_pair_both(value: str) -> str | None:
    """Both parts are names of headers."""
    name, other = _split(value)
    return _bad_header(name) or _bad_header(other)


def key_value_template(value: str) -> str | None:
    """There is something after the colon; what its ``$(…)`` hold is not judged."""
    name, other = _split(value)
    return None if other else f"key '{name or _MISSING}' has no value"


def _split(pair: str) -> tuple[str | None, str]:
    """The two parts; no name where the text begins with a colon."""
    found = _PAIR.match(pair)
    return (None, "") if found is None else (found[1], found[2])


def _bad_header(name: str | None) -> str | None:
    if name is not None and _HEADER.match(name):
        return None
    return f"'{_MISSING if name is None else name}' is not a valid header"
