"""Examples: bodies as one might send them, and lines of curl that send them."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from typing import Any

from twisted_kong.admin.openapi.names import singular

Json = dict[str, Any]

SERVER = "http://localhost:8001"
UUID = "9748f662-7711-4a90-8186-dc02f10eb0f5"
_PARAMETER = re.compile(r"\{(\w+)\}")

# Full documents of some kinds, which no rule would guess.
DOCUMENTS: Mapping[str, Json] = {
    "services": {"name": "orders", "url": "http://orders.example.com:8080/api"},
    "routes": {"name": "orders", "paths": ["/orders"], "methods": ["GET", "POST"]},
    "consumers": {"username": "alice", "custom_id": "4711"},
    "upstreams": {"name": "orders.internal", "algorithm": "least-connections"},
    "targets": {"target": "192.0.2.10:8080", "weight": 100},
    "keyauth_credentials": {"tags": ["mobile"]},
    "basicauth_credentials": {"username": "alice", "password": "correct horse"},
    "acls": {"group": "gold"},
    "admin_tokens": {"name": "reporting", "roles": {"services": "read", "routes": "read"}},
    "key_sets": {"name": "partners"},
    "vaults": {"name": "env", "prefix": "my-env", "config": {"prefix": "SECRET_"}},
    "plugins": {"name": "rate-limiting", "config": {"minute": 5, "policy": "local"}},
}
CHANGES: Mapping[str, Json] = {"routes": {"strip_path": False}, "plugins": {"enabled": False}}
ANY_CHANGE: Json = {"tags": ["team-a"]}


def resolved(schema: Json, document: Json) -> Json:
    """What a reference leads to."""
    while "$ref" in schema:
        found: Any = document
        for name in schema["$ref"][2:].split("/"):
            found = found[name]
        schema = found
    return schema


def example_of(schema: Json, document: Json) -> Any:
    """A value that fits a schema, as far as can be guessed."""
    schema = resolved(schema, document)
    if schema.get("examples"):
        return schema["examples"][0]
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    if "enum" in schema:
        return schema["enum"][0]
    if "allOf" in schema and "type" not in schema:
        return _merged(schema["allOf"], document)
    for key in ("oneOf", "anyOf"):
        if key in schema and "properties" not in schema:
            return example_of(schema[key][0], document)
    return _by_type(schema, document)


def curl_line(method: str, path: str, body: Any) -> str:
    """The line of curl that does an operation; names in capitals are to be replaced."""
    words = ["curl"]
    if method != "get":
        words += ["-X", method.upper()]
    words.append(SERVER + _PARAMETER.sub(lambda found: singular(found[1]).upper(), path))
    if method in ("post", "put", "patch"):
        words += ["-H", "Content-Type: application/json", "-d", json.dumps(body or {}, ensure_ascii=False)]
    return shlex.join(words)


def _merged(schemas: list[Json], document: Json) -> Any:
    merged: Json = {}
    for schema in schemas:
        example = example_of(schema, document)
        if isinstance(example, dict):
            # what was said first says more
            merged = {**example, **merged}
    return merged


def _by_type(schema: Json, document: Json) -> Any:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = kind[0]
    if kind == "object":
        return _record(schema, document)
    if kind == "array":
        return [example_of(schema["items"], document)]
    if kind in ("integer", "number"):
        return schema.get("minimum", 1)
    if kind == "boolean":
        return True
    return UUID if schema.get("format") == "uuid" else "…"


def _record(schema: Json, document: Json) -> Json:
    wanted = schema.get("required") or (schema.get("anyOf") or [{}])[0].get("required", ())
    properties = schema.get("properties", {})
    if not wanted and properties.keys() == {"id"}:
        wanted = ("id",)
    return {name: example_of(properties[name], document) for name in wanted if name in properties}
