"""Schemas built straight from the reference: what a real Kong 3.9.1 knows of entities and plugins."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from tests.kit.bundled import bundled
from twisted_kong.core.schema.checks.table import CORE_FUNCTIONS
from twisted_kong.core.schema.plugins import PluginDefinition
from twisted_kong.core.schema.registry import own_subschemas, plugin_subschemas
from twisted_kong.core.schema.schema import Schema

DATA = Path(__file__).parents[1] / "unit" / "core" / "schema" / "data"
STREAM_PROTOCOLS = ("tcp", "tls", "udp", "tls_passthrough")

# What the recordings show to be otherwise than the reference says.
KEYS_CHECKS = [{"mutually_exclusive": ["jwk", "pem"]}, {"at_least_one_of": ["jwk", "pem"]}]
WASM_FILTER = {
    "type": "record",
    "fields": {
        "name": {"type": "string", "required": True},
        "enabled": {"type": "boolean", "required": True, "default": True},
        "config": {"type": "json", "required": False},
    },
}
_COMMENTS = frozenset({"meaning", "errors", "python_regex"})


@cache
def reference_entities() -> dict[str, dict[str, Any]]:
    """The definitions of all entities, without comments, corrected and in the form the engine takes."""
    raw = json.loads((DATA / "entities.json").read_text())["entities"]
    entities = {name: without_comments(definition) for name, definition in raw.items()}
    entities["keys"]["entity_checks"][:2] = KEYS_CHECKS
    entities["filter_chains"]["primary_key"] = ["id"]
    entities["filter_chains"]["fields"]["filters"]["elements"] = WASM_FILTER
    entities["routes"]["subschemas"] = _by_protocol(entities["routes"]["subschemas"])
    entities["vaults"]["subschemas"] = {"env": {"fields": entities["vaults"]["subschemas"]["env"]}}
    return entities


@cache
def reference_plugins() -> dict[str, dict[str, Any]]:
    """The definitions of all plugins, without comments, and in the form the engine takes."""
    raw = json.loads((DATA / "plugins.json").read_text())["plugins"]
    plugins = {name: without_comments(definition) for name, definition in raw.items()}
    barred = plugins["http-log"]["config"]["fields"]["headers"]["keys"]["match_none"]
    for rule, header in zip(barred, ("Host", "Content-Length", "Content-Type"), strict=True):
        rule["regex"] = f"^{''.join(map(_in_any_case, header))}$"
    # a default that is made anew at each start of a node of Kong; here for each row
    secret = plugins["session"]["config"]["fields"]["secret"]
    del secret["default"]
    secret["auto"] = True
    return plugins


def reference_plugin_definitions() -> list[PluginDefinition]:
    """All plugins as the registry takes them, with the entities they bring along."""
    entities = reference_entities()
    return [
        PluginDefinition.from_schema(
            each, tuple(entities[name] for name in each.get("entities", ())), reference_functions()
        )
        for each in reference_plugins().values()
    ]


def reference_schemas() -> dict[str, Schema]:
    """The schemas of all entities, with all plugins, made by nothing but the reference."""
    functions = reference_functions()
    subschemas = plugin_subschemas(reference_plugin_definitions())
    return {
        name: Schema(definition, functions, subschemas if name == "plugins" else own_subschemas(definition))
        for name, definition in reference_entities().items()
    }


def without_comments(value: Any) -> Any:
    """The reference without what it says to readers only."""
    if isinstance(value, dict):
        comments = _COMMENTS if isinstance(value.get("fn"), str) else ()
        return {key: without_comments(member) for key, member in value.items() if key not in comments}
    return [without_comments(member) for member in value] if isinstance(value, list) else value


def functions_named(value: Any) -> Iterator[str]:
    """The names of the functions that a definition calls."""
    if isinstance(value, dict):
        if isinstance(value.get("fn"), str):
            yield value["fn"]
        for member in value.values():
            yield from functions_named(member)
    elif isinstance(value, list):
        for member in value:
            yield from functions_named(member)


def _by_protocol(subschemas: dict[str, Any]) -> dict[str, Any]:
    http, stream, grpc = (subschemas[name] for name in ("http", "tcp", "grpc"))
    return {
        "http": http,
        "https": http,
        **dict.fromkeys(STREAM_PROTOCOLS, stream),
        "grpc": grpc,
        "grpcs": grpc,
    }


def _in_any_case(letter: str) -> str:
    return f"[{letter.upper()}{letter.lower()}]" if letter.isalpha() else letter


def reference_functions() -> dict[str, Callable[..., Any]]:
    """All that definitions name: the core's functions and those that plugins bring along."""
    brought = {name: function for plugin in bundled() for name, function in plugin.functions.items()}
    return {**CORE_FUNCTIONS, **brought}
