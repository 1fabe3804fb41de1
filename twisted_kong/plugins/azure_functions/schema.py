"""What azure-functions is configured with."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.plugin_typedefs import ANY_PROTOCOL, ANYWHERE

SCHEMA: dict[str, Any] = {
    "name": "azure-functions",
    "priority": 749,
    "version": "3.9.1",
    "phases": ["access"],
    "scopes": ANYWHERE,
    "protocols": ANY_PROTOCOL,
    "config": {
        "type": "record",
        "required": True,
        "fields": {
            "timeout": {"type": "number", "default": 600000},
            "keepalive": {"type": "number", "default": 60000},
            "https": {"type": "boolean", "default": True},
            "https_verify": {"type": "boolean", "default": False},
            "apikey": {"type": "string", "encrypted": True, "referenceable": True},
            "clientid": {"type": "string", "encrypted": True, "referenceable": True},
            "appname": {"type": "string", "required": True},
            "hostdomain": {"type": "string", "required": True, "default": "azurewebsites.net"},
            "routeprefix": {"type": "string", "default": "api"},
            "functionname": {"type": "string", "required": True},
        },
    },
}
