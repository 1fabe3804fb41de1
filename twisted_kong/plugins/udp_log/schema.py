"""What udp-log is configured with."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.plugin_typedefs import ANY_PROTOCOL, ANYWHERE, CUSTOM_FIELDS_BY_LUA
from twisted_kong.core.schema.typedefs import HOST, PORT

SCHEMA: dict[str, Any] = {
    "name": "udp-log",
    "priority": 8,
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
            "custom_fields_by_lua": CUSTOM_FIELDS_BY_LUA,
        },
    },
}
