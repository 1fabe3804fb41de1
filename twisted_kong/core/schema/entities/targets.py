"""Targets: the addresses behind an Upstream."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.typedefs import AUTO_TIMESTAMP_MS, ID, PORT, TAGS, foreign

TARGETS: dict[str, Any] = {
    "name": "targets",
    "primary_key": ["id"],
    "endpoint_key": "target",
    "cache_key": ["upstream", "target"],
    "workspaceable": True,
    "before_write": {"fn": "normalise_target"},
    "fields": {
        "id": ID,
        "created_at": AUTO_TIMESTAMP_MS,
        "updated_at": AUTO_TIMESTAMP_MS,
        "upstream": foreign("upstreams", on_delete="cascade", required=True),
        "target": {"type": "string", "required": True, "check": {"fn": "validate_target"}},
        "weight": {**PORT, "default": 100},
        "tags": TAGS,
    },
}
