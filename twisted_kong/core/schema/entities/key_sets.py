"""Key Sets: keys that belong together."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.typedefs import AUTO_TIMESTAMP, ID, TAGS

KEY_SETS: dict[str, Any] = {
    "name": "key_sets",
    "primary_key": ["id"],
    "endpoint_key": "name",
    "ttl": False,
    "workspaceable": True,
    "admin_api_name": "key-sets",
    "fields": {
        "id": ID,
        "name": {"type": "string", "required": False, "unique": True},
        "tags": TAGS,
        "created_at": AUTO_TIMESTAMP,
        "updated_at": AUTO_TIMESTAMP,
    },
}
