"""Write-only fields that stand for others: ``url`` of a Service, a plugin's deprecated ``redis_host``.

A shorthand is judged as a field of its own and then written through to the fields it stands for; a
deprecated one gives way where they have values of their own.  One that names its replacement also shows in
answers, as Kong does for clients that still read the old name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from twisted_kong.core.lua_table import scalar
from twisted_kong.core.schema.context import Scope
from twisted_kong.core.schema.entity_checks import Path, path_of
from twisted_kong.core.schema.fields import Field
from twisted_kong.core.schema.validators import Functions, function
from twisted_kong.core.schema.violations import Violation, get_path, has_path, set_path

_ARROW = "-> "

# Maps a shorthand's value to the values of the fields it stands for, by dotted path.
Writes = Callable[[Any], Mapping[str, Any]]


class Shorthand:
    """One shorthand field of a record."""

    def __init__(self, name: str, field: Field, functions: Functions) -> None:
        self.name = name
        self.field = field
        definition = field.definition
        self._writes = _writes(definition["writes"], functions)
        self._gives_way = "deprecated" in definition
        replaced_with = definition.get("deprecated", {}).get("replaced_with", ())
        self._replacements: tuple[Path, ...] = tuple(path_of(path) for path in replaced_with)

    def expand(self, data: dict[str, Any], scope: Scope) -> Violation | None:
        """Take the shorthand out of a record and write what it stands for; answers what is wrong with it."""
        if self.name not in data:
            return None
        value = data.pop(self.name)
        found = self.field.violation(value, scope) or self._mismatch(data, value)
        if found is not None:
            return found
        for name, written in self._writes(value).items():
            path = path_of(name)
            if not (self._gives_way and get_path(data, path) is not None):
                _write_copy(data, path, written)
        return None

    def _mismatch(self, data: Mapping[str, Any], value: Any) -> Violation | None:
        for path in self._replacements:
            new = get_path(data, path)
            if None not in (new, value) and new != value:
                return (
                    "both deprecated and new field are used but their values mismatch: "
                    f"{self.name} = {scalar(value)} vs {'.'.join(path)} = {scalar(new)}"
                )
        return None

    def read_back(self, record: Mapping[str, Any]) -> tuple[str, Any] | None:
        """The old name with the value of its replacement, for an answer."""
        if not self._replacements or not has_path(record, self._replacements[0]):
            return None
        return self.name, get_path(record, self._replacements[0])


def _write_copy(data: dict[str, Any], path: Path, value: Any) -> None:
    """Write at a path without touching nested records, which belong to the caller."""
    for depth in range(1, len(path)):
        below = get_path(data, path[:depth])
        if isinstance(below, dict):
            set_path(data, path[:depth], dict(below))
    set_path(data, path, value)


def _writes(call: Mapping[str, Any], functions: Functions) -> Writes:
    name = call["fn"]
    if name in functions or not name.startswith(_ARROW):
        return function(call, functions)
    target = name.removeprefix(_ARROW)
    return lambda value: {target: value}
