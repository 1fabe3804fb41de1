"""The document put together: piece by piece, so that whoever makes it can let others have their turn.

Everything follows from the table of endpoints: what is not in it is not in the document, and what is in it
and was described by nobody stands there with the summary that its handler's docstring gives.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from twisted_kong.admin.answers import encode
from twisted_kong.admin.calls import Handler, Table
from twisted_kong.admin.openapi.entities import entity_components
from twisted_kong.admin.openapi.names import singular, title
from twisted_kong.admin.openapi.operations import Descriptions, Operation, Reply, operation_object
from twisted_kong.admin.openapi.refusals import error_schemas, refusal_responses
from twisted_kong.admin.openapi.shapes import OBJECT
from twisted_kong.admin.openapi.shared import HEADERS, PARAMETERS, SECURITY_SCHEMES
from twisted_kong.core.schema.schema import Schema

Json = dict[str, Any]

OPENAPI = "3.1.0"
ABOUT = """\
The Admin API of this node: that of Kong Gateway OSS 3.9 in traditional mode, and what twisted_kong adds.

Every path answers `OPTIONS` with the methods it has, and `HEAD` where it has `GET`.
Bodies are JSON, or forms in Kong's notation: `tags[]=a`, `config.minute=5`, `service.id=…`.
Errors are objects with `code`, `name`, `message` and mostly `fields`, or just a `message`."""


@dataclass(frozen=True, slots=True)
class Source:
    """What the document is made from.

    :param version: of this package.
    :param demands_token: whether nobody comes in without a token.
    :param schemas: the kinds of entities; ``components`` are further schemas.
    """

    version: str
    table: Table
    schemas: Mapping[str, Schema]
    descriptions: Descriptions
    components: Mapping[str, Json] = field(default_factory=dict)
    demands_token: bool = False


def document(source: Source) -> Json:
    """The whole document at once."""
    made: Json = {}
    for path, value in pieces(source):
        place(made, path, value)
    return made


def place(made: Json, path: tuple[str, ...], value: Any) -> None:
    """Put a piece where it belongs in a document."""
    inner = made
    for name in path[:-1]:
        inner = inner.setdefault(name, {})
    inner[path[-1]] = value


def pieces(source: Source) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The pieces of the document in order, each with its place; each takes a moment to make."""
    yield ("openapi",), OPENAPI
    yield ("info",), _info(source)
    yield ("servers",), [{"url": "/", "description": "This node."}]
    yield ("security",), [{name: []} for name in SECURITY_SCHEMES] + ([] if source.demands_token else [{}])
    yield ("tags",), _tags(source)
    for path, handlers in sorted(source.table.items()):
        yield ("paths", path), _path_item(path, handlers, source.descriptions.get(path, {}))
    yield from _components(source)


def encoded(parts: Iterable[tuple[tuple[str, ...], Any]]) -> Iterator[bytes]:
    """A document as JSON text from its pieces, which come in order."""
    open_names: tuple[str, ...] = ()
    separator = b"{"
    for path, value in parts:
        parents = path[:-1]
        shared = _shared(open_names, parents)
        closing = b"}" * (len(open_names) - shared)
        separator = b"," if closing else separator
        opening = b""
        for name in parents[shared:]:
            opening += separator + encode(name) + b":"
            separator = b"{"
        yield closing + opening + separator + encode(path[-1]) + b":" + encode(value)
        open_names, separator = parents, b","
    yield b"}" * (len(open_names) + 1)


def _shared(some: tuple[str, ...], others: tuple[str, ...]) -> int:
    count = 0
    for one, other in zip(some, others, strict=False):
        if one != other:
            break
        count += 1
    return count


def _info(source: Source) -> Json:
    return {
        "title": "twisted_kong Admin API",
        "version": source.version,
        "description": ABOUT,
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    }


def _tags(source: Source) -> list[Json]:
    """The headings: those of the kinds first, in the order of the schemas."""
    kinds = [title(name) for name in source.schemas]
    used = {
        operation.tag
        for path, methods in source.descriptions.items()
        if path in source.table
        for operation in methods.values()
    }
    order = [name for name in kinds if name in used]
    return [{"name": name} for name in dict.fromkeys([*order, *sorted(used)])]


def _path_item(path: str, handlers: Mapping[str, Handler], told: Mapping[str, Operation]) -> Json:
    item: Json = {}
    parameters = [_path_parameter(name) for name in path.split("/") if name.startswith("{")]
    if parameters:
        item["parameters"] = parameters
    for method, handler in handlers.items():
        operation = told.get(method) or _undescribed(handler)
        item[method.lower()] = operation_object(method.lower(), path, operation)
    return item


def _path_parameter(segment: str) -> Json:
    name = segment.strip("{}")
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": f"The {singular(name).replace('_', ' ')}: its id, or its name where it has one.",
        "schema": {"type": "string", "minLength": 1},
    }


def _undescribed(handler: Handler) -> Operation:
    """What can be said of an endpoint that nobody has described."""
    first = (handler.__doc__ or "").partition("\n")[0]
    _, _, words = first.rpartition(": ")
    summary = words[:1].upper() + words[1:].rstrip(".")
    return Operation(summary or "Not described", "Others", replies={200: Reply("Done.", OBJECT)})


def _components(source: Source) -> Iterator[tuple[tuple[str, ...], Any]]:
    for schema in source.schemas.values():
        for name, shape in entity_components(schema):
            yield ("components", "schemas", name), shape
    for name, shape in (*error_schemas(), *source.components.items()):
        yield ("components", "schemas", name), shape
    for name, response in refusal_responses():
        yield ("components", "responses", name), response
    for name, parameter in PARAMETERS.items():
        yield ("components", "parameters", name), parameter.as_json()
    yield ("components", "headers"), dict(HEADERS)
    yield ("components", "securitySchemes"), dict(SECURITY_SCHEMES)
