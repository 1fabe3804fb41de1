"""The descriptions of the endpoints that follow from the schemas; see :mod:`twisted_kong.admin.endpoints`."""

from __future__ import annotations

from collections.abc import Mapping

from twisted_kong.admin.endpoints import (
    collection_path,
    entity_path,
    has_endpoints,
    nested_path,
    parent_path,
    parents_of,
    single_path,
)
from twisted_kong.admin.openapi.entities import demanded_parents, entity_reference, page_reference
from twisted_kong.admin.openapi.examples import DOCUMENTS, UUID
from twisted_kong.admin.openapi.fields import Json, Side
from twisted_kong.admin.openapi.names import component, noun, pascal, plural, title, with_article
from twisted_kong.admin.openapi.operations import Descriptions, Operation, Reply
from twisted_kong.admin.openapi.shared import ENTITY_WRITTEN, PAGE, WRITTEN
from twisted_kong.core.schema.schema import Schema

GONE = Reply("It is gone, or was not there.", headers=WRITTEN)
NOT_THE_PARENT = "The parent of something is not deleted through it."


def described(schemas: Mapping[str, Schema]) -> Descriptions:
    """What the endpoints of all kinds do, those that refer to each other included."""
    found: Descriptions = {}
    for schema in schemas.values():
        if has_endpoints(schema):
            found.update(_own(schema))
            for field, parent in parents_of(schema, schemas):
                found.update(_children(parent, schema))
                found.update(_parent(parent, schema, field))
    return found


def key_words(schema: Schema) -> str:
    """By what an entity of a kind is addressed, in words."""
    return f"its id or `{schema.endpoint_key}`" if schema.endpoint_key else "its id"


def document_of(schema: Schema, *, parent_told: bool) -> Json:
    """The body of a POST or PUT; the references it must hold, unless the path tells them."""
    shape = entity_reference(schema.name, Side.DOCUMENT)
    demanded = [] if parent_told else demanded_parents(schema)
    if not demanded:
        return shape
    given = {name: _parent_example(schema.foreign[name].reference) for name in demanded}
    return {"allOf": [shape, {"type": "object", "required": demanded, "properties": given}]}


def _parent_example(kind: str) -> Json:
    """A reference to a parent, by a name where there is one."""
    example = DOCUMENTS.get(kind, {})
    names = [name for name in ("name", "username") if name in example]
    return {"type": "object", "examples": [{name: example[name]} for name in names[:1]] or [{"id": UUID}]}


def shown(schema: Schema, about: str) -> Reply:
    """One entity, as it is read."""
    return Reply(about, entity_reference(schema.name, Side.ANSWER), headers=("ETag",))


def written(schema: Schema, about: str) -> Reply:
    """One entity, as it was written."""
    return Reply(about, entity_reference(schema.name, Side.ANSWER), headers=ENTITY_WRITTEN)


def _own(schema: Schema) -> Descriptions:
    one, many = component(schema.name), plural(schema.name)
    this = with_article(noun(schema.name))
    body = document_of(schema, parent_told=False)
    return {
        collection_path(schema): {
            "GET": _list(schema, f"list{many}", f"List the {title(schema.name)}"),
            "POST": _create(schema, f"create{one}", body, f"Create {this}"),
        },
        entity_path(schema): _single(schema, one, body, f"{this} by {key_words(schema)}"),
    }


def _children(parent: Schema, child: Schema) -> Descriptions:
    path = nested_path(parent, child)
    of = f"Of{component(parent.name)}"
    this, owner = noun(child.name), with_article(noun(parent.name))
    body = document_of(child, parent_told=True)
    return {
        path: {
            "GET": _list(child, f"list{plural(child.name)}{of}", f"List the {title(child.name)} of {owner}"),
            "POST": _create(
                child, f"create{component(child.name)}{of}", body, f"Create {with_article(this)} of {owner}"
            ),
        },
        single_path(path, child): _single(
            child, component(child.name) + of, body, f"{with_article(this)} of {owner}", strict=True
        ),
    }


def _list(schema: Schema, name: str, summary: str) -> Operation:
    return Operation(
        summary,
        title(schema.name),
        name,
        arguments=PAGE,
        replies={200: Reply("A page, by id.", page_reference(schema.name)), 400: "BadPage"},
    )


def _create(schema: Schema, name: str, body: Json, summary: str) -> Operation:
    return Operation(
        summary,
        title(schema.name),
        name,
        body=body,
        replies={201: written(schema, "It is made, and served by this node."), 400: "BadWrite"},
        stores=True,
    )


def _single(
    schema: Schema, name: str, body: Json, what: str, *, strict: bool = False
) -> dict[str, Operation]:
    tag = title(schema.name)
    return {
        "GET": Operation(
            f"Read {what}",
            tag,
            f"get{name}",
            replies={200: shown(schema, "The entity."), 400: "BadKey"},
            tagged=True,
        ),
        "PUT": Operation(
            f"Make or replace {what}",
            tag,
            f"put{name}",
            about="A full document: what it leaves out takes its default. A name in the path counts.",
            body=body,
            replies={200: written(schema, "It is made or replaced."), 400: "BadWrite"},
            stores=True,
        ),
        "PATCH": Operation(
            f"Change {what}",
            tag,
            f"patch{name}",
            about="Records are merged, lists, sets and maps replaced; `null` resets a field.",
            body=entity_reference(schema.name, Side.CHANGE),
            replies={200: written(schema, "It is changed."), 400: "BadWrite"},
            stores=True,
        ),
        "DELETE": Operation(
            f"Delete {what}",
            tag,
            f"delete{name}",
            about="404 unless it is there and of this parent."
            if strict
            else "204 whether or not it was there.",
            replies={204: GONE, 400: "BadDelete"},
            stores=True,
        ),
    }


def _parent(parent: Schema, child: Schema, field: str) -> Descriptions:
    name = f"{pascal(field)}Of{component(child.name)}"
    what = f"the {noun(parent.name)} that {with_article(noun(child.name))} refers to as `{field}`"
    found = _single(parent, name, document_of(parent, parent_told=False), what)
    found["PUT"] = Operation(
        f"Make or replace {what}",
        title(parent.name),
        f"put{name}",
        about="Where there is none, one is made and referred to.",
        body=found["PUT"].body,
        replies=found["PUT"].replies,
        stores=True,
    )
    found["DELETE"] = Operation(
        f"Never delete {what}",
        title(parent.name),
        f"delete{name}",
        about=NOT_THE_PARENT,
        replies={400: "BadKey", 405: "MethodNotAllowed"},
        stores=True,
    )
    return {parent_path(child, field): found}
