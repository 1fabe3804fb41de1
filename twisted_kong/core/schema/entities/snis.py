"""SNIs: the server names that Certificates are shown for."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.typedefs import AUTO_TIMESTAMP, ID, TAGS, WILDCARD_HOST, foreign

SNIS: dict[str, Any] = {
    "name": "snis",
    "primary_key": ["id"],
    "endpoint_key": "name",
    "workspaceable": True,
    "fields": {
        "id": ID,
        "name": {**WILDCARD_HOST, "required": True, "unique": True, "unique_across_ws": True},
        "created_at": AUTO_TIMESTAMP,
        "updated_at": AUTO_TIMESTAMP,
        "tags": TAGS,
        "certificate": foreign("certificates", required=True),
    },
}
