"""All descriptions of endpoints, and the schemas that they bring along."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted_kong.admin.openapi.endpoints import (
    cache,
    cluster,
    config,
    explaining,
    node,
    proxy_cache,
    schemas,
    tags,
    targets,
    unavailable,
    writing,
)
from twisted_kong.admin.openapi.endpoints.admin_tokens import rotation
from twisted_kong.admin.openapi.endpoints.consumers import with_custom_id
from twisted_kong.admin.openapi.generated import described
from twisted_kong.admin.openapi.operations import Descriptions
from twisted_kong.core.schema.schema import Schema

# Later ones win.
_TOPICS = (
    *(cache, cluster, config, explaining, node, proxy_cache),
    *(schemas, tags, targets, unavailable, writing),
)


def all_descriptions(kinds: Mapping[str, Schema]) -> Descriptions:
    """What every endpoint does; there may be more of them than a node has."""
    found = with_custom_id(described(kinds))
    if "admin_tokens" in kinds:
        found |= rotation(kinds["admin_tokens"])
    for topic in _TOPICS:
        for path, methods in topic.DESCRIPTIONS.items():
            found[path] = {**found.get(path, {}), **methods}
    return found


def all_components() -> dict[str, dict[str, Any]]:
    """The schemas of answers that are no entities."""
    return {name: shape for topic in _TOPICS for name, shape in getattr(topic, "SCHEMAS", {}).items()}
