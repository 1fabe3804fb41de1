"""What basic-auth is configured with."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.plugin_typedefs import HTTP_ONLY, NOT_FOR_CONSUMERS

SCHEMA: dict[str, Any] = {
    "name": "basic-auth",
    "priority": 1100,
    "version": "3.9.1",
    "phases": ["access"],
    "scopes": NOT_FOR_CONSUMERS,
    "protocols": HTTP_ONLY,
    "config": {
        "type": "record",
        "required": True,
        "fields": {
            "anonymous": {"type": "string"},
            "hide_credentials": {"type": "boolean", "required": True, "default": False},
            "realm": {"type": "string", "required": True, "default": "service"},
        },
    },
    "entities": ["basicauth_credentials"],
}
