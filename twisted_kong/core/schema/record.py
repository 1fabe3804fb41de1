"""Records: named fields with shorthands and checks over several of them; builds fields from definitions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from typing_extensions import override

from twisted_kong.core.schema.context import Purpose, Scope, WriteContext
from twisted_kong.core.schema.entity_checks import EntityCheck, Path, build_entity_check
from twisted_kong.core.schema.fields import (
    REQUIRED,
    UNKNOWN,
    Field,
    ForeignField,
    ListField,
    MapField,
)
from twisted_kong.core.schema.shorthands import Shorthand
from twisted_kong.core.schema.validators import Definition, Functions, SchemaDefinitionError
from twisted_kong.core.schema.violations import ENTITY, Violation, Violations


class ShorthandViolation(Exception):
    """A shorthand cannot be expanded; Kong then looks no further, nor tells in which record it was.

    :param violations: what is wrong with which shorthand
    """

    def __init__(self, violations: Violations) -> None:
        super().__init__(violations)
        self.violations = violations


class Record:
    """The fields, shorthands and entity checks of a record or of a whole entity."""

    def __init__(self, definition: Definition, functions: Functions) -> None:
        self.fields: dict[str, Field] = {
            name: build_field(name, field, functions) for name, field in definition.get("fields", {}).items()
        }
        self.shorthands: tuple[Shorthand, ...] = tuple(
            Shorthand(name, build_field(name, field, functions), functions)
            for name, field in definition.get("shorthand_fields", {}).items()
        )
        self._functions = functions
        self.checks: tuple[EntityCheck, ...] = tuple(
            build_entity_check(check, self.overlay, functions)
            for check in definition.get("entity_checks", ())
        )

    def overlay(self, path: Path, match: Definition) -> Field:
        """The field at a path with a definition laid over its own."""
        fields: Mapping[str, Field] = self.fields
        for name in path[:-1]:
            inner = fields.get(name)
            if not isinstance(inner, RecordField):
                raise SchemaDefinitionError(f"no record at {'.'.join(path)!r}")
            fields = inner.record.fields
        if path[-1] not in fields:
            raise SchemaDefinitionError(f"no field at {'.'.join(path)!r}")
        return build_field(path[-1], {**fields[path[-1]].definition, **match}, self._functions)

    def expand(self, data: dict[str, Any], scope: Scope) -> None:
        """Replace the shorthands in a record of the caller's own.

        :raises ShorthandViolation: with all that is wrong with them
        """
        if not self.shorthands:
            return
        found = {shorthand.name: shorthand.expand(data, scope) for shorthand in self.shorthands}
        bad = {name: violation for name, violation in found.items() if violation is not None}
        if bad:
            raise ShorthandViolation(bad)

    def fill(
        self, given: Mapping[str, Any], purpose: Purpose, context: WriteContext, fields: Mapping[str, Field]
    ) -> dict[str, Any]:
        """A copy of a record with shorthands expanded and what it leaves out supplied.

        An update supplies nothing but ``updated_at``.  Unknown members stay, to be found bad later.

        :param fields: the fields to go by: the record's own, or those a subschema has put in their place
        """
        data = dict(given)
        self.expand(data, Scope(context.now, purpose is Purpose.UPDATE))
        for name, field in fields.items():
            has = name in data
            if field.auto and purpose is not Purpose.COMPLETE:
                data_value = field.automatic_value(data.get(name), has, purpose, context)
                if data_value is not None or has or purpose is not Purpose.UPDATE:
                    data[name] = data_value
            elif has:
                if data[name] is not None:
                    data[name] = field.fill(data[name], purpose, context)
            elif purpose is not Purpose.UPDATE:
                data[name] = field.missing(purpose, context)
        return data

    def violations(self, record: Mapping[str, Any], scope: Scope, fields: Mapping[str, Field]) -> Violations:
        """What is wrong with a filled record; empty if nothing."""
        found: Violations = {}
        for name, value in record.items():
            field = fields.get(name)
            violation = UNKNOWN if field is None else field.violation(value, scope)
            if violation is not None:
                # a member may bear the name under which entity checks gather their texts
                found[name] = violation if name != ENTITY else [violation]
        for name, field in fields.items():
            if field.required and name not in record:
                found[name] = REQUIRED
        self.run_checks(record, found, scope)
        return found

    def run_checks(self, record: Mapping[str, Any], found: Violations, scope: Scope) -> None:
        """Run the entity checks, adding to what was found of single fields."""
        for check in self.checks:
            check(record, found, scope)

    def read_back(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """What an answer shows beside the record itself: deprecated names of its fields, at any depth."""
        shown = dict(pair for s in self.shorthands if (pair := s.read_back(record)) is not None)
        for name, field in self.fields.items():
            value = record.get(name)
            if isinstance(field, RecordField) and isinstance(value, dict):
                inner = field.record.read_back(value)
                if inner:
                    shown[name] = {**value, **inner}
        return shown


def merge(top: Mapping[str, Any], bottom: Mapping[str, Any], fields: Mapping[str, Field]) -> dict[str, Any]:
    """An existing record with a change laid over it: records merge member by member, all else is replaced."""
    merged = {**bottom, **top}
    for name, value in top.items():
        field = fields.get(name)
        below = bottom.get(name)
        if isinstance(field, RecordField) and isinstance(value, dict) and isinstance(below, dict):
            merged[name] = merge(value, below, field.record.fields)
    return merged


class RecordField(Field):
    """A record inside a record; required, and so filled in with defaults, unless its definition says no."""

    def __init__(self, name: str, definition: Definition, functions: Functions) -> None:
        super().__init__(name, definition, functions)
        self.required = bool(definition.get("required", True))
        self.record = Record(definition, functions)
        self.may_refer = any(field.may_refer for field in self.record.fields.values())

    @override
    def _shape_violation(self, value: Any, scope: Scope) -> Violation | None:
        if self.abstract:
            return "error in schema definition: abstract field was not specialized"
        if value == []:
            value = {}
        if not isinstance(value, dict):
            return "expected a record"
        return self.record.violations(value, scope, self.record.fields) or None

    @override
    def fill(self, value: Any, purpose: Purpose, context: WriteContext) -> Any:
        if value == []:
            value = {}
        if not isinstance(value, dict) or self.abstract:
            return value
        return self.record.fill(value, purpose, context, self.record.fields)

    @override
    def missing(self, purpose: Purpose, context: WriteContext) -> Any:
        if self.default is not None:
            return self.fill(self.default, purpose, context)
        if not self.required or self.abstract:
            return None
        return self.fill({}, purpose, context)


def build_field(name: str, definition: Definition, functions: Functions) -> Field:
    """The field that a definition describes.

    :raises SchemaDefinitionError: for a kind or function that is not known
    """
    kind = definition["type"]
    if kind in ("array", "set"):
        return ListField(name, definition, functions, build_field(name, definition["elements"], functions))
    if kind == "map":
        keys = build_field(name, definition["keys"], functions)
        return MapField(name, definition, functions, keys, build_field(name, definition["values"], functions))
    if kind == "record":
        return RecordField(name, definition, functions)
    if kind == "foreign":
        return ForeignField(name, definition, functions)
    if kind not in Field.types:
        raise SchemaDefinitionError(f"unknown type {kind!r} of field {name!r}")
    return Field(name, definition, functions)
