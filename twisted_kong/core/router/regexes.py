"""Regexes of Routes, in linear time (google-re2), and what can be known of them without running them.

Patterns and subjects are bytes (UTF-8), so that a path which is not UTF-8 is still matched and none is
decoded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import re2

_OPTIONS = re2.Options()
_OPTIONS.log_errors = False

# What ends a literal prefix; a quantifier also takes back the character before it.
_SPECIAL = frozenset("\\.[](){}*+?|^$")
_QUANTIFIERS = frozenset("*+?{")


class BadRegex(ValueError):
    """A pattern that the engine cannot run: a syntax error, or a feature that needs backtracking."""


@dataclass(frozen=True, slots=True)
class Captures:
    """The groups of a regex path: by name, and all of them by number (the first has index 0)."""

    named: dict[str, str]
    unnamed: list[str | None]


def compile_regex(pattern: str) -> Any:
    """A compiled pattern with ``search(bytes)``; groups are named ``(?<name>…)`` or ``(?P<name>…)``.

    :raises BadRegex: saying why.
    """
    try:
        return re2.compile(pattern.encode("utf-8"), _OPTIONS)
    except (re2.error, UnicodeEncodeError) as error:
        reason = error.args[0] if error.args else "not text"
        text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise BadRegex(text) from None


def literal_prefix(pattern: str) -> str:
    """Text that every subject matched by ``^pattern`` starts with; perhaps shorter than it could be.

    >>> literal_prefix(r"/users/(?<id>\\d+)$")
    '/users/'
    """
    if _has_choice(pattern):
        return ""
    literal: list[str] = []
    at = 0
    while at < len(pattern):
        char, at = _literal_at(pattern, at)
        if char is None:
            break
        if at < len(pattern) and pattern[at] in _QUANTIFIERS:
            break
        literal.append(char)
    return "".join(literal)


def _literal_at(pattern: str, at: int) -> tuple[str | None, int]:
    char = pattern[at]
    if char not in _SPECIAL:
        return char, at + 1
    escaped = pattern[at + 1 : at + 2]
    # An escaped letter or digit is a class, an assertion or a code; escaped punctuation is itself.
    if char == "\\" and escaped and escaped.isascii() and not escaped.isalnum():
        return escaped, at + 2
    return None, at


def _has_choice(pattern: str) -> bool:
    """Whether there may be a ``|`` outside of all groups; anything this scan does not know counts as one."""
    if "|" not in pattern:
        return False
    if "[" in pattern or "\\Q" in pattern or "\\|" in pattern or "\\(" in pattern or "\\)" in pattern:
        return True
    depth = 0
    for char in pattern:
        depth += (char == "(") - (char == ")")
        if char == "|" and depth == 0:
            return True
    return False


def decode(value: bytes) -> str:
    """A piece of a subject as text, like a normal path."""
    return value.decode("utf-8", "surrogateescape")


def captures_of(match: Any) -> Captures:
    """The groups of a match; a group that took no part is None, or absent by name."""
    named = {decode(name): decode(value) for name, value in match.groupdict().items() if value is not None}
    return Captures(named, [None if value is None else decode(value) for value in match.groups()])
