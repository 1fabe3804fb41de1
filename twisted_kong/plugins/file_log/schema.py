"""What file-log is configured with."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.plugin_typedefs import ANY_PROTOCOL, ANYWHERE, CUSTOM_FIELDS_BY_LUA

SCHEMA: dict[str, Any] = {
    "name": "file-log",
    "priority": 9,
    "version": "3.9.1",
    "phases": ["log"],
    "scopes": ANYWHERE,
    "protocols": ANY_PROTOCOL,
    "config": {
        "type": "record",
        "required": True,
        "fields": {
            "path": {
                "type": "string",
                "required": True,
                "err": "not a valid filename",
                "regex": "^[^*&%\\\\`]+$",
            },
            "reopen": {"type": "boolean", "required": True, "default": False},
            "custom_fields_by_lua": CUSTOM_FIELDS_BY_LUA,
        },
    },
}
