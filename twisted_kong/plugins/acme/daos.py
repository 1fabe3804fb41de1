"""The kinds of entity that acme brings along: what it keeps while it gets certificates."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.typedefs import AUTO_TIMESTAMP, ID

ACME_STORAGE: dict[str, Any] = {
    "name": "acme_storage",
    "primary_key": ["id"],
    "cache_key": ["key"],
    "ttl": True,
    "fields": {
        "id": ID,
        "key": {"type": "string", "required": True, "unique": True, "auto": True},
        "value": {"type": "string", "required": True, "auto": True},
        "created_at": AUTO_TIMESTAMP,
    },
}

DAOS: tuple[dict[str, Any], ...] = (ACME_STORAGE,)
