"""Tests of the tables of the page."""

from __future__ import annotations

import pytest

from twisted_kong.admin.openapi.page_tables import (
    fields_table,
    marked,
    replies_table,
    schema_link,
    type_words,
)


def test_code_is_marked_and_markup_is_not() -> None:
    """Backticks become code, angle brackets stay text."""
    assert marked("`a<b` & c") == "<code>a&lt;b</code> &amp; c"


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string", "minLength": 1}, "string"),
        (
            {"type": ["integer", "null"], "minimum": 1, "default": 2},
            "integer or null; ≥ <code>1</code>; default <code>2</code>",
        ),
        ({"type": "boolean", "default": True}, "boolean; default <code>true</code>"),
        ({"type": "array", "items": {"type": "string"}}, "array of string"),
        ({"enum": ["a", None]}, "one of <code>a</code>"),
        ({"const": "cluster"}, "<code>cluster</code>"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string or null"),
        ({"type": "string", "pattern": r"^\{vault://.*\}$"}, "a reference to a vault"),
    ],
)
def test_values_are_told_in_a_few_words(schema: dict[str, object], words: str) -> None:
    """Types and limits as people read them."""
    assert type_words(schema) == words


def test_bodies_are_linked_to() -> None:
    """A reference is a link, also within lists."""
    schema = {"type": "array", "items": {"$ref": "#/components/schemas/Node"}}
    assert schema_link(schema) == 'list of <a href="#schema-Node">Node</a>'


def test_inner_fields_have_dotted_names() -> None:
    """A record within a record is shown in the same table."""
    schema = {
        "type": "object",
        "properties": {"redis": {"type": "object", "properties": {"host": {"type": "string"}}}},
    }
    assert "<code>redis.host</code>" in fields_table(schema)


def test_answers_tell_their_headers() -> None:
    """By status, with what they mean."""
    table = replies_table({"204": {"description": "Gone.", "headers": {"X-Kong-Position": {}}}}, {})
    assert "<td>204</td><td>Gone.</td><td><br><code>X-Kong-Position</code></td>" in table
