"""One kind of entity among the components: as it is answered, sent in full, changed, and in pages.

The entities whose ``name`` says what their ``config`` holds, Plugins and Vaults, are one schema for each
name, told apart by the name: generators and forms take the one that fits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from twisted_kong.admin.openapi.examples import ANY_CHANGE, CHANGES, DOCUMENTS, example_of
from twisted_kong.admin.openapi.fields import Json, Side, must_be_given, nullable, record_schema
from twisted_kong.admin.openapi.names import component, pascal
from twisted_kong.admin.openapi.shapes import ref
from twisted_kong.admin.openapi.texts import checks_in_words, meaning_of
from twisted_kong.core.admin_tokens import TOKEN_FIELD
from twisted_kong.core.schema.schema import Schema
from twisted_kong.core.schema.validators import Definition
from twisted_kong.db.ttl import LONGEST

ADMIN_TOKENS = "admin_tokens"

# What the name of a component ends in, by the side from which the entity is looked at.
ENDINGS = {Side.ANSWER: "", Side.DOCUMENT: "Document", Side.CHANGE: "Change"}


def entity_reference(kind: str, side: Side) -> Json:
    """A reference to a kind of entity, seen from a side."""
    return ref(component(kind) + ENDINGS[side])


def page_reference(kind: str) -> Json:
    """A reference to a page of a kind."""
    return ref(f"{component(kind)}Page")


def entity_components(schema: Schema) -> Iterator[tuple[str, Json]]:
    """The components of a kind, one after the other: making them all takes its time."""
    name = component(schema.name)
    definition, refinements = schema.definitions
    named = is_named(schema)
    for side in Side:
        if named and side is not Side.CHANGE:
            yield from _named(schema, definition, refinements, side)
        else:
            yield name + ENDINGS[side], _plain(schema, definition, side, refinements if named else {})
    yield f"{name}Page", page_of(entity_reference(schema.name, Side.ANSWER))


def is_named(schema: Schema) -> bool:
    """Whether the name of an entity says what else it holds."""
    key = schema.subschema_key
    return key is not None and schema.definition["fields"][key]["type"] == "string"


def page_of(element: Json) -> Json:
    """A page of a collection."""
    return {
        "type": "object",
        "properties": {
            "data": {"type": "array", "items": element},
            "next": {"type": ["string", "null"], "description": "The path of the next page."},
            "offset": {"type": "string", "description": "Where the next page begins, if there is one."},
        },
        "required": ["data", "next"],
    }


def _plain(schema: Schema, definition: Definition, side: Side, refinements: Mapping[str, Definition]) -> Json:
    """A kind whose entities all have the same fields, and any kind in a change."""
    made = _completed(schema, record_schema(_without_parents(definition, side), side, schema.name), side)
    if refinements:
        made["properties"]["name"] = {
            **made["properties"]["name"],
            "type": "string",
            "examples": sorted(refinements)[:1],
        }
        made["properties"]["config"] = {
            "type": ["object", "null"],
            "description": "Merged into what is stored: only what is to change.",
        }
    if side is Side.ANSWER:
        return made
    made["examples"] = [_example(schema, side)]
    words = checks_in_words(definition)
    return {**made, "description": " ".join(words)} if words else made


def _example(schema: Schema, side: Side) -> Json:
    """A body as one might send it."""
    if side is Side.CHANGE:
        return CHANGES.get(schema.name, ANY_CHANGE if "tags" in schema.fields else {})
    return DOCUMENTS.get(schema.name) or example_of(_plainly(schema), {})


def _plainly(schema: Schema) -> Json:
    return record_schema(_without_parents(schema.definition, Side.DOCUMENT), Side.DOCUMENT, schema.name)


def _named(
    schema: Schema, definition: Definition, refinements: Mapping[str, Definition], side: Side
) -> Iterator[tuple[str, Json]]:
    """One component for each name, and one that says which of them counts."""
    name, choices = component(schema.name), {}
    for value, refinement in refinements.items():
        fields = {**definition["fields"], **refinement.get("fields", {})}
        fields["name"] = {**fields["name"], "eq": value}
        config = f"{name}Config{pascal(value)}{ENDINGS[side]}"
        yield config, _config(schema.name, value, refinement, fields.pop("config"), side)
        made = _completed(schema, record_schema({"fields": fields}, side, schema.name), side)
        made["properties"]["config"] = _config_reference(config, definition["fields"], refinement)
        if side is Side.ANSWER or not _may_be_left_out(refinement):
            made["required"].append("config")
        each = f"{name}{pascal(value)}{ENDINGS[side]}"
        choices[value] = f"#/components/schemas/{each}"
        yield each, made
    choice = _choice(choices)
    known = DOCUMENTS.get(schema.name, {}).get("name") in choices and side is Side.DOCUMENT
    yield name + ENDINGS[side], {**choice, "examples": [DOCUMENTS[schema.name]]} if known else choice


def _choice(choices: Mapping[str, str]) -> Json:
    if not choices:
        return {"type": "object"}
    return {
        "type": "object",
        "oneOf": [{"$ref": each} for each in choices.values()],
        "discriminator": {"propertyName": "name", "mapping": dict(choices)},
    }


def _config(kind: str, value: str, refinement: Definition, config: Definition, side: Side) -> Json:
    made = record_schema(config, side, f"{kind}.{value}.config")
    made["title"] = f"The configuration of {value}"
    words = [*checks_in_words(config), *checks_in_words(refinement)]
    return {**made, "description": " ".join(words)} if words and side is not Side.ANSWER else made


def _config_reference(name: str, fields: Mapping[str, Any], refinement: Definition) -> Json:
    shape = ref(name)
    config = refinement.get("fields", {}).get("config", fields["config"])
    return shape if config.get("required", True) else nullable(shape)


def _may_be_left_out(refinement: Definition) -> bool:
    config = refinement.get("fields", {}).get("config")
    return config is None or not must_be_given(config)


def _without_parents(definition: Definition, side: Side) -> Definition:
    """References are demanded by the paths that do not tell them, see :func:`demanded_parents`."""
    if side is not Side.DOCUMENT:
        return definition
    fields = {
        name: {**field, "required": False} if field["type"] == "foreign" else field
        for name, field in definition["fields"].items()
    }
    return {**definition, "fields": fields}


def demanded_parents(schema: Schema) -> list[str]:
    """The references without which an entity cannot be, where the path names no parent."""
    return [name for name, foreign in schema.foreign.items() if foreign.required]


def _completed(schema: Schema, made: Json, side: Side) -> Json:
    """With what does not stand among the fields: the time to live, and the token that is told once."""
    made["title"] = component(schema.name) + ENDINGS[side]
    if schema.name == ADMIN_TOKENS and side is Side.ANSWER:
        made["properties"][TOKEN_FIELD] = {"type": "string", "description": meaning_of("admin_tokens.token")}
    if schema.ttl:
        ttl: Json = {"type": "integer", "minimum": 0, "maximum": LONGEST, "description": meaning_of("ttl")}
        made["properties"]["ttl"] = nullable(ttl)
    return made
