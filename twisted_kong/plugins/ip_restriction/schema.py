"""What ip-restriction is configured with."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.plugin_typedefs import ANYWHERE
from twisted_kong.core.schema.typedefs import IP_OR_CIDR, PROTOCOLS

SCHEMA: dict[str, Any] = {
    "name": "ip-restriction",
    "priority": 990,
    "version": "3.9.1",
    "phases": ["preread", "access"],
    "scopes": ANYWHERE,
    "protocols": {"allowed": PROTOCOLS, "default": ["http", "https", "tcp", "tls", "grpc", "grpcs"]},
    "config": {
        "type": "record",
        "required": True,
        "fields": {
            "allow": {"type": "array", "elements": IP_OR_CIDR},
            "deny": {"type": "array", "elements": IP_OR_CIDR},
            "status": {"type": "number", "required": False},
            "message": {"type": "string", "required": False},
        },
    },
    "entity_checks": [{"at_least_one_of": ["config.allow", "config.deny"]}],
}
