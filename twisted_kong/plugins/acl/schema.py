"""What acl is configured with."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.plugin_typedefs import HTTP_ONLY, NOT_FOR_CONSUMERS, TEXTS

SCHEMA: dict[str, Any] = {
    "name": "acl",
    "priority": 950,
    "version": "3.9.1",
    "phases": ["access"],
    "scopes": NOT_FOR_CONSUMERS,
    "protocols": HTTP_ONLY,
    "config": {
        "type": "record",
        "required": True,
        "fields": {
            "allow": TEXTS,
            "deny": TEXTS,
            "hide_groups_header": {"type": "boolean", "required": True, "default": False},
            "always_use_authenticated_groups": {"type": "boolean", "required": True, "default": False},
        },
    },
    "entity_checks": [
        {"only_one_of": ["config.allow", "config.deny"]},
        {"at_least_one_of": ["config.allow", "config.deny"]},
    ],
    "entities": ["acls"],
}
