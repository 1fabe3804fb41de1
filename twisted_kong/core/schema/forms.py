"""Reads form and query arguments as records: names become paths, texts become what the schema expects.

A name may be ``a``, ``a.b``, ``a[]``, ``a[1]``, ``a[key]`` or any nesting of them; positions count from one.
A name that fits no such form is taken as it stands.  Repeating a name makes a list.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from math import inf
from typing import Any

from twisted_kong.core.schema.fields import Field, ListField, MapField
from twisted_kong.core.schema.record import RecordField
from twisted_kong.core.schema.schema import Schema

_SEGMENT = re.compile(r"([^\[\].]+)((?:\[[^\[\]]*\])*)")
_BRACKETS = re.compile(r"\[([^\[\]]*)\]")
_NUMBER = re.compile(
    r"\s*[-+]?(?:0[xX][0-9a-fA-F]+|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)\s*\Z"
)
# A name that leads deeper than any schema does is no path: to walk it would take a stack as deep.
_DEEPEST = 50
# Nor is one that is longer than any path: to take it apart would hold up everybody else.
_LONGEST = 10_000
_BOOLEANS = {"true": True, "false": False}
_NUMERIC = frozenset({"number", "integer"})

# A step into a record by name, into a list by position, or to the end of a list.
_Step = str | int | None


def decode(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The nested record that arguments spell; a leaf is a text, or a list of them where its name repeats."""
    root: dict[Any, Any] = {}
    for name, value in pairs:
        _put(root, _steps(name), value)
    return {str(name): _plain(value) for name, value in root.items()}


def infer(schema: Schema, raw: Mapping[str, Any]) -> dict[str, Any]:
    """The record with its texts turned into numbers, booleans, lists and nulls as the schema wants them.

    What does not fit is left as it is, for the schema to refuse.
    """
    fields = {**schema.fields_for(raw), **{short.name: short.field for short in schema.shorthands}}
    record = _infer_members(raw, fields)
    if schema.ttl and "ttl" in raw:
        record["ttl"] = _number(raw["ttl"]) if raw["ttl"] != "" else None
    return record


def _steps(name: str) -> list[_Step]:
    if len(name) > _LONGEST:
        return [name]
    segments = name.split(".")
    matches = [_SEGMENT.fullmatch(segment) for segment in segments]
    steps: list[_Step] = []
    for match in matches:
        if match is None:
            return [name]
        steps.append(match[1])
        steps += [_bracket(inner) for inner in _BRACKETS.findall(match[2])]
    return steps if len(steps) <= _DEEPEST else [name]


def _bracket(inner: str) -> _Step:
    if inner == "":
        return None
    return int(inner) if inner.isascii() and inner.isdigit() and len(inner) < 6 else inner


def _put(node: dict[Any, Any], steps: list[_Step], value: str) -> None:
    for step, after in pairwise(steps):
        key = _key(node, step)
        below = node.get(key)
        if not isinstance(below, dict):
            # an earlier bare value of the same name is the first of the list
            below = node[key] = {} if below is None or after is not None else {1: below}
        node = below
    last = _key(node, steps[-1])
    if last not in node:
        node[last] = value
    elif isinstance(node[last], dict):
        node[last][_key(node[last], None)] = value
    else:
        node[last] = {1: node[last], 2: value}


def _key(node: dict[Any, Any], step: _Step) -> str | int:
    if step is not None:
        return step
    return max((key for key in node if isinstance(key, int)), default=0) + 1


def _plain(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    if node and all(isinstance(key, int) for key in node):
        return [_plain(node[key]) for key in sorted(node)]
    return {str(key): _plain(value) for key, value in node.items()}


def _infer_members(raw: Mapping[str, Any], fields: Mapping[str, Field]) -> dict[str, Any]:
    return {name: _infer(value, fields[name]) if name in fields else value for name, value in raw.items()}


def _infer(value: Any, field: Field) -> Any:
    if value == "":
        return None
    if field.kind in _NUMERIC:
        return _number(value)
    if field.kind == "boolean":
        return _BOOLEANS.get(value, value) if isinstance(value, str) else value
    if isinstance(field, ListField):
        return [
            _infer(element, field.elements) for element in (value if isinstance(value, list) else [value])
        ]
    if not isinstance(value, dict):
        return value
    if isinstance(field, MapField):
        return {key: _infer(member, field.values) for key, member in value.items()}
    if isinstance(field, RecordField):
        record = field.record
        return _infer_members(value, {**record.fields, **{s.name: s.field for s in record.shorthands}})
    return {key: None if member == "" else member for key, member in value.items()}


def _number(value: Any) -> Any:
    """A number where Lua would read one, else the text itself; infinity is none, since JSON cannot say it."""
    if not isinstance(value, str) or _NUMBER.match(value) is None:
        return value
    text = value.strip()
    try:
        return int(text, 0 if "x" in text.lower() else 10)
    except ValueError:
        number = float(text)
    if number in (inf, -inf):
        return value
    return int(number) if number.is_integer() else number
