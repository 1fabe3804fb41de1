"""Filter Chains: WebAssembly filters of a Route or Service."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.typedefs import AUTO_TIMESTAMP, ID, NAME, TAGS, foreign

_FILTER: dict[str, Any] = {
    "type": "record",
    "fields": {
        "name": {"type": "string", "required": True},
        "enabled": {"type": "boolean", "required": True, "default": True},
        "config": {"type": "json", "required": False},
    },
}

FILTER_CHAINS: dict[str, Any] = {
    "name": "filter_chains",
    "primary_key": ["id"],
    "endpoint_key": "name",
    "cache_key": ["route", "service"],
    "admin_api_name": "filter-chains",
    "fields": {
        "id": ID,
        "name": NAME,
        "enabled": {"type": "boolean", "required": True, "default": True},
        "route": foreign("routes", on_delete="cascade", unique=True, default=None),
        "service": foreign("services", on_delete="cascade", unique=True, default=None),
        "filters": {
            "type": "array",
            "required": True,
            "elements": _FILTER,
            "len_min": 1,
        },
        "created_at": AUTO_TIMESTAMP,
        "updated_at": AUTO_TIMESTAMP,
        "tags": TAGS,
    },
    "entity_checks": [
        {"mutually_exclusive": ["service", "route"]},
        {"at_least_one_of": ["service", "route"]},
    ],
}
