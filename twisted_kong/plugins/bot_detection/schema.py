"""What bot-detection is configured with."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.plugin_typedefs import HTTP_ONLY, NOT_FOR_CONSUMERS

SCHEMA: dict[str, Any] = {
    "name": "bot-detection",
    "priority": 2500,
    "version": "3.9.1",
    "phases": ["access"],
    "scopes": NOT_FOR_CONSUMERS,
    "protocols": HTTP_ONLY,
    "config": {
        "type": "record",
        "required": True,
        "fields": {
            "allow": {"type": "array", "default": {}, "elements": {"type": "string", "is_regex": True}},
            "deny": {"type": "array", "default": {}, "elements": {"type": "string", "is_regex": True}},
        },
    },
}
