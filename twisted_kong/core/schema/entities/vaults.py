"""Vaults: where secrets are looked up that fields only refer to."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.typedefs import AUTO_TIMESTAMP, ID, TAGS

VAULTS: dict[str, Any] = {
    "name": "vaults",
    "table_name": "sm_vaults",
    "primary_key": ["id"],
    "endpoint_key": "prefix",
    "cache_key": ["prefix"],
    "workspaceable": True,
    "admin_api_name": "vaults",
    "subschema_key": "name",
    "subschema_error": "vault '%s' is not installed",
    "fields": {
        "id": ID,
        "prefix": {
            "type": "string",
            "required": True,
            "unique": True,
            "unique_across_ws": True,
            "regex": r"^[a-z][a-z\d-]*?[a-z\d]+$",
            "not_one_of": ["env"],
        },
        "name": {"type": "string", "required": True},
        "description": {"type": "string"},
        "config": {"type": "record", "abstract": True},
        "created_at": AUTO_TIMESTAMP,
        "updated_at": AUTO_TIMESTAMP,
        "tags": TAGS,
    },
    "subschemas": {
        "env": {
            "fields": {
                "config": {
                    "type": "record",
                    "required": True,
                    "fields": {"prefix": {"type": "string", "regex": "^[A-Za-z_-][A-Za-z0-9_-]*$"}},
                }
            }
        }
    },
}
