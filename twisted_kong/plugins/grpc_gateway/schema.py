"""What grpc-gateway is configured with."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.plugin_typedefs import ANY_PROTOCOL, ANYWHERE

SCHEMA: dict[str, Any] = {
    "name": "grpc-gateway",
    "priority": 998,
    "version": "3.9.1",
    "phases": ["access", "header_filter", "body_filter"],
    "scopes": ANYWHERE,
    "protocols": ANY_PROTOCOL,
    "config": {
        "type": "record",
        "required": True,
        "fields": {"proto": {"type": "string", "required": False}},
    },
}
