"""The kinds of entity that key-auth brings along: a Consumer's keys."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.typedefs import AUTO_TIMESTAMP, ID, TAGS, foreign

KEYAUTH_CREDENTIALS: dict[str, Any] = {
    "name": "keyauth_credentials",
    "primary_key": ["id"],
    "endpoint_key": "key",
    "cache_key": ["key"],
    "ttl": True,
    "workspaceable": True,
    "admin_api_name": "key-auths",
    "admin_api_nested_name": "key-auth",
    "fields": {
        "id": ID,
        "created_at": AUTO_TIMESTAMP,
        "consumer": foreign("consumers", on_delete="cascade", required=True),
        "key": {"type": "string", "required": False, "unique": True, "auto": True},
        "tags": TAGS,
    },
}

DAOS: tuple[dict[str, Any], ...] = (KEYAUTH_CREDENTIALS,)
