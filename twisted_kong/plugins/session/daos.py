"""The kinds of entity that session brings along: sessions that are kept in the database."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.typedefs import AUTO_TIMESTAMP, ID

SESSIONS: dict[str, Any] = {
    "name": "sessions",
    "primary_key": ["id"],
    "endpoint_key": "session_id",
    "cache_key": ["session_id"],
    "ttl": True,
    "db_export": False,
    "fields": {
        "id": ID,
        "session_id": {"type": "string", "required": True, "unique": True},
        "expires": {"type": "integer"},
        "data": {"type": "string"},
        "created_at": AUTO_TIMESTAMP,
    },
}

DAOS: tuple[dict[str, Any], ...] = (SESSIONS,)
