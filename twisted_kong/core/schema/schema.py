"""One kind of entity: judges, completes and describes its records."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from twisted_kong.core.changes import Entity
from twisted_kong.core.errors import InvalidPrimaryKey, InvalidUnique
from twisted_kong.core.lua_table import compact, pretty, scalar
from twisted_kong.core.schema.context import Purpose, Scope, WriteContext
from twisted_kong.core.schema.describe import describe
from twisted_kong.core.schema.fields import MISSING_PRIMARY_KEY, REQUIRED, Field, ForeignField
from twisted_kong.core.schema.record import Record, ShorthandViolation, merge
from twisted_kong.core.schema.transformations import Transformation
from twisted_kong.core.schema.validators import Definition, Functions, function
from twisted_kong.core.schema.violations import Violations, schema_violation

OnDelete = Literal["cascade", "restrict"]
IMMUTABLE = "immutable field cannot be updated"
_NOW = 1.0


@dataclass(frozen=True, slots=True)
class Foreign:
    """A reference of one kind of entity to another, and what its deletion does to the one that refers."""

    reference: str
    on_delete: OnDelete
    required: bool


@dataclass(frozen=True, slots=True)
class Subschema:
    """How the entities with one value of the ``subschema_key`` are refined.

    :param definition: the fields that take the place of the entity's, and further entity checks
    :param functions: the functions that it names, and those that the entity's own fields name
    """

    definition: Definition
    functions: Functions


class Schema:
    """A kind of entity.

    :param definition: the entity as data, in the vocabulary of ``core/schema/entities``
    :param functions: the functions that the definition names
    :param subschemas: what refines it, by the value of its ``subschema_key``
    """

    def __init__(
        self, definition: Definition, functions: Functions, subschemas: Mapping[str, Subschema] | None = None
    ) -> None:
        self.definition = definition
        self.name: str = definition["name"]
        self.primary_key: tuple[str, ...] = tuple(definition["primary_key"])
        self.endpoint_key: str | None = definition.get("endpoint_key")
        self.cache_key: tuple[str, ...] = tuple(definition.get("cache_key", ()))
        self.workspaceable = bool(definition.get("workspaceable", False))
        self.ttl = bool(definition.get("ttl", False))
        self.db_export = bool(definition.get("db_export", True))
        self.generate_admin_api = bool(definition.get("generate_admin_api", True))
        self.admin_api_name: str = definition.get("admin_api_name", self.name)
        self.admin_api_nested_name: str = definition.get("admin_api_nested_name", self.admin_api_name)
        self.read_only: str | None = definition.get("read_only")
        self._record = Record(definition, functions)
        self.fields: Mapping[str, Field] = self._record.fields
        self.shorthands = self._record.shorthands
        self.transient = frozenset(name for name, f in self.fields.items() if f.definition.get("transient"))
        self._hidden = frozenset(name for name, f in self.fields.items() if f.definition.get("hidden"))
        self.unique = tuple(name for name, field in self.fields.items() if field.definition.get("unique"))
        self.foreign: Mapping[str, Foreign] = {
            name: _foreign(field) for name, field in self.fields.items() if isinstance(field, ForeignField)
        }
        self.subschema_key: str | None = definition.get("subschema_key")
        self._subschema_error: str = definition.get("subschema_error", "unknown type: %s")
        self._subschemas = {
            value: Record(_refined(definition, subschema.definition), subschema.functions)
            for value, subschema in (subschemas or {}).items()
        }
        self._refinements = {value: subschema.definition for value, subschema in (subschemas or {}).items()}
        self._transformations = tuple(
            Transformation(each, functions) for each in definition.get("transformations", ())
        )
        # The fields that are given in another form than they are stored in.
        self.transformed = tuple(name for each in self._transformations for name in each.inputs)
        # Whether to process a record may take milliseconds: a hash is made that is meant to be slow.
        self.is_slow = any(each.get("slow") for each in definition.get("transformations", ()))
        self._before_write: Callable[[Entity], Violations | None] | None = (
            function(definition["before_write"], functions) if "before_write" in definition else None
        )

    def process_insert(self, record: Mapping[str, Any], context: WriteContext) -> Entity:
        """The entity that a new record makes: complete, checked, automatic fields made.

        :raises SchemaViolation: naming all that is wrong with it
        """
        return self._new(record, Purpose.INSERT, context)

    def process_upsert(
        self, record: Mapping[str, Any], context: WriteContext, current: Mapping[str, Any] | None = None
    ) -> Entity:
        """The entity that a full document makes: what it leaves out takes its default, nothing is merged.

        :param current: the entity it replaces, whose primary key is kept
        :raises SchemaViolation: naming all that is wrong with it
        """
        identity = {} if current is None else {key: current[key] for key in self.primary_key}
        return self._new({**record, **identity}, Purpose.UPSERT, context)

    def process_update(
        self, changes: Mapping[str, Any], current: Mapping[str, Any], context: WriteContext
    ) -> Entity:
        """An existing entity with changes laid over it: records merge, all else is replaced, null resets.

        :raises SchemaViolation: naming all that is wrong with the result
        """
        changes = self.prepared(changes)
        # Rows that expire show what is left of their life, which is no field; and a row that was written
        # under another router_flavor has fields of that one.
        current = {name: value for name, value in current.items() if name in self.fields}
        fields = self._fields_for({**current, **changes})
        changed = self._filled(changes, Purpose.UPDATE, context, fields)
        self._refuse_immutable(changed, current)
        merged = merge(changed, current, fields) | {key: current[key] for key in self.primary_key}
        entity = self._filled(merged, Purpose.COMPLETE, context, self._fields_for(merged))
        self._judge(entity, changes, current, Scope(context.now, updating=True))
        return self._transformed(entity, changes, context)

    def complete(self, entity: Entity, context: WriteContext) -> Entity:
        """An entity that an older version has stored, with the fields that came since at their defaults."""
        return self._filled(entity, Purpose.COMPLETE, context, self._fields_for(entity))

    @property
    def definitions(self) -> tuple[Definition, Mapping[str, Definition]]:
        """All that this schema was made from: its definition, and those of its subschemas by name."""
        return self.definition, self._refinements

    def validate(self, record: Mapping[str, Any], context: WriteContext) -> None:
        """Judge a new record without making anything of it, as ``/schemas/{entity}/validate`` does.

        :raises SchemaViolation: naming all that is wrong with it
        """
        entity = self._filled(record, Purpose.INSERT, context, self._fields_for(record))
        self._judge(entity, record, None, Scope(context.now))

    def validate_primary_key(self, value: Any) -> None:
        """Judge what shall identify an entity: the value of a single key, or a mapping of all its parts.

        :raises InvalidPrimaryKey: naming the parts that are wrong
        """
        key = value if isinstance(value, Mapping) else {self.primary_key[0]: value}
        found: Violations = {}
        for name in self.primary_key:
            field = self.fields[name]
            part = key.get(name)
            if part is None:
                found[name] = REQUIRED if name in key else MISSING_PRIMARY_KEY
            elif (violation := field.violation(part, Scope(_NOW))) is not None:
                found[name] = violation
        found.update((name, "not a primary key") for name in key if name not in self.primary_key)
        if found:
            raise InvalidPrimaryKey(f"invalid primary key: '{compact(found)}'", found)

    def validate_unique(self, field: str, value: Any) -> None:
        """Judge a value that an entity shall be looked up by.

        :raises InvalidUnique: with the field's own text
        """
        found = REQUIRED if value is None else self.fields[field].violation(value, Scope(_NOW))
        if found is not None:
            raise InvalidUnique(field, found if isinstance(found, str) else pretty(found))

    def present(self, entity: Entity) -> Entity:
        """An entity as answers show it: with deprecated names beside the new ones, without hidden fields.

        Often itself.
        """
        record = self._subschema(entity)
        shown = (record or self._record).read_back(entity)
        if self._hidden:
            entity = {name: value for name, value in entity.items() if name not in self._hidden}
        return {**entity, **shown} if shown else entity

    def describe(self) -> dict[str, Any]:
        """The answer of ``/schemas/{entity}``."""
        return describe(self.definition)

    def describe_subschema(self, value: str) -> dict[str, Any]:
        """The answer of ``/schemas/plugins/{name}`` and ``/schemas/vaults/{name}``; KeyError if unknown."""
        return describe(self._refinements[value])

    def link(self, schemas: Mapping[str, Schema]) -> None:
        """Tell the fields that refer to other entities what those are; called once, when all are known."""
        for record in (self._record, *self._subschemas.values()):
            for field in record.fields.values():
                if isinstance(field, ForeignField):
                    field.referenced = schemas[field.reference].fields

    def fields_for(self, record: Mapping[str, Any]) -> Mapping[str, Field]:
        """The fields that a record goes by: its subschema's where it selects one."""
        return self._fields_for(record)

    def _new(self, record: Mapping[str, Any], purpose: Purpose, context: WriteContext) -> Entity:
        given = self.prepared(record)
        entity = self._filled(given, purpose, context, self._fields_for(given))
        self._judge(entity, given, None, Scope(context.now))
        return self._transformed(entity, given, context)

    def prepared(self, record: Mapping[str, Any]) -> Entity:
        """A record as it is before anything is filled in: names in the form in which they are stored.

        :raises SchemaViolation: for one that cannot be brought into it
        """
        if self.read_only is not None:
            raise schema_violation({self.name: self.read_only})
        given = dict(record)
        bad = None if self._before_write is None else self._before_write(given)
        if bad:
            raise schema_violation(bad)
        return given

    def _filled(
        self, record: Mapping[str, Any], purpose: Purpose, context: WriteContext, fields: Mapping[str, Field]
    ) -> Entity:
        try:
            return self._record.fill(record, purpose, context, fields)
        except ShorthandViolation as bad:
            raise schema_violation(bad.violations) from None

    def _judge(
        self, entity: Entity, given: Mapping[str, Any], current: Mapping[str, Any] | None, scope: Scope
    ) -> None:
        subschema = self._selected(entity)
        fields = self.fields if subschema is None else subschema.fields
        found = self._record.violations(entity, scope, fields)
        if subschema is not None:
            subschema.run_checks(entity, found, scope)
        for transformation in self._transformations:
            transformation.check(given if current is not None else entity, current, found)
        if found:
            raise schema_violation(found)

    def _selected(self, entity: Mapping[str, Any]) -> Record | None:
        """The subschema an entity goes by; Kong looks no further where it cannot be told."""
        if self.subschema_key is None:
            return None
        selector = entity.get(self.subschema_key)
        if selector is None:
            raise schema_violation({self.subschema_key: REQUIRED})
        subschema = self._subschema(entity)
        if subschema is None:
            raise schema_violation({self.subschema_key: self._no_subschema(selector)})
        return subschema

    def _no_subschema(self, selector: Any) -> str:
        if isinstance(selector, list):
            first = scalar(selector[0]) if selector and not isinstance(selector[0], list | dict) else "nil"
            return self._subschema_error.replace("%s", first)
        if not isinstance(selector, str):
            # Kong: crashes, which its Admin API answers with 500
            return str(self.fields[cast(str, self.subschema_key)].violation(selector, Scope(_NOW)))
        return self._subschema_error.replace("%s", selector)

    def _subschema(self, record: Mapping[str, Any]) -> Record | None:
        if self.subschema_key is None:
            return None
        selector = record.get(self.subschema_key)
        candidates = selector if isinstance(selector, list) else [selector]
        for candidate in candidates:
            if isinstance(candidate, str) and candidate in self._subschemas:
                return self._subschemas[candidate]
        return None

    def _fields_for(self, record: Mapping[str, Any]) -> Mapping[str, Field]:
        subschema = self._subschema(record)
        return self.fields if subschema is None else subschema.fields

    def _refuse_immutable(self, changed: Mapping[str, Any], current: Mapping[str, Any]) -> None:
        found: Violations = {
            name: IMMUTABLE
            for name, field in self.fields.items()
            if field.definition.get("immutable") and name in changed and changed[name] != current.get(name)
        }
        if found:
            raise schema_violation(found)

    def _transformed(self, entity: Entity, given: Mapping[str, Any], context: WriteContext) -> Entity:
        for transformation in self._transformations:
            made = transformation.apply(entity, given, context)
            # what is given in its stored form stays as it is; what only follows from it is made
            entity = made if context.transforms else {**made, **_given(given, entity)}
        return entity


def _given(record: Mapping[str, Any], entity: Entity) -> Entity:
    """What an entity holds of the fields that a record gives."""
    return {name: entity[name] for name, value in record.items() if value is not None and name in entity}


def _refined(definition: Definition, refinement: Definition) -> Definition:
    """A subschema as a record of its own: the entity's fields with its own in their place, its own checks."""
    return {
        "fields": {**definition["fields"], **refinement.get("fields", {})},
        "entity_checks": refinement.get("entity_checks", ()),
    }


def _foreign(field: ForeignField) -> Foreign:
    on_delete: OnDelete = "cascade" if field.definition.get("on_delete") == "cascade" else "restrict"
    return Foreign(field.reference, on_delete, field.required)
