"""What correlation-id is configured with."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.typedefs import HTTP_PROTOCOLS

SCHEMA: dict[str, Any] = {
    "name": "correlation-id",
    "priority": 100001,
    "version": "3.9.1",
    "phases": ["init_worker", "access", "header_filter"],
    "scopes": {"global": True, "service": True, "route": True, "consumer": True},
    "protocols": {"allowed": HTTP_PROTOCOLS, "default": HTTP_PROTOCOLS},
    "config": {
        "type": "record",
        "required": True,
        "fields": {
            "header_name": {"type": "string", "default": "Kong-Request-ID"},
            "generator": {
                "type": "string",
                "required": True,
                "default": "uuid#counter",
                "one_of": ["uuid", "uuid#counter", "tracker"],
            },
            "echo_downstream": {"type": "boolean", "required": True, "default": False},
        },
    },
}
