"""The errors of a document as lines of text, for who reads them on a terminal; the layout is Kong's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def explained(found: Mapping[str, Any]) -> str:
    """A tree of errors as text."""
    return "\n".join(_lines(found, "", ""))


def _lines(found: Any, within: str, indent: str) -> Iterator[str]:
    for name, below in _members(found):
        head = f"{indent}- in entry {name} of '{within}'" if isinstance(name, int) else f"{indent}in '{name}'"
        if isinstance(below, Mapping | list):
            yield f"{head}:"
            yield from _lines(below, str(name), f"{indent}  ")
        else:
            yield f"{head}: {below}"


def _members(found: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(found, Mapping):
        yield from sorted(found.items())
    else:
        yield from ((place, below) for place, below in enumerate(found, 1) if below is not None)
