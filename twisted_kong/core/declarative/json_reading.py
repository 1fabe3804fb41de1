"""Reads JSON to plain values in pieces: the members of a great object or list, one at a time.

Python's own scanner reads a value in one go, and nothing else runs meanwhile.
So what is at the top, and the lists below it, are taken apart here, and only their elements, which are single
entities, are left to the scanner.
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator
from json import JSONDecodeError
from typing import Any, NoReturn

from twisted_kong.core.declarative.limits import DEFAULT, Budget, Limits
from twisted_kong.core.declarative.problems import DocumentError

# How deep lists and objects are taken apart here: an object of lists, whose elements are entities.
_OPENED = 2
# After how many characters whoever drives the reader may rest.
STEP = 20_000

_BLANK = re.compile(r"[ \t\n\r]*")
_SURROGATE = re.compile("[\ud800-\udfff]")


def read_json(text: str, limits: Limits = DEFAULT) -> Generator[None, None, Any]:
    """The value of a text.

    :raises DocumentError: with the line, counted from 1.
    """
    reader = _Reader(text, limits)
    try:
        value, end = yield from reader.value(reader.blank(0), 0)
    except JSONDecodeError as error:
        raise DocumentError(error.msg, error.lineno) from None
    except (ValueError, RecursionError) as error:
        raise DocumentError(str(error) or "the document is nested too deep") from None
    end = reader.blank(end)
    if end != len(text):
        raise DocumentError("expected the end of the document", reader.line(end))
    return value


class _Reader:
    def __init__(self, text: str, limits: Limits) -> None:
        self._text = text
        self._budget = Budget(limits)
        self._rested = 0
        self._decoder = json.JSONDecoder(parse_float=_number, parse_constant=_refuse)

    def blank(self, at: int) -> int:
        """Where the white space at some place ends."""
        found = _BLANK.match(self._text, at)
        return at if found is None else found.end()

    def line(self, at: int) -> int:
        """The line of a place, from 1."""
        return self._text.count("\n", 0, at) + 1

    def value(self, at: int, depth: int) -> Generator[None, None, tuple[Any, int]]:
        """The value at a place, and where it ends."""
        first = self._text[at : at + 1]
        if depth < _OPENED and first == "{":
            return (yield from self._object(at + 1, depth))
        if depth < _OPENED and first == "[":
            return (yield from self._list(at + 1, depth))
        value, end = self._decoder.raw_decode(self._text, at)
        self._budget.spend(_count(value, self._budget, depth + 1), None)
        if end - self._rested >= STEP:
            self._rested = end
            yield
        return value, end

    def _object(self, at: int, depth: int) -> Generator[None, None, tuple[dict[str, Any], int]]:
        members: dict[str, Any] = {}
        at = self.blank(at)
        if self._text.startswith("}", at):
            return members, at + 1
        while True:
            if not self._text.startswith('"', at):
                raise JSONDecodeError("expected a name in double quotes", self._text, at)
            start = at
            name, at = self._decoder.raw_decode(self._text, at)
            if name in members:
                raise DocumentError(f"the key '{name}' is there twice", self.line(start))
            at = self._after(at, ":")
            members[name], at = yield from self.value(at, depth + 1)
            at = self.blank(at)
            if self._text.startswith("}", at):
                return members, at + 1
            at = self._after(at, ",")

    def _list(self, at: int, depth: int) -> Generator[None, None, tuple[list[Any], int]]:
        elements: list[Any] = []
        at = self.blank(at)
        if self._text.startswith("]", at):
            return elements, at + 1
        while True:
            element, at = yield from self.value(at, depth + 1)
            elements.append(element)
            at = self.blank(at)
            if self._text.startswith("]", at):
                return elements, at + 1
            at = self._after(at, ",")

    def _after(self, at: int, mark: str) -> int:
        at = self.blank(at)
        if not self._text.startswith(mark, at):
            raise JSONDecodeError(f"expected '{mark}'", self._text, at)
        return self.blank(at + 1)


def _count(value: Any, budget: Budget, depth: int) -> int:
    """Of how many values one is made; texts with half a surrogate pair are refused on the way."""
    budget.descend(depth)
    if isinstance(value, str):
        if _SURROGATE.search(value) is not None:
            raise DocumentError("half of a surrogate pair is no text")
        return 1
    if isinstance(value, dict):
        return 1 + sum(
            _count(name, budget, depth) + _count(each, budget, depth + 1) for name, each in value.items()
        )
    if isinstance(value, list):
        return 1 + sum(_count(each, budget, depth + 1) for each in value)
    return 1


def _number(text: str) -> int | float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"{text} is no number that a field can hold")
    return int(value) if value.is_integer() and abs(value) < 2**63 else value


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")
