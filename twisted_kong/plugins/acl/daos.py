"""The kinds of entity that acl brings along: the groups that a Consumer is in."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.typedefs import AUTO_TIMESTAMP, ID, TAGS, foreign

ACLS: dict[str, Any] = {
    "name": "acls",
    "primary_key": ["id"],
    "cache_key": ["consumer", "group"],
    "workspaceable": True,
    "fields": {
        "id": ID,
        "created_at": AUTO_TIMESTAMP,
        "consumer": foreign("consumers", on_delete="cascade", required=True),
        "group": {"type": "string", "required": True},
        "tags": TAGS,
    },
}

DAOS: tuple[dict[str, Any], ...] = (ACLS,)
