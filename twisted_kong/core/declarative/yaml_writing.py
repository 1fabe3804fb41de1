"""Writes plain values as YAML in block style: the same text for the same value, read alike by all.

Texts of several lines, such as certificates, are written as they stand (``|``); a text that some reader could
take for something else is put in double quotes.  Whoever writes much asks for the lines of one entity after
the other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from twisted_kong.core.declarative.scalars import can_be_plain, number

# Lines of printable characters none of which a reader would fold, trim or take for a comment or a marker.
_INK = r"!-~\u00a1-\ud7ff"
_BLOCK = re.compile(rf"(?:[{_INK}](?:[ {_INK}]*[{_INK}])?\n)+[{_INK}]?[ {_INK}]*\Z")
# What may stand in double quotes only as an escape: controls, what readers take for line breaks, and halves
# of surrogate pairs, of which there should be none.
_ESCAPED = re.compile("[\u007f-\u009f\u00a0\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


def yaml_lines(value: Any, indent: str = "") -> Iterator[str]:
    """The lines of a mapping or list that stands at some indentation, without their ends."""
    if isinstance(value, Mapping):
        for name, member in value.items():
            yield from _entry(f"{indent}{_inline(str(name))}:", member, indent, nested=f"{indent}  ")
    else:
        for element in value:
            yield from item_lines(element, indent)


def item_lines(value: Any, indent: str = "") -> Iterator[str]:
    """The lines of one element of a list that stands at some indentation."""
    if _is_filled(value):
        lines = yaml_lines(value, f"{indent}  ")
        yield f"{indent}- {next(lines)[len(indent) + 2 :]}"
        yield from lines
    else:
        yield from _entry(f"{indent}-", value, indent, nested=f"{indent}  ")


def _entry(head: str, value: Any, indent: str, *, nested: str) -> Iterator[str]:
    """The lines of a value behind a key or a dash."""
    if _is_filled(value):
        yield head
        # a list may stand as far left as the key that it belongs to, which Kong and decK do as well
        yield from yaml_lines(value, nested if isinstance(value, Mapping) else indent)
    elif isinstance(value, str) and _can_be_block(value):
        yield f"{head} {'|' if value.endswith(chr(10)) else '|-'}"
        for line in value.removesuffix("\n").split("\n"):
            yield f"{nested}{line}" if line else ""
    else:
        yield f"{head} {_inline(value)}"


def _is_filled(value: Any) -> bool:
    return isinstance(value, Mapping | Sequence) and not isinstance(value, str) and bool(value)


def _can_be_block(text: str) -> bool:
    return "\n" in text and _BLOCK.match(text) is not None and not text.rstrip("\n").endswith(" ")


def _inline(value: Any) -> str:
    """A value on one line."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number(value)
    if isinstance(value, str):
        return value if can_be_plain(value) else _quoted(value)
    return "{}" if isinstance(value, Mapping) else "[]"


def _quoted(text: str) -> str:
    """A text in double quotes; what JSON writes there means the same in YAML."""
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))
