"""The kinds of field: what each accepts, and how it fills in what a record leaves out.

A field judges a value (:meth:`Field.violation`) and completes one (:meth:`Field.fill`).  Both leave the
value they are given alone; filling copies what it changes, so defaults are never shared between entities.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from math import isfinite
from typing import Any, ClassVar

from typing_extensions import override

from twisted_kong.core.lua_table import scalar
from twisted_kong.core.schema.context import Purpose, Scope, WriteContext
from twisted_kong.core.schema.validators import Definition, Functions, Validator, build_validators, is_uuid
from twisted_kong.core.schema.violations import Violation, Violations
from twisted_kong.core.vaults import is_reference

REQUIRED = "required field missing"
UNKNOWN = "unknown field"
NUL = "must not contain a NUL character"
MISSING_PRIMARY_KEY = "missing primary key"


_NUMERIC = ("integer", "number")
# What every store and every JSON parser can hold.  Kong: larger integers end in a database error.
_LARGEST = 2**63 - 1


def _is_number(value: Any, whole: bool) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, float) and not whole:
        return isfinite(value)
    return bool(value == value // 1) and abs(value) <= _LARGEST


def not_utf8(value: str) -> str | None:
    """What is wrong with a text that no encoding can store: JSON may smuggle in half a surrogate pair."""
    if value.isascii():
        return None
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        position = len(value[: error.start].encode("utf-8")) + 1
        return f"invalid utf-8 character sequence detected at position {position}"
    return None


def has_nul(value: Any) -> bool:
    """Whether there is a NUL in a text, or in any within a value of JSON: PostgreSQL can hold none."""
    pending = [value]
    while pending:
        value = pending.pop()
        if isinstance(value, str):
            if "\0" in value:
                return True
        elif isinstance(value, dict):
            pending += (*value, *value.values())
        elif isinstance(value, list):
            pending += value
    return False


class Field:
    """One field of a schema; this base serves scalars, the others add to it."""

    types: ClassVar[Mapping[str, tuple[type, ...]]] = {
        "string": (str,),
        "boolean": (bool,),
        "integer": (int, float),
        "number": (int, float),
        "json": (str, bool, int, float, dict, list),
    }

    def __init__(self, name: str, definition: Definition, functions: Functions) -> None:
        self.name = name
        self.definition = definition
        self.kind: str = definition["type"]
        self.required = bool(definition.get("required", False))
        self.auto = bool(definition.get("auto", False))
        self.default = definition.get("default")
        self.err: str | None = definition.get("err")
        self.must_be_null = "eq" in definition and definition["eq"] is None
        self.referenceable = bool(definition.get("referenceable", False))
        # Whether the value, or something in it, may refer to a secret.
        self.may_refer = self.referenceable
        self.abstract = bool(definition.get("abstract", False))
        self.validators: tuple[Validator, ...] = build_validators(with_defaults(definition), functions)

    def violation(self, value: Any, scope: Scope) -> Violation | None:
        """What is wrong with a value, ``None`` if nothing."""
        if value is None:
            return self._null_violation()
        if self.must_be_null:
            return self.err or "value must be null"
        if self.kind in ("string", "json") and has_nul(value):
            return NUL
        if self.referenceable and is_reference(value):
            return None
        found = self._shape_violation(value, scope)
        if found is not None:
            return found
        for validate in self.validators:
            found = validate(value)
            if found is not None:
                return self.err or found
        return None

    def _null_violation(self) -> Violation | None:
        definition = self.definition
        if "ne" in definition and definition["ne"] is None:
            return self.err or "value must not be null"
        if definition.get("eq") is not None:
            return f"value must be {scalar(definition['eq'])}"
        return REQUIRED if self.required else None

    def _shape_violation(self, value: Any, scope: Scope) -> Violation | None:
        """Kong's texts: ``expected a string``, ``expected an integer`` …."""
        if isinstance(value, str) and self.kind == "string":
            return not_utf8(value)
        accepted = isinstance(value, self.types[self.kind])
        if accepted and (self.kind not in _NUMERIC or _is_number(value, whole=self.kind == "integer")):
            return None
        return f"expected {'an' if self.kind[0] in 'aeiou' else 'a'} {self.kind}"

    def fill(self, value: Any, purpose: Purpose, context: WriteContext) -> Any:
        """A given value in the form in which it is stored."""
        if isinstance(value, float) and value.is_integer() and abs(value) <= _LARGEST:
            # Lua: 5.0 is 5
            return int(value)
        return value

    def missing(self, purpose: Purpose, context: WriteContext) -> Any:
        """The value of a field that a new record leaves out."""
        if isinstance(self.default, dict | list):
            return self.fill(deepcopy(self.default), purpose, context)
        return self.default

    def automatic_value(self, value: Any, given: bool, purpose: Purpose, context: WriteContext) -> Any:
        """What an ``auto`` field becomes on a write.

        :param given: whether the record names the field, if only to say null
        """
        if self.name == "updated_at":
            return self.timestamp(context.now)
        if purpose not in (Purpose.INSERT, Purpose.UPSERT) or value is not None:
            return value
        if self.definition.get("uuid"):
            return context.new_uuid()
        if self.kind == "string":
            return None if given else context.new_token()
        return self.timestamp(context.now) if self.definition.get("timestamp") else value

    def timestamp(self, now: float) -> int | float:
        """A moment as this field keeps it: whole seconds, or seconds with milliseconds."""
        return int(now) if self.kind == "integer" else round(now, 3)


def with_defaults(definition: Definition) -> Definition:
    """Kong refuses empty texts unless a definition allows them."""
    if definition["type"] == "string" and "len_min" not in definition and "len_eq" not in definition:
        return {**definition, "len_min": 1}
    return definition


class ListField(Field):
    """An array, or a set: an array whose duplicates are dropped on write."""

    def __init__(self, name: str, definition: Definition, functions: Functions, elements: Field) -> None:
        super().__init__(name, definition, functions)
        self.elements = elements
        self.may_refer = elements.may_refer
        # Kong: elements are never null
        elements.required = True

    @override
    def _shape_violation(self, value: Any, scope: Scope) -> Violation | None:
        if value == {}:
            value = []
        if not isinstance(value, list):
            return f"expected {'an array' if self.kind == 'array' else 'a set'}"
        found = [self.elements.violation(element, scope) for element in value]
        while found and found[-1] is None:
            found.pop()
        return found or None

    @override
    def fill(self, value: Any, purpose: Purpose, context: WriteContext) -> Any:
        if value == {}:
            # Kong: an empty JSON object and an empty array are one Lua table
            return []
        if not isinstance(value, list):
            return value
        inner = Purpose.INSERT if purpose is Purpose.UPDATE else purpose
        filled = [
            element if element is None else self.elements.fill(element, inner, context) for element in value
        ]
        return _without_duplicates(filled) if self.kind == "set" else filled


def _without_duplicates(values: list[Any]) -> list[Any]:
    # Kong: records are compared by identity, so only scalars can repeat.  Lua: 1 is 1.0, but not true.
    if any(isinstance(value, dict | list) for value in values):
        return values
    return list({(value, isinstance(value, bool)): value for value in values}.values())


class MapField(Field):
    """Any keys of one kind to values of one kind; a bad member's text stands for the whole map."""

    def __init__(
        self, name: str, definition: Definition, functions: Functions, keys: Field, values: Field
    ) -> None:
        super().__init__(name, definition, functions)
        self.keys = keys
        self.values = values
        self.may_refer = values.may_refer
        keys.required = values.required = True

    @override
    def _shape_violation(self, value: Any, scope: Scope) -> Violation | None:
        if value == []:
            return None
        if not isinstance(value, dict):
            return "expected a map"
        for key, member in value.items():
            found = self.keys.violation(key, scope) or self.values.violation(member, scope)
            if found is not None:
                return found
        return None

    @override
    def fill(self, value: Any, purpose: Purpose, context: WriteContext) -> Any:
        if value == []:
            return {}
        if not isinstance(value, dict):
            return value
        inner = Purpose.INSERT if purpose is Purpose.UPDATE else purpose
        return {
            key: member if member is None else self.values.fill(member, inner, context)
            for key, member in value.items()
        }


class ForeignField(Field):
    """The primary key of another entity, ``{"id": …}``; a foreign key is resolved before it is judged."""

    def __init__(self, name: str, definition: Definition, functions: Functions) -> None:
        super().__init__(name, definition, functions)
        self.reference: str = definition["reference"]
        # the fields of the entity it refers to, once all are known
        self.referenced: Mapping[str, Field] = {}

    @override
    def _shape_violation(self, value: Any, scope: Scope) -> Violation | None:
        found = self._identity_violation(value)
        if found is None:
            return None
        if isinstance(value, dict) and self.referenced:
            # Kong: what is wrong with the members counts more than that they are not the key
            return self._member_violations(value, scope) or {"id": found}
        return {"id": found}

    @staticmethod
    def _identity_violation(value: Any) -> str | None:
        if not isinstance(value, dict) or "id" not in value:
            return MISSING_PRIMARY_KEY
        identity = value["id"]
        if identity is None:
            return REQUIRED
        if not isinstance(identity, str):
            return "expected a string"
        return None if is_uuid(identity) else "expected a valid UUID"

    def _member_violations(self, value: Mapping[str, Any], scope: Scope) -> Violations:
        found = {
            name: UNKNOWN if name not in self.referenced else self.referenced[name].violation(member, scope)
            for name, member in value.items()
        }
        return {name: violation for name, violation in found.items() if violation is not None}

    @override
    def fill(self, value: Any, purpose: Purpose, context: WriteContext) -> Any:
        if isinstance(value, dict) and len(value) > 1 and is_uuid(value.get("id")):
            return {"id": value["id"]}
        return value
