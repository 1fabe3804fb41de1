"""Workspaces: name spaces of entities; the open-source gateway has one, ``default``."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.typedefs import AUTO_TIMESTAMP, ID, NAME

WORKSPACES: dict[str, Any] = {
    "name": "workspaces",
    "primary_key": ["id"],
    "endpoint_key": "name",
    "cache_key": ["name"],
    "generate_admin_api": False,
    "fields": {
        "id": ID,
        "name": {
            **NAME,
            "required": True,
            "not_one_of": [
                "workspaces",
                "consumers",
                "certificates",
                "services",
                "routes",
                "snis",
                "upstreams",
                "targets",
                "plugins",
                "tags",
                "ca_certificates",
                "clustering_data_planes",
                "parameters",
                "vaults",
                "key_sets",
                "keys",
                "filter_chains",
            ],
        },
        "comment": {"type": "string"},
        "created_at": AUTO_TIMESTAMP,
        "updated_at": AUTO_TIMESTAMP,
        "meta": {"type": "record", "required": True, "fields": {}},
        "config": {"type": "record", "required": True, "fields": {}},
    },
}
