"""What a plugin tells of itself: how it is ordered, what it applies to and what its configuration holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from twisted_kong.core.schema.typedefs import HTTP_PROTOCOLS, Shape, foreign, protocols_of
from twisted_kong.core.schema.validators import Definition, Functions

_SCOPES = {"service": "services", "route": "routes", "consumer": "consumers"}


@dataclass(frozen=True, slots=True)
class PluginDefinition:
    """A plugin as data.

    :param priority: handlers run by descending priority, then by name
    :param phases: the phases that its handler has
    :param scopes: ``service``, ``route`` and ``consumer``: whether an instance may be bound to one
    :param allowed_protocols: what an instance may serve; ``default_protocols`` what it serves unless told
    :param config: the record of its configuration, in the vocabulary of the entities
    :param entity_checks: checks over a whole row, naming fields as ``config.minute``
    :param entities: the kinds of entity it brings along
    :param functions: the functions that its definitions name beside those of the core
    """

    name: str
    priority: int
    version: str
    phases: tuple[str, ...] = ()
    scopes: Mapping[str, bool] = field(default_factory=dict)
    allowed_protocols: tuple[str, ...] = tuple(HTTP_PROTOCOLS)
    default_protocols: tuple[str, ...] | None = None
    config: Definition = field(default_factory=lambda: {"type": "record", "fields": {}})
    entity_checks: tuple[Definition, ...] = ()
    entities: tuple[Definition, ...] = ()
    functions: Functions = field(default_factory=dict)

    @classmethod
    def from_schema(
        cls, schema: Definition, entities: tuple[Definition, ...] = (), functions: Functions | None = None
    ) -> PluginDefinition:
        """From the ``SCHEMA`` and ``FUNCTIONS`` of its ``schema.py`` and the ``DAOS`` of its ``daos.py``."""
        protocols = schema.get("protocols", {})
        allowed = tuple(protocols.get("allowed", HTTP_PROTOCOLS))
        return cls(
            name=schema["name"],
            priority=schema["priority"],
            version=schema["version"],
            phases=tuple(schema.get("phases", ())),
            scopes=schema.get("scopes", {}),
            allowed_protocols=allowed,
            default_protocols=tuple(protocols.get("default", allowed)),
            config=schema.get("config", {"type": "record", "fields": {}}),
            entity_checks=tuple(schema.get("entity_checks", ())),
            entities=entities,
            functions=functions or {},
        )

    def subschema(self) -> Shape:
        """How rows of the plugin refine the ``plugins`` entity."""
        barred = {
            name: foreign(reference, eq=None)
            for name, reference in _SCOPES.items()
            if not self.scopes.get(name, True)
        }
        default = None if self.default_protocols is None else list(self.default_protocols)
        return {
            "fields": {
                **barred,
                "protocols": protocols_of(list(self.allowed_protocols), default),
                "config": {"required": True, **self.config},
            },
            "entity_checks": list(self.entity_checks),
        }
