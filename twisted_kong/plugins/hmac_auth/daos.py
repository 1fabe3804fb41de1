"""The kinds of entity that hmac-auth brings along: names and secrets of Consumers."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.typedefs import AUTO_TIMESTAMP, ID, TAGS, foreign

HMACAUTH_CREDENTIALS: dict[str, Any] = {
    "name": "hmacauth_credentials",
    "primary_key": ["id"],
    "endpoint_key": "username",
    "cache_key": ["username"],
    "workspaceable": True,
    "admin_api_name": "hmac-auths",
    "admin_api_nested_name": "hmac-auth",
    "fields": {
        "id": ID,
        "created_at": AUTO_TIMESTAMP,
        "consumer": foreign("consumers", on_delete="cascade", required=True),
        "username": {"type": "string", "required": True, "unique": True},
        "secret": {"type": "string", "auto": True},
        "tags": TAGS,
    },
}

DAOS: tuple[dict[str, Any], ...] = (HMACAUTH_CREDENTIALS,)
