"""Entities as a document of decK's format, as ``deck gateway dump`` writes it.

What goes with one entity alone is nested in it: Routes in their Service, credentials in their Consumer,
Targets in their Upstream, a Plugin in the one thing that it is bound to.
References are names where there are names; unset fields, times and – unless they are asked for – the ids of
what has a name are left out.  Everything is in the order of its names, so equal contents are equal texts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Iterable
from typing import Any

from twisted_kong.core.changes import Entity
from twisted_kong.core.declarative.kinds import STAMPS, Kinds
from twisted_kong.core.declarative.yaml_writing import item_lines
from twisted_kong.core.schema.fields import Field, ListField
from twisted_kong.core.schema.record import RecordField
from twisted_kong.core.schema.schema import Schema

# decK keeps these ids: others refer to them, and they have no names.
_KEEPS_ID = frozenset({"certificates", "ca_certificates"})
# What is nested in what; a Plugin goes with whichever of the three it is bound to, if it is one alone.
_NESTED = {"routes": ("service",), "snis": ("certificate",), "targets": ("upstream",)}
_PLUGIN_SCOPES = ("service", "route", "consumer")


class DeckDocument:
    """Puts a document together from entities.

    :param ids: whether to keep the ids of entities that have names.
    """

    def __init__(self, kinds: Kinds, *, ids: bool = False) -> None:
        self._kinds = kinds
        self._ids = ids
        self.kinds = kinds.managed
        self._names: dict[tuple[str, str], str] = {}
        self._tops: dict[str, list[dict[str, Any]]] = defaultdict(list)
        # by kind and key of the parent: the children by the name of their list
        self._below: dict[tuple[str, str], dict[str, list[dict[str, Any]]]] = defaultdict(
            lambda: defaultdict(list)
        )

    def add(self, kind: str, entity: Entity) -> None:
        """Take an entity in; those must come first that it refers to."""
        schema = self._kinds.schemas[kind]
        name = entity.get(schema.endpoint_key or "")
        if isinstance(name, str) and schema.endpoint_key in schema.unique:
            self._names[kind, entity["id"]] = name
        field = self._home_of(kind, schema, entity)
        record = self._record_of(kind, schema, entity, field)
        below = self._below[kind, entity["id"]]
        # an entity and the lists that are to come into it are kept apart until it is written
        node = {"record": record, "below": below}
        if field is None:
            self._tops[kind].append(node)
        else:
            self._below[schema.foreign[field].reference, entity[field]["id"]][kind].append(node)

    def lines(self) -> Generator[None, None, list[str]]:
        """The lines of the document."""
        lines = ['_format_version: "3.0"']
        for kind in sorted(self._tops):
            nodes = [self._joined(node) for node in self._tops[kind]]
            lines.append(f"{kind}:")
            for record in sorted(nodes, key=_order):
                lines += item_lines(record)
                yield
        return lines

    def _home_of(self, kind: str, schema: Schema, entity: Entity) -> str | None:
        """The field that leads to what an entity is nested in; None for one at the top."""
        if kind == "plugins":
            bound = [field for field in _PLUGIN_SCOPES if entity.get(field) is not None]
            return bound[0] if len(bound) == 1 else None
        if kind in _NESTED:
            candidates: Iterable[str] = _NESTED[kind]
        else:
            candidates = [
                field for field, foreign in schema.foreign.items() if foreign.reference == "consumers"
            ]
        return next((field for field in candidates if entity.get(field) is not None), None)

    def _record_of(self, kind: str, schema: Schema, entity: Entity, home: str | None) -> dict[str, Any]:
        keeps_id = self._ids or kind in _KEEPS_ID or not _is_named(schema, entity)
        fields = schema.fields_for(entity)
        record: dict[str, Any] = {}
        for name in sorted(name for name in schema.fields if name in entity):
            skipped = name in STAMPS or name in schema.transient or name == home
            if (
                skipped
                or (name == "id" and not keeps_id)
                or _goes_without_saying(fields[name], entity.get(name))
            ):
                continue
            value, foreign = entity.get(name), schema.foreign.get(name)
            if foreign is None or value is None:
                record[name] = _pruned(fields[name], value)
            else:
                record[name] = self._reference(foreign.reference, value["id"], kind)
        if schema.ttl and entity.get("ttl") is not None:
            record["ttl"] = entity["ttl"]
        return record

    def _reference(self, kind: str, key: str, of: str) -> Any:
        name = self._names.get((kind, key))
        if of == "plugins":
            return key if name is None else name
        return {"id": key} if name is None else {"name": name}

    def _joined(self, node: dict[str, Any]) -> dict[str, Any]:
        record = dict(node["record"])
        for name in sorted(node["below"]):
            record[name] = sorted(map(self._joined, node["below"][name]), key=_order)
        return {name: record[name] for name in sorted(record)}


def _is_named(schema: Schema, entity: Entity) -> bool:
    """Whether something other than its id tells which entity it is."""
    key = schema.endpoint_key
    return (key is not None and isinstance(entity.get(key), str)) or len(schema.cache_key) > 1


def _goes_without_saying(field: Field | None, value: Any) -> bool:
    """Whether a value need not be written: a null is what the field has anyway, unless it has a default."""
    if value is not None or field is None:
        return value is None
    return field.default is None and not (field.kind == "record" and field.required)


def _pruned(field: Field, value: Any) -> Any:
    """A value without the nulls within its records, in the order of its names."""
    if isinstance(field, RecordField) and isinstance(value, dict):
        inner = field.record.fields
        return {
            name: _pruned(inner[name], value[name]) if name in inner else value[name]
            for name in sorted(value)
            if not _goes_without_saying(inner.get(name), value[name])
        }
    if isinstance(field, ListField) and isinstance(value, list):
        return [_pruned(field.elements, element) for element in value]
    return {name: value[name] for name in sorted(value)} if isinstance(value, dict) else value


_SORTED_BY = (
    "name",
    "username",
    "custom_id",
    "prefix",
    "target",
    "group",
    "key",
    "kid",
    "client_id",
    "cert_digest",
    "id",
)


def _order(record: dict[str, Any]) -> tuple[str, ...]:
    """Where among its like a record stands: by what people tell it by, then by what it is bound to."""
    return tuple(str(record.get(name, "")) for name in (*_SORTED_BY, "service", "route", "consumer"))
