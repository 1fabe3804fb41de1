"""Regular expressions that strangers may write: run by re2, whose time is linear in the text.

Kong runs them with PCRE2, where a Route's path can stall a worker; re2 knows no look-around and no back
references, and neither does the Rust engine of Kong's own router.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Protocol

import re2

# What PCRE2 says where re2 says the text on the left: Kong's clients know these.
_PCRE_TEXTS = {
    "missing )": "missing closing parenthesis",
    "missing ]": "missing terminating ] for character class",
    "unexpected )": "unmatched closing parenthesis",
    "no argument for repetition operator": "quantifier does not follow a repeatable item",
    "trailing \\": "\\ at end of pattern",
    "invalid repetition size": "number too big in {} quantifier or numbers out of order",
    "invalid character class range": "range out of order in character class",
}

# What PCRE2 can do and re2 cannot, by the construct at which re2 stops: to be told, for who has it from
# Kong would look for a mistake.
_UNSUPPORTED = {
    "(?=": "look-around is",
    "(?!": "look-around is",
    "(?<=": "look-around is",
    "(?<!": "look-around is",
    "(?>": "atomic groups are",
    "(?(": "conditional groups are",
    "(?R": "recursion is",
    "++": "possessive quantifiers are",
    "*+": "possessive quantifiers are",
    "?+": "possessive quantifiers are",
    "\\k": "back references are",
    **{f"\\{digit}": "back references are" for digit in range(1, 10)},
}


class Pattern(Protocol):
    """What a compiled expression offers; ``search`` and ``match`` answer ``None`` or a match."""

    pattern: str
    groups: int
    groupindex: dict[str, int]

    @property
    def search(self) -> Callable[[str], Any]:
        """Find it anywhere in the text."""

    @property
    def match(self) -> Callable[[str], Any]:
        """Find it at the start of the text."""

    @property
    def fullmatch(self) -> Callable[[str], Any]:
        """Match the whole text."""


class InvalidPattern(ValueError):
    """An expression that cannot be run; ``reason`` tells why, in PCRE2's words where it would refuse too."""

    def __init__(self, pattern: str, reason: str) -> None:
        super().__init__(f"{pattern!r}: {reason}")
        self.pattern = pattern
        self.reason = reason


def _options() -> Any:
    options = re2.Options()
    options.log_errors = False
    return options


_OPTIONS = _options()


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str) -> Pattern:
    """A compiled expression, kept for the next caller.

    :raises InvalidPattern: when re2 cannot run it
    """
    try:
        compiled: Pattern = re2.compile(pattern, options=_OPTIONS)
    except re2.error as error:
        raise InvalidPattern(pattern, _reason(error)) from None
    return compiled


def _reason(error: Exception) -> str:
    text = error.args[0]
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    kind, _, detail = text.partition(": ")
    if detail in _UNSUPPORTED:
        return f"{_UNSUPPORTED[detail]} not supported: {detail}"
    return _PCRE_TEXTS.get(kind) or (f"{kind} {detail}" if detail else kind)
