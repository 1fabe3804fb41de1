"""What a request needs: which kind of entity its path is about, and whether it reads or writes it.

Most paths follow from the schemas, and so does what they need.  The others are listed here, and one that is
not needs everything: whoever adds an endpoint and forgets it has shut it, not opened it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from twisted_kong.admin.calls import READING
from twisted_kong.admin.endpoints import (
    collection_path,
    entity_path,
    has_endpoints,
    nested_path,
    parent_path,
    parents_of,
    single_path,
)
from twisted_kong.core.admin_tokens import ALL, READ, WRITE, Access
from twisted_kong.core.schema.schema import Schema


@dataclass(frozen=True, slots=True)
class Need:
    """To read, or to write, a kind of entity; :data:`ALL` is every kind, and what is about none."""

    kind: str
    access: Access


# Nothing beyond a token: these tell of the node or of how things must look, judge, or ask for each part.
NOTHING: tuple[Need, ...] = ()
EVERYTHING = (Need(ALL, WRITE),)
ALL_READ = (Need(ALL, READ),)

_OPEN_READS = (
    "/",
    "/status",
    "/status/dns",
    "/robots.txt",
    "/timers",
    "/endpoints",
    "/openapi.json",
    "/openapi",
    "/plugins/enabled",
    "/plugins/schema/{name}",
    "/schemas/{name}",
    "/schemas/plugins/{name}",
    "/schemas/vaults/{name}",
    "/cluster",
    "/cluster/changes",
    "/cluster/convergence",
    "/clustering/data-planes",
    "/clustering/status",
    "/debug/node/log-level",
)
_OPEN_WRITES = (
    "/schemas/{db_entity_name}/validate",
    "/schemas/plugins/validate",
    "/schemas/vaults/validate",
    # Each operation is judged by itself.
    "/batch",
)
# What is shown there may be of any kind.
_ALL_READS = (
    "/cache",
    "/cache/{key}",
    "/config",
    "/config/progress",
    "/diff",
    "/proxy-cache/{cache_key}",
    "/proxy-cache/{plugin_id}/caches/{cache_key}",
)
# A document is only compared, a request only explained.
_ALL_READS_BY_POST = ("/diff", "/debug/explain")
_ALL_WRITES = (
    "/cache",
    "/cache/{key}",
    "/config",
    "/debug/node/log-level/{log_level}",
    "/debug/cluster/log-level/{log_level}",
    "/proxy-cache",
    "/proxy-cache/{cache_key}",
    "/proxy-cache/{plugin_id}/caches/{cache_key}",
)
# Further paths about one kind; see the modules of admin/routes.
_OF_KIND = {
    "/tags": ("tags",),
    "/tags/{tags}": ("tags",),
    "/upstreams/{upstreams}/health": ("targets",),
    "/upstreams/{upstreams}/targets/all": ("targets",),
    "/upstreams/{upstreams}/targets/{targets}/healthy": ("targets",),
    "/upstreams/{upstreams}/targets/{targets}/unhealthy": ("targets",),
    "/upstreams/{upstreams}/targets/{targets}/{address}/healthy": ("targets",),
    "/upstreams/{upstreams}/targets/{targets}/{address}/unhealthy": ("targets",),
    "/routes/{routes}/filters/all": ("filter_chains",),
    "/routes/{routes}/filters/enabled": ("filter_chains",),
    "/routes/{routes}/filters/disabled": ("filter_chains",),
}
_TOKENS = ("/admin-tokens", "/admin-tokens/{admin_tokens}", "/admin-tokens/{admin_tokens}/rotate")


class Permissions:
    """What every path of the Admin API needs.

    :param schemas: all kinds of entities, with those of the loaded plugins.
    """

    def __init__(self, schemas: Mapping[str, Schema]) -> None:
        self._reads: dict[str, tuple[Need, ...]] = {}
        self._writes: dict[str, tuple[Need, ...]] = {}
        for path, kinds in (*_generated(schemas), *_OF_KIND.items()):
            self._reads[path] = tuple(Need(kind, READ) for kind in kinds)
            self._writes[path] = tuple(Need(kind, WRITE) for kind in kinds)
        self._reads.update(dict.fromkeys(_OPEN_READS, NOTHING))
        self._writes.update(dict.fromkeys(_OPEN_WRITES, NOTHING))
        self._reads.update(dict.fromkeys(_ALL_READS, ALL_READ))
        self._writes.update(dict.fromkeys(_ALL_READS_BY_POST, ALL_READ))
        # Whoever may write tokens may do everything, for he can make himself one that may.
        self._writes.update(dict.fromkeys((*_ALL_WRITES, *_TOKENS), EVERYTHING))

    def knows(self, method: str, pattern: str) -> bool:
        """Whether it was thought of what a method needs at a path with {names}."""
        return pattern in (self._reads if method in READING else self._writes)

    def needs(self, method: str, pattern: str) -> tuple[Need, ...]:
        """All that a method needs at a path with {names}: everything where nobody thought of it."""
        return (self._reads if method in READING else self._writes).get(pattern, EVERYTHING)


def _generated(schemas: Mapping[str, Schema]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each path that follows from the schemas, and the kinds that are read or written there."""
    for schema in schemas.values():
        if not has_endpoints(schema):
            continue
        yield collection_path(schema), (schema.name,)
        yield entity_path(schema), (schema.name,)
        for field, parent in parents_of(schema, schemas):
            nested = nested_path(parent, schema)
            yield nested, (schema.name,)
            yield single_path(nested, schema), (schema.name,)
            # What is read tells where the child leads. A PUT may make a parent, and links the child to it.
            yield parent_path(schema, field), (parent.name, schema.name)
