"""What cors is configured with."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.plugin_typedefs import HTTP_ONLY, NOT_FOR_CONSUMERS, TEXTS

SCHEMA: dict[str, Any] = {
    "name": "cors",
    "priority": 2000,
    "version": "3.9.1",
    "phases": ["access", "header_filter"],
    "scopes": NOT_FOR_CONSUMERS,
    "protocols": HTTP_ONLY,
    "config": {
        "type": "record",
        "required": True,
        "fields": {
            "origins": {
                "type": "array",
                "elements": {"type": "string", "check": {"fn": "asterisk_or_regex"}},
            },
            "headers": TEXTS,
            "exposed_headers": TEXTS,
            "methods": {
                "type": "array",
                "default": ["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE", "OPTIONS", "TRACE", "CONNECT"],
                "elements": {
                    "type": "string",
                    "one_of": [
                        "GET",
                        "HEAD",
                        "PUT",
                        "PATCH",
                        "POST",
                        "DELETE",
                        "OPTIONS",
                        "TRACE",
                        "CONNECT",
                    ],
                },
            },
            "max_age": {"type": "number"},
            "credentials": {"type": "boolean", "required": True, "default": False},
            "private_network": {"type": "boolean", "required": True, "default": False},
            "preflight_continue": {"type": "boolean", "required": True, "default": False},
        },
    },
}
