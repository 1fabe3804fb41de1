"""All kinds of entity that a node knows, with what refers to what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from typing_extensions import override

from twisted_kong.core.schema.checks.table import CORE_FUNCTIONS
from twisted_kong.core.schema.entities import CORE_ENTITIES
from twisted_kong.core.schema.entities.routes import routes_of_flavor
from twisted_kong.core.schema.plugins import PluginDefinition
from twisted_kong.core.schema.schema import OnDelete, Schema, Subschema
from twisted_kong.core.schema.validators import Definition, Functions, SchemaDefinitionError

Child = tuple[Schema, str, OnDelete]


class Schemas(Mapping[str, Schema]):
    """The schemas by name, parents before their children where the definitions allow it."""

    def __init__(self, schemas: Iterable[Schema], plugins: Iterable[PluginDefinition] = ()) -> None:
        self._schemas = {schema.name: schema for schema in schemas}
        self._plugins = {plugin.name: plugin for plugin in plugins}
        children: dict[str, list[Child]] = defaultdict(list)
        for schema in self._schemas.values():
            for field, foreign in schema.foreign.items():
                if foreign.reference not in self._schemas:
                    raise SchemaDefinitionError(
                        f"{schema.name}.{field} refers to {foreign.reference!r}, which is no entity"
                    )
                children[foreign.reference].append((schema, field, foreign.on_delete))
        self._children = {name: tuple(found) for name, found in children.items()}
        for schema in self._schemas.values():
            schema.link(self._schemas)

    @override
    def __getitem__(self, name: str) -> Schema:
        return self._schemas[name]

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self._schemas)

    @override
    def __len__(self) -> int:
        return len(self._schemas)

    @property
    def plugins(self) -> Mapping[str, PluginDefinition]:
        """The plugins that rows of the ``plugins`` entity may name."""
        return self._plugins

    def children(self, name: str) -> tuple[Child, ...]:
        """What refers to a kind of entity: the schema, its field, and what a deletion does to it."""
        return self._children.get(name, ())

    def plugin(self, name: str) -> PluginDefinition:
        """The definition of a plugin; KeyError where it is not loaded."""
        return self._plugins[name]


def build_schemas(
    plugins: Iterable[PluginDefinition] = (), router_flavor: str = "traditional_compatible"
) -> Schemas:
    """The core's entities and those of the plugins, ready for use.

    :param router_flavor: the setting of that name
    :raises SchemaDefinitionError: when a definition names what is not there
    """
    loaded = tuple(plugins)
    core = [_core_schema(entity, loaded, router_flavor) for entity in CORE_ENTITIES]
    brought = [Schema(entity, _functions_of(plugin)) for plugin in loaded for entity in plugin.entities]
    return Schemas([*core, *brought], loaded)


def plugin_subschemas(plugins: Iterable[PluginDefinition]) -> dict[str, Subschema]:
    """How the rows of each plugin refine the ``plugins`` entity, by the plugin's name."""
    return {plugin.name: Subschema(plugin.subschema(), _functions_of(plugin)) for plugin in plugins}


def own_subschemas(definition: Definition) -> dict[str, Subschema]:
    """The subschemas that an entity's definition brings along itself."""
    refinements: Mapping[str, Definition] = definition.get("subschemas", {})
    return {value: Subschema(refinement, CORE_FUNCTIONS) for value, refinement in refinements.items()}


def _functions_of(plugin: PluginDefinition) -> Functions:
    """A plugin's functions are its own: it may name one as the core or another plugin does."""
    return {**CORE_FUNCTIONS, **plugin.functions}


def _core_schema(definition: Definition, plugins: tuple[PluginDefinition, ...], router_flavor: str) -> Schema:
    if definition["name"] == "plugins":
        return Schema(definition, CORE_FUNCTIONS, plugin_subschemas(plugins))
    if definition["name"] == "routes":
        definition = routes_of_flavor(router_flavor)
    return Schema(definition, CORE_FUNCTIONS, own_subschemas(definition))
