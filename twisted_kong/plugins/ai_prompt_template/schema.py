"""What ai-prompt-template is configured with."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.plugin_typedefs import ANYWHERE, HTTP_ONLY

SCHEMA: dict[str, Any] = {
    "name": "ai-prompt-template",
    "priority": 773,
    "version": "3.9.1",
    "phases": ["access"],
    "scopes": ANYWHERE,
    "protocols": HTTP_ONLY,
    "config": {
        "type": "record",
        "required": True,
        "fields": {
            "templates": {
                "type": "array",
                "required": True,
                "elements": {
                    "type": "record",
                    "required": True,
                    "fields": {
                        "name": {"type": "string", "required": True},
                        "template": {"type": "string", "required": True},
                    },
                },
            },
            "allow_untemplated_requests": {"type": "boolean", "required": True, "default": True},
            "log_original_request": {"type": "boolean", "required": True, "default": False},
            "max_request_body_size": {"type": "integer", "default": 8192, "gt": 0},
        },
    },
}
