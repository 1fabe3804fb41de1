"""What key-auth is configured with."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.typedefs import HEADER_NAME, HTTP_PROTOCOLS

SCHEMA: dict[str, Any] = {
    "name": "key-auth",
    "priority": 1250,
    "version": "3.9.1",
    "phases": ["access"],
    "scopes": {"global": True, "service": True, "route": True, "consumer": False},
    "protocols": {"allowed": HTTP_PROTOCOLS, "default": HTTP_PROTOCOLS},
    "config": {
        "type": "record",
        "required": True,
        "fields": {
            "key_names": {"type": "array", "required": True, "default": ["apikey"], "elements": HEADER_NAME},
            "hide_credentials": {"type": "boolean", "required": True, "default": False},
            "anonymous": {"type": "string"},
            "key_in_header": {"type": "boolean", "required": True, "default": True},
            "key_in_query": {"type": "boolean", "required": True, "default": True},
            "key_in_body": {"type": "boolean", "required": True, "default": False},
            "run_on_preflight": {"type": "boolean", "required": True, "default": True},
            "realm": {"type": "string", "required": False},
        },
    },
    "entities": ["keyauth_credentials"],
}
