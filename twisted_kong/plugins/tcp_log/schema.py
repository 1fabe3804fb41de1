"""What tcp-log is configured with."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.plugin_typedefs import ANY_PROTOCOL, ANYWHERE, CUSTOM_FIELDS_BY_LUA
from twisted_kong.core.schema.typedefs import HOST, PORT

SCHEMA: dict[str, Any] = {
    "name": "tcp-log",
    "priority": 7,
    "version": "3.9.1",
    "phases": ["log"],
    "scopes": ANYWHERE,
    "protocols": ANY_PROTOCOL,
    "config": {
        "type": "record",
        "required": True,
        "fields": {
            "host": {**HOST, "required": True},
            "port": {**PORT, "required": True},
            "timeout": {"type": "number", "default": 10000},
            "keepalive": {"type": "number", "default": 60000},
            "tls": {"type": "boolean", "required": True, "default": False},
            "tls_sni": {"type": "string"},
            "custom_fields_by_lua": CUSTOM_FIELDS_BY_LUA,
        },
    },
}
