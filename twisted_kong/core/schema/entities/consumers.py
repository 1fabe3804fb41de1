"""Consumers: the users of the Services."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.typedefs import AUTO_TIMESTAMP, ID, TAGS

CONSUMERS: dict[str, Any] = {
    "name": "consumers",
    "primary_key": ["id"],
    "endpoint_key": "username",
    "workspaceable": True,
    "fields": {
        "id": ID,
        "created_at": AUTO_TIMESTAMP,
        "updated_at": AUTO_TIMESTAMP,
        "username": {"type": "string", "unique": True},
        "custom_id": {"type": "string", "unique": True},
        "tags": TAGS,
    },
    "entity_checks": [{"at_least_one_of": ["custom_id", "username"]}],
}
