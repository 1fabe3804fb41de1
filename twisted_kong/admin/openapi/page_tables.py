"""The tables of the page: arguments, answers, the fields of a body; and schemas in a few words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from twisted_kong.admin.answers import encode
from twisted_kong.admin.openapi.examples import resolved
from twisted_kong.admin.openapi.fields import VAULT_REFERENCE

Json = dict[str, Any]

_CODE = re.compile(r"`([^`]+)`")
_LIMITS = (
    ("minimum", "≥ {}"),
    ("exclusiveMinimum", "> {}"),
    ("maximum", "≤ {}"),
    ("minLength", "at least {} long"),
    ("maxLength", "at most {} long"),
    ("minItems", "at least {}"),
    ("maxItems", "at most {}"),
    ("pattern", "like {}"),
    ("default", "default {}"),
)


def marked(text: str) -> str:
    """Text with what stands in backticks as code."""
    return _CODE.sub(r"<code>\1</code>", escape(text, quote=False))


def arguments_table(parameters: Sequence[Json], document: Json) -> str:
    """The parameters of an operation."""
    rows = []
    for parameter in parameters:
        told = resolved(parameter, document)
        words = type_words(told["schema"])
        where = "" if told["in"] == "query" else f" ({told['in']})"
        rows.append((f"<code>{escape(told['name'])}</code>{where}", words, marked(told["description"])))
    return _table(("Name", "Value", "Meaning"), rows)


def replies_table(responses: Mapping[str, Json], document: Json) -> str:
    """The answers of an operation by status."""
    rows = []
    for status, response in responses.items():
        told = resolved(response, document)
        bodies = [schema_link(each["schema"]) for each in told.get("content", {}).values()]
        headers = "".join(f"<br><code>{escape(name)}</code>" for name in told.get("headers", ()))
        rows.append((status, marked(told["description"]), (bodies[0] if bodies else "") + headers))
    return _table(("Status", "Meaning", "Body and headers"), rows)


def fields_table(schema: Json) -> str:
    """The fields of a body, those of inner records by dotted names."""
    rows = list(_rows(schema, ""))
    if not rows:
        return f"<p>{schema_link(schema)}</p>"
    return _table(("Field", "Value", "Meaning"), rows)


def schema_link(schema: Json) -> str:
    """What a schema is, with links to the bodies that it names."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        return f'<a href="#schema-{escape(name)}">{escape(name)}</a>'
    for key, glue in (("anyOf", " or "), ("oneOf", ", "), ("allOf", " and ")):
        if key in schema:
            return glue.join(filter(None, map(schema_link, schema[key])))
    if schema.get("type") == "array":
        return f"list of {schema_link(schema['items'])}"
    members = schema.get("properties")
    if members and schema.get("type") == "object":
        named = [f"<code>{escape(name)}</code>: {schema_link(each)}" for name, each in members.items()]
        return "{" + ", ".join(named) + "}"
    return type_words(schema)


def type_words(schema: Json) -> str:
    """The type and the limits of a value, in a few words."""
    if "$ref" in schema or ("type" not in schema and any(key in schema for key in ("anyOf", "oneOf"))):
        return schema_link(schema)
    if "const" in schema:
        return _literal(schema["const"])
    if schema.get("pattern") == VAULT_REFERENCE:
        return "a reference to a vault"
    kinds = schema.get("type", "" if "enum" in schema else "anything")
    words = [" or ".join(kinds) if isinstance(kinds, list) else str(kinds)]
    if schema.get("format") in ("uuid", "uri", "ipv4", "ipv6"):
        words.append(schema["format"])
    if "items" in schema:
        words[0] += f" of {type_words(schema['items'])}"
    if "enum" in schema:
        choices = [_literal(each) for each in schema["enum"] if each is not None]
        words.append("one of " + ", ".join(choices))
    words += [_limit(text, schema[key]) for key, text in _LIMITS if _is_telling(key, schema)]
    return "; ".join(filter(None, words))


def _is_telling(key: str, schema: Json) -> bool:
    return key in schema and (key, schema[key]) != ("minLength", 1)


def _limit(text: str, value: Any) -> str:
    return text.format(_literal(value))


def _literal(value: Any) -> str:
    return f"<code>{escape(value if isinstance(value, str) else encode(value).decode())}</code>"


def _rows(schema: Json, prefix: str) -> Iterator[tuple[str, str, str]]:
    required = set(schema.get("required", ()))
    for name, field in schema.get("properties", {}).items():
        must = " (required)" if name in required and "additionalProperties" in schema else ""
        old = ' class="old"' if field.get("deprecated") else ""
        yield f"<code{old}>{escape(prefix + name)}</code>{must}", type_words(field), _meaning(field)
        inner = field.get("items", field) if "array" in _kinds(field) else field
        if "properties" in inner and "id" not in inner["properties"]:
            yield from _rows(inner, f"{prefix}{name}{'[]' if inner is not field else ''}.")


def _meaning(field: Json) -> str:
    only = " Only read." if field.get("readOnly") else ""
    return marked(field.get("description", "") + only)


def _kinds(schema: Json) -> Sequence[str]:
    kinds = schema.get("type", ())
    return [kinds] if isinstance(kinds, str) else kinds


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    top = "".join(f'<th scope="col">{head}</th>' for head in heads)
    lines = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{top}</tr></thead><tbody>{lines}</tbody></table></div>'
