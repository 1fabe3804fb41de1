"""What redirect is configured with."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.plugin_typedefs import ANYWHERE, HTTP_ONLY
from twisted_kong.core.schema.typedefs import URL

SCHEMA: dict[str, Any] = {
    "name": "redirect",
    "priority": 779,
    "version": "3.9.1",
    "phases": ["access"],
    "scopes": ANYWHERE,
    "protocols": HTTP_ONLY,
    "config": {
        "type": "record",
        "required": True,
        "fields": {
            "status_code": {"type": "integer", "required": True, "default": 301, "between": [100, 599]},
            "location": {**URL, "required": True},
            "keep_incoming_path": {"type": "boolean", "default": False},
        },
    },
}
