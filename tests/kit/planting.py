"""Unmistakable secrets, planted wherever a schema knows of one: wherever they turn up, it shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted_kong.core.schema.secrecy import is_secret

SECRET = "hunter2-"
"""What every planted secret begins with."""

Definition = Mapping[str, Any]


class Planting:
    """Plants secrets, no two of which are alike."""

    def __init__(self) -> None:
        self.count = 0

    def planted(
        self, kind: str, fields: Mapping[str, Definition], record: Mapping[str, Any]
    ) -> dict[str, Any]:
        """A record with a secret in every field of its own, at any depth, that is one or may refer to one."""
        given = dict(record)
        for name, field in fields.items():
            value = self._value(kind, name, field, record.get(name))
            if value is not None:
                given[name] = value
        return given

    def secret(self) -> str:
        """Another secret."""
        self.count += 1
        return f"{SECRET}{self.count}"

    def _value(self, kind: str, name: str, field: Definition, value: Any) -> Any:
        if field["type"] == "string":
            hidden = field.get("referenceable") or is_secret(kind, name, field)
            return self.secret() if hidden else None
        if field["type"] == "record":
            inner = value if isinstance(value, dict) else {}
            return self.planted(kind, field.get("fields", {}), inner) or None
        if field["type"] in ("array", "set"):
            element = self._value(kind, name, field["elements"], None)
            return None if element is None else [element]
        if field["type"] == "map":
            member = self._value(kind, name, field["values"], None)
            return None if member is None else {"X-Planted": member}
        return None


def found_in(text: str) -> list[str]:
    """The lines of a text in which a planted secret is."""
    return [line for line in text.splitlines() if SECRET in line]
