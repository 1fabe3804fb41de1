"""What syslog is configured with."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.plugin_typedefs import ANY_PROTOCOL, ANYWHERE, CUSTOM_FIELDS_BY_LUA, SEVERITY

SCHEMA: dict[str, Any] = {
    "name": "syslog",
    "priority": 4,
    "version": "3.9.1",
    "phases": ["log"],
    "scopes": ANYWHERE,
    "protocols": ANY_PROTOCOL,
    "config": {
        "type": "record",
        "required": True,
        "fields": {
            "log_level": SEVERITY,
            "successful_severity": SEVERITY,
            "client_errors_severity": SEVERITY,
            "server_errors_severity": SEVERITY,
            "custom_fields_by_lua": CUSTOM_FIELDS_BY_LUA,
            "facility": {
                "type": "string",
                "required": True,
                "default": "user",
                "one_of": [
                    "auth",
                    "authpriv",
                    "cron",
                    "daemon",
                    "ftp",
                    "kern",
                    "lpr",
                    "mail",
                    "news",
                    "syslog",
                    "user",
                    "uucp",
                    "local0",
                    "local1",
                    "local2",
                    "local3",
                    "local4",
                    "local5",
                    "local6",
                    "local7",
                ],
            },
        },
    },
}
