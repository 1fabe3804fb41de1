"""The bundled plugins as definitions, without their handlers."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from twisted_kong.core.schema.plugins import PluginDefinition

NAMES = ("key-auth", "request-termination", "correlation-id", "rate-limiting")


def bundled(*names: str) -> tuple[PluginDefinition, ...]:
    """The definitions of some bundled plugins, of all unless told."""
    return tuple(_definition(name) for name in names or NAMES)


def _definition(name: str) -> PluginDefinition:
    package = f"twisted_kong.plugins.{name.replace('-', '_')}"
    schema = import_module(f"{package}.schema")
    entities = import_module(f"{package}.daos").DAOS if find_spec(f"{package}.daos") else ()
    return PluginDefinition.from_schema(schema.SCHEMA, entities, getattr(schema, "FUNCTIONS", None))
