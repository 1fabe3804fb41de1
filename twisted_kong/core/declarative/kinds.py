"""Which kinds of entity a document may hold, what may be nested in what, and in which order they go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from twisted_kong.core.schema.schema import Schema

# What the gateway itself writes while it runs: never removed because a document is silent about it, nor
# written in decK's format, which does not know it.
RUNTIME = frozenset({"oauth2_tokens", "acme_storage", "parameters"})
# There is one, and it is always there.
WORKSPACES = "workspaces"

# Fields that a write sets itself, so that they make no difference.
STAMPS = frozenset({"created_at", "updated_at"})

# Entities of Kong's that are no part of its free edition.
FOREIGN = frozenset(
    {
        *("consumer_groups", "consumer_group_plugins", "consumer_group_consumers", "groups"),
        *(
            "rbac_roles",
            "rbac_endpoints",
            "rbac_endpoint_permissions",
            "licenses",
            "partials",
            "plugins_partials",
        ),
        *("mtls_auth_credentials", "service_packages", "service_versions", "documents", "degraphql_routes"),
        *("graphql_ratelimiting_cost_decorations", "keyring_meta", "event_hooks", "custom_entities"),
    }
)
NOT_KNOWN = "this kind of entity is not supported: it is no part of the free edition of Kong"


@dataclass(frozen=True, slots=True)
class Nested:
    """What a list in an entity holds: entities of a kind that refer to it by a field."""

    kind: str
    field: str


class Kinds:
    """The kinds that documents hold, those first that others refer to."""

    def __init__(self, schemas: Mapping[str, Schema]) -> None:
        self.schemas: dict[str, Schema] = {}
        known = {name: schema for name, schema in schemas.items() if is_declarative(schema)}
        for name in known:
            self._add(name, known, ())
        self._nested: dict[str, dict[str, Nested]] = {name: {} for name in self.schemas}
        for name, schema in self.schemas.items():
            for field, foreign in schema.foreign.items():
                if foreign.reference in self._nested:
                    self._nested[foreign.reference].setdefault(name, Nested(name, field))

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, in the order in which they are written."""
        return tuple(self.schemas)

    @property
    def managed(self) -> tuple[str, ...]:
        """Those of decK's format, which go where a document that is synced lacks them; in the same order."""
        return tuple(name for name in self.schemas if name not in RUNTIME and name != WORKSPACES)

    def nested_in(self, kind: str) -> Mapping[str, Nested]:
        """The lists that may stand in an entity of a kind, by their names."""
        return self._nested[kind]

    def _add(self, name: str, known: Mapping[str, Schema], below: tuple[str, ...]) -> None:
        if name in self.schemas or name in below:
            return
        for foreign in known[name].foreign.values():
            if foreign.reference in known:
                self._add(foreign.reference, known, (*below, name))
        self.schemas[name] = known[name]


def is_declarative(schema: Schema) -> bool:
    """Whether entities of a kind stand in documents."""
    return schema.db_export and schema.read_only is None
