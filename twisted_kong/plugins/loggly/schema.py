"""What loggly is configured with."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.plugin_typedefs import ANY_PROTOCOL, ANYWHERE, CUSTOM_FIELDS_BY_LUA, LOG_LEVEL
from twisted_kong.core.schema.typedefs import HOST, PORT

SCHEMA: dict[str, Any] = {
    "name": "loggly",
    "priority": 6,
    "version": "3.9.1",
    "phases": ["log"],
    "scopes": ANYWHERE,
    "protocols": ANY_PROTOCOL,
    "config": {
        "type": "record",
        "required": True,
        "fields": {
            "host": {**HOST, "default": "logs-01.loggly.com"},
            "port": {**PORT, "default": 514},
            "key": {"type": "string", "required": True, "encrypted": True, "referenceable": True},
            "tags": {"type": "set", "default": ["kong"], "elements": {"type": "string"}},
            "log_level": LOG_LEVEL,
            "successful_severity": LOG_LEVEL,
            "client_errors_severity": LOG_LEVEL,
            "server_errors_severity": LOG_LEVEL,
            "timeout": {"type": "number", "default": 10000},
            "custom_fields_by_lua": CUSTOM_FIELDS_BY_LUA,
        },
    },
}
