"""One field of a schema as JSON Schema 2020-12.

A field looks different from each of three sides: an answer always holds every member, ``null`` where a field
is not set; a full document (POST, PUT) may leave out what has a default or is made by the node; a change
(PATCH) may leave out anything.  Unknown members are refused on the way in, but a client should bear them on
the way out, since a later version may add some.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from twisted_kong.admin.openapi.checks import EXAMPLES, check_shape, function_of
from twisted_kong.admin.openapi.texts import told_of
from twisted_kong.core.schema.fields import with_defaults
from twisted_kong.core.schema.validators import Definition

Json = dict[str, Any]

VAULT_REFERENCE = r"^\{vault://.*\}$"
# The fields that only the node sets.
MADE_BY_NODE = frozenset({"created_at", "updated_at"})


class Side(Enum):
    """From which side a record is looked at."""

    ANSWER = "answer"
    DOCUMENT = "document"
    CHANGE = "change"


def field_schema(definition: Definition, side: Side, path: str) -> Json:
    """The schema of the values of a field.

    :param path: its dotted name, by which its description is found: ``services.retries``.
    """
    if "eq" in definition and definition["eq"] is None:
        return {"type": "null", "description": "Cannot be set here."}
    shape = _KINDS.get(definition["type"], _scalar)(definition, side, path)
    shape |= _limits(definition)
    if definition.get("referenceable"):
        shape = _or_reference(shape)
    if not is_required(definition) and not (side is Side.ANSWER and _is_always_made(definition)):
        shape = nullable(shape)
    return shape | _annotations(definition, side, path)


def record_schema(definition: Definition, side: Side, path: str) -> Json:
    """The schema of a record, or of a whole entity, from its fields and shorthands; hidden ones are none."""
    fields: Mapping[str, Definition] = {
        name: field for name, field in definition.get("fields", {}).items() if not field.get("hidden")
    }
    shorthands: Mapping[str, Definition] = definition.get("shorthand_fields", {})
    properties = {name: field_schema(field, side, f"{path}.{name}") for name, field in fields.items()}
    if side is Side.ANSWER:
        shown = {name: each for name, each in shorthands.items() if _is_read_back(each)}
        required = [name for name, field in fields.items() if not field.get("transient")]
    else:
        shown = dict(shorthands)
        required = [name for name, field in fields.items() if must_be_given(field)]
    for name, field in shown.items():
        written = {} if _is_read_back(field) else {"writeOnly": True}
        properties[name] = field_schema({**field, "required": False}, side, f"{path}.{name}") | written
    schema: Json = {"type": "object", "properties": properties}
    if side is not Side.ANSWER:
        schema["additionalProperties"] = False
    return schema | _demands(required, shorthands, side)


def is_required(definition: Definition) -> bool:
    """Whether a field is never null; records are required unless they say no."""
    return bool(definition.get("required", definition["type"] == "record"))


def must_be_given(definition: Definition) -> bool:
    """Whether a full document is refused without a field."""
    if not is_required(definition) or definition.get("auto") or definition.get("default") is not None:
        return False
    if definition["type"] == "record" and not definition.get("abstract"):
        return any(must_be_given(field) for field in definition.get("fields", {}).values())
    return True


def _is_always_made(definition: Definition) -> bool:
    """Whether the node makes a value even where ``null`` is given, as it does but for keys and secrets."""
    return bool(definition.get("auto")) and bool(definition.get("uuid") or definition.get("timestamp"))


def nullable(schema: Json) -> Json:
    """A schema that takes ``null`` too."""
    kind = schema.get("type")
    if isinstance(kind, str) and not schema.keys() & _NOT_FOR_NULL:
        wider = {**schema, "type": [kind, "null"]}
        if "enum" in schema:
            wider["enum"] = [*schema["enum"], None]
        return wider
    return {"anyOf": [schema, {"type": "null"}]} if schema else {}


# Rules that say something of null too.
_NOT_FOR_NULL = {"not", "allOf", "anyOf", "oneOf", "const"}


def _demands(required: list[str], shorthands: Mapping[str, Definition], side: Side) -> Json:
    """Which members there must be; a shorthand may stand for those that it writes."""
    if side is Side.CHANGE or not required:
        return {}
    free = [name for name, field in shorthands.items() if "deprecated" not in field]
    if side is Side.ANSWER or not free:
        return {"required": required}
    return {"anyOf": [{"required": required}, *({"required": [name]} for name in free)]}


def _is_read_back(shorthand: Definition) -> bool:
    return bool(shorthand.get("deprecated", {}).get("replaced_with"))


def _scalar(definition: Definition, side: Side, path: str) -> Json:
    kind = definition["type"]
    if kind == "json":
        return {}
    if kind == "integer":
        return {"type": "integer", "format": "int64"}
    return {"type": kind}


def _list(definition: Definition, side: Side, path: str) -> Json:
    elements = field_schema({**definition["elements"], "required": True}, side, f"{path}[]")
    shape: Json = {"type": "array", "items": elements}
    if definition["type"] == "set" and side is Side.ANSWER and elements.get("type") in ("string", "integer"):
        shape["uniqueItems"] = True
    return shape


def _map(definition: Definition, side: Side, path: str) -> Json:
    keys = field_schema({**definition["keys"], "required": True}, Side.DOCUMENT, f"{path}.key")
    values = field_schema({**definition["values"], "required": True}, side, f"{path}.value")
    names = {key: rule for key, rule in keys.items() if key in ("pattern", "not", "allOf", "anyOf", "enum")}
    shape: Json = {"type": "object", "additionalProperties": values}
    return {**shape, "propertyNames": names} if names else shape


def _record(definition: Definition, side: Side, path: str) -> Json:
    if definition.get("abstract"):
        return {"type": "object"}
    return record_schema(definition, side, path)


def _foreign(definition: Definition, side: Side, path: str) -> Json:
    shape: Json = {"type": "object", "properties": {"id": {"type": "string", "format": "uuid"}}}
    if side is Side.ANSWER:
        return {**shape, "required": ["id"]}
    # a unique field, such as the name, may stand for the id
    return {**shape, "minProperties": 1}


_KINDS: Mapping[str, Callable[[Definition, Side, str], Json]] = {
    "array": _list,
    "set": _list,
    "map": _map,
    "record": _record,
    "foreign": _foreign,
}

_BOUNDS = {"string": ("minLength", "maxLength"), "map": ("minProperties", "maxProperties")}


def _limits(definition: Definition) -> Json:
    """What the validators of a definition say."""
    limits: Json = {}
    if "between" in definition:
        limits["minimum"], limits["maximum"] = definition["between"]
    if "gt" in definition:
        limits["exclusiveMinimum"] = definition["gt"]
    if definition.get("timestamp"):
        limits["exclusiveMinimum"] = 0
    if definition.get("uuid"):
        limits["format"] = "uuid"
    else:
        limits |= _lengths(with_defaults(definition))
    if "one_of" in definition:
        limits["enum"] = list(definition["one_of"])
    elif definition.get("eq") is not None:
        limits["const"] = definition["eq"]
    elif definition["type"] == "string" and not definition.get("uuid"):
        limits |= check_shape(definition)
    return limits | _unwanted(definition)


def _lengths(definition: Definition) -> Json:
    low, high = _BOUNDS.get(definition["type"], ("minItems", "maxItems"))
    if definition["type"] not in ("string", "array", "set", "map") or "one_of" in definition:
        return {}
    if "len_eq" in definition:
        return {low: definition["len_eq"], high: definition["len_eq"]}
    lengths = {low: definition.get("len_min"), high: definition.get("len_max")}
    return {name: length for name, length in lengths.items() if length}


def _unwanted(definition: Definition) -> Json:
    unwanted = list(definition.get("not_one_of", ()))
    if definition.get("ne") is not None:
        unwanted.append(definition["ne"])
    return {"not": {"enum": unwanted}} if unwanted else {}


def _or_reference(shape: Json) -> Json:
    reference = {"type": "string", "pattern": VAULT_REFERENCE}
    return {"anyOf": [shape, reference]}


def _annotations(definition: Definition, side: Side, path: str) -> Json:
    """What only people and forms look at."""
    notes: Json = {}
    text = told_of(definition, path)
    if text:
        notes["description"] = text
    if definition.get("default") is not None and side is Side.DOCUMENT:
        notes["default"] = _default(definition)
    if "deprecated" in definition:
        notes["deprecated"] = True
    if side is not Side.ANSWER:
        if path.rpartition(".")[2] in MADE_BY_NODE and definition.get("auto"):
            notes["readOnly"] = True
        example = _example(definition)
        if example is not None:
            notes["examples"] = [example]
    return notes


def _default(definition: Definition) -> Any:
    """The default; an empty table may have been written as an object where an array is meant."""
    default = definition["default"]
    return [] if default == {} and definition["type"] in ("array", "set") else default


def _example(definition: Definition) -> Any:
    return EXAMPLES.get(function_of(definition) or definition.get("writes", {}).get("fn", ""))
