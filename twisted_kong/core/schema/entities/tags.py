"""Tags: a view of which entities carry which tag."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.typedefs import ID, TAG

TAGS: dict[str, Any] = {
    "name": "tags",
    "primary_key": ["tag"],
    "endpoint_key": "tag",
    "db_export": False,
    "read_only": "does not support insert/upsert/update/delete operations",
    "fields": {
        "tag": TAG,
        "entity_name": {"type": "string", "required": True},
        "entity_id": {**ID, "required": True},
    },
}
