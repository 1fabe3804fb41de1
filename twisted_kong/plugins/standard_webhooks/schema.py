"""What standard-webhooks is configured with."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.plugin_typedefs import HTTP_ONLY, NOT_FOR_CONSUMERS

SCHEMA: dict[str, Any] = {
    "name": "standard-webhooks",
    "priority": 760,
    "version": "3.9.1",
    "phases": ["access"],
    "scopes": NOT_FOR_CONSUMERS,
    "protocols": HTTP_ONLY,
    "config": {
        "type": "record",
        "required": True,
        "fields": {
            "secret_v1": {"type": "string", "required": True, "encrypted": True, "referenceable": True},
            "tolerance_second": {"type": "integer", "required": True, "default": 300, "gt": -1},
        },
    },
}
