"""Tokens of the Admin API: who may do what there.  Ours; no kind of Kong's."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.typedefs import AUTO_TIMESTAMP, ID, NAME, TAGS

ADMIN_TOKENS: dict[str, Any] = {
    "name": "admin_tokens",
    "primary_key": ["id"],
    "endpoint_key": "name",
    "admin_api_name": "admin-tokens",
    # Whoever copies a configuration does not want to copy who may change it.
    "db_export": False,
    "fields": {
        "id": ID,
        "name": {**NAME, "required": True},
        # kind of entity, or * for all, to what may be done with it
        "roles": {
            "type": "map",
            "required": True,
            "len_min": 1,
            "keys": {"type": "string"},
            "values": {"type": "string", "one_of": ["read", "write"]},
        },
        "token_hash": {"type": "string", "required": True, "len_eq": 64, "encrypted": True, "hidden": True},
        # epoch seconds; unset for ever
        "expires_at": {"type": "integer", "timestamp": True},
        "tags": TAGS,
        "created_at": AUTO_TIMESTAMP,
        "updated_at": AUTO_TIMESTAMP,
    },
}
