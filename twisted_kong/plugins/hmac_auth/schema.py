"""What hmac-auth is configured with."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.plugin_typedefs import HTTP_ONLY, NOT_FOR_CONSUMERS, TEXTS

SCHEMA: dict[str, Any] = {
    "name": "hmac-auth",
    "priority": 1030,
    "version": "3.9.1",
    "phases": ["access"],
    "scopes": NOT_FOR_CONSUMERS,
    "protocols": HTTP_ONLY,
    "config": {
        "type": "record",
        "required": True,
        "fields": {
            "hide_credentials": {"type": "boolean", "required": True, "default": False},
            "clock_skew": {"type": "number", "default": 300, "gt": 0},
            "anonymous": {"type": "string"},
            "validate_request_body": {"type": "boolean", "required": True, "default": False},
            "enforce_headers": {**TEXTS, "default": {}},
            "algorithms": {
                "type": "array",
                "default": ["hmac-sha1", "hmac-sha256", "hmac-sha384", "hmac-sha512"],
                "elements": {
                    "type": "string",
                    "one_of": ["hmac-sha1", "hmac-sha256", "hmac-sha384", "hmac-sha512"],
                },
            },
            "realm": {"type": "string", "required": False},
        },
    },
    "entities": ["hmacauth_credentials"],
}
