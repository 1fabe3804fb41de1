"""The bundled plugins as definitions, without their handlers."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from twisted_kong.core.schema.plugins import PluginDefinition
from twisted_kong.pdk.loader import bundled_names

NAMES = tuple(bundled_names())
# Those that do their work, and do not only let themselves be configured.
RUNNING = ("correlation-id", "key-auth", "rate-limiting", "request-termination")


def bundled(*names: str) -> tuple[PluginDefinition, ...]:
    """The definitions of some bundled plugins, of all unless told."""
    return tuple(_definition(name) for name in names or NAMES)


def _definition(name: str) -> PluginDefinition:
    package = f"twisted_kong.plugins.{name.replace('-', '_')}"
    schema = import_module(f"{package}.schema")
    daos = import_module(f"{package}.daos") if find_spec(f"{package}.daos") else None
    functions = {**getattr(schema, "FUNCTIONS", {}), **getattr(daos, "FUNCTIONS", {})}
    return PluginDefinition.from_schema(schema.SCHEMA, getattr(daos, "DAOS", ()), functions)
