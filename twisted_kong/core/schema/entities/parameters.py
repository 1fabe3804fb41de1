"""Parameters: facts about the cluster as a whole, such as its id."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.typedefs import AUTO_TIMESTAMP

PARAMETERS: dict[str, Any] = {
    "name": "parameters",
    "primary_key": ["key"],
    "cache_key": ["key"],
    "workspaceable": False,
    "generate_admin_api": False,
    "fields": {
        "created_at": AUTO_TIMESTAMP,
        "key": {"type": "string", "required": True, "unique": True},
        "value": {"type": "string", "required": True},
    },
}
