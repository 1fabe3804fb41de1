from __future__ import annotations

import json
from typing import Any

import pytest

from tests.kit.recorded_writes import DATA
from tests.kit.reference import reference_plugin_definitions
from twisted_kong.core.schema.describe import describe, lua_pattern
from twisted_kong.core.schema.registry import build_schemas

SCHEMAS = build_schemas(reference_plugin_definitions())
# Kong's own sentences, and what it adds to a definition when a first value has been judged by it.
INCIDENTAL = frozenset({"description", "len_min"})


def recorded(path: str) -> Any:
    for line in (DATA / "misc_admin.jsonl").read_text().splitlines():
        exchange = json.loads(line)
        if exchange["request"]["method"] == "GET" and exchange["request"]["path"] == path:
            return exchange["response"]["json"]
    raise LookupError(path)


def essential(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        dropped = {*INCIDENTAL, "required"} if key == "elements" else INCIDENTAL
        return {name: essential(member, name) for name, member in value.items() if name not in dropped}
    return [essential(member) for member in value] if isinstance(value, list) else value


@pytest.mark.parametrize("kind", ["services", "plugins"])
def test_entities_are_described_as_kong_does(kind: str) -> None:
    """Fields in their order, with defaults and limits, and the entity checks."""
    assert essential(SCHEMAS[kind].describe()) == essential(recorded(f"/schemas/{kind}"))


@pytest.mark.parametrize(("kind", "name"), [("plugins", "key-auth"), ("vaults", "env")])
def test_subschemas_are_described_as_kong_does(kind: str, name: str) -> None:
    """Only what they refine."""
    described = SCHEMAS[kind].describe_subschema(name)
    assert essential(described) == essential(recorded(f"/schemas/{kind}/{name}"))


def test_an_unknown_subschema_is_a_key_error() -> None:
    """The Admin API makes a 404 of it."""
    with pytest.raises(KeyError):
        SCHEMAS["plugins"].describe_subschema("nope")


def test_all_schemas_are_json() -> None:
    """Functions are never shown."""
    described = [schema.describe() for schema in SCHEMAS.values()]
    described += [SCHEMAS["plugins"].describe_subschema(name) for name in SCHEMAS.plugins]
    assert '"fn"' not in json.dumps(described)


def test_old_names_are_described_with_the_new_ones() -> None:
    """decK follows them when it fills in defaults; shorthands of an entity itself are not shown."""
    (config,) = [
        field["config"]
        for field in SCHEMAS["plugins"].describe_subschema("rate-limiting")["fields"]
        if "config" in field
    ]
    assert config["shorthand_fields"][0] == {
        "redis_host": {
            "type": "string",
            "deprecation": {
                "message": "deprecated, use redis.host",
                "removal_in_version": "4.0",
                "replaced_with": [{"path": ["redis", "host"]}],
            },
        }
    }
    assert "shorthand_fields" not in SCHEMAS["services"].describe()


def test_a_name_may_be_deprecated_without_another() -> None:
    """Then it is only said when it goes."""
    field = {"type": "string", "deprecated": {"removal": "4.0"}}
    assert describe({"fields": {"a": field}})["fields"] == [
        {"a": {"type": "string", "deprecation": {"message": "deprecated", "removal_in_version": "4.0"}}}
    ]


@pytest.mark.parametrize(
    ("regex", "pattern"),
    [
        ("^[A-Z]+$", "^[A-Z]+$"),
        ("^[A-Za-z_-][A-Za-z0-9_-]*$", "^[%a_-][%a%d_-]*$"),
        (r"^[a-z][a-z\d-]*?[a-z\d]+$", "^[a-z][a-z%d-]-[a-z%d]+$"),
        (r"\.\*$", "%.%*$"),
        ("a-b", "a%-b"),
        ("(?i)^host$", "(?i)^host$"),
    ],
)
def test_expressions_are_shown_as_lua_patterns(regex: str, pattern: str) -> None:
    """Kong's clients know no others; what Lua cannot say is shown as it is."""
    assert lua_pattern(regex) == pattern


def test_rules_of_several_patterns_keep_their_texts() -> None:
    """Each rule shows pattern and text, records show their own checks."""
    fields = {
        "a": {
            "type": "string",
            "regex": "^a$",
            "match_any": {"regexes": ["^a"], "err": "e"},
            "match_none": [{"regex": "//", "err": "f"}],
        },
        "b": {"type": "record", "fields": {}, "entity_checks": [{"at_least_one_of": ["x"]}]},
    }
    check = {"custom_entity_check": {"fields": ["a"], "fn": "f", "run_with_missing_fields": True}}
    assert describe({"fields": fields, "entity_checks": [check]}) == {
        "fields": [
            {
                "a": {
                    "type": "string",
                    "match": "^a$",
                    "match_any": {"err": "e", "patterns": ["^a"]},
                    "match_none": [{"pattern": "//", "err": "f"}],
                }
            },
            {"b": {"type": "record", "fields": [], "entity_checks": [{"at_least_one_of": ["x"]}]}},
        ],
        "entity_checks": [{"custom_entity_check": {"field_sources": ["a"], "run_with_missing_fields": True}}],
    }
