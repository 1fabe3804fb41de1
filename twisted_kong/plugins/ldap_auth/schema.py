"""What ldap-auth is configured with."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.plugin_typedefs import HTTP_ONLY, NOT_FOR_CONSUMERS
from twisted_kong.core.schema.typedefs import HOST, PORT

SCHEMA: dict[str, Any] = {
    "name": "ldap-auth",
    "priority": 1200,
    "version": "3.9.1",
    "phases": ["access"],
    "scopes": NOT_FOR_CONSUMERS,
    "protocols": HTTP_ONLY,
    "config": {
        "type": "record",
        "required": True,
        "fields": {
            "ldap_host": {**HOST, "required": True},
            "ldap_port": {**PORT, "required": True, "default": 389},
            "ldaps": {"type": "boolean", "required": True, "default": False},
            "start_tls": {"type": "boolean", "required": True, "default": False},
            "verify_ldap_host": {"type": "boolean", "required": True, "default": False},
            "base_dn": {"type": "string", "required": True},
            "attribute": {"type": "string", "required": True},
            "cache_ttl": {"type": "number", "required": True, "default": 60},
            "hide_credentials": {"type": "boolean", "required": True, "default": False},
            "timeout": {"type": "number", "default": 10000},
            "keepalive": {"type": "number", "default": 60000},
            "anonymous": {"type": "string"},
            "header_type": {"type": "string", "default": "ldap"},
            "realm": {"type": "string", "required": False},
        },
        "entity_checks": [
            {
                "conditional": {
                    "if_field": "ldaps",
                    "if_match": {"eq": True},
                    "then_err": "'ldaps' and 'start_tls' cannot be enabled simultaneously",
                    "then_field": "start_tls",
                    "then_match": {"eq": False},
                }
            }
        ],
    },
}
