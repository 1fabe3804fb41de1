"""What request-size-limiting is configured with."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.plugin_typedefs import ANYWHERE, HTTP_ONLY

SCHEMA: dict[str, Any] = {
    "name": "request-size-limiting",
    "priority": 951,
    "version": "3.9.1",
    "phases": ["access"],
    "scopes": ANYWHERE,
    "protocols": HTTP_ONLY,
    "config": {
        "type": "record",
        "required": True,
        "fields": {
            "allowed_payload_size": {"type": "integer", "default": 128},
            "size_unit": {
                "type": "string",
                "required": True,
                "default": "megabytes",
                "one_of": ["megabytes", "kilobytes", "bytes"],
            },
            "require_content_length": {"type": "boolean", "required": True, "default": False},
        },
    },
}
