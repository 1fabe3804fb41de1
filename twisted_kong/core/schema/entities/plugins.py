"""Plugins: one configuration of a plugin and what it applies to; the plugin itself defines ``config``."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.typedefs import (
    AUTO_TIMESTAMP,
    HTTP_PROTOCOLS,
    ID,
    NAME,
    PROTOCOL,
    TAGS,
    foreign,
)

PLUGINS: dict[str, Any] = {
    "name": "plugins",
    "primary_key": ["id"],
    "endpoint_key": "instance_name",
    "cache_key": ["name", "route", "service", "consumer"],
    "workspaceable": True,
    "subschema_key": "name",
    "subschema_error": "plugin '%s' not enabled; add it to the 'plugins' configuration property",
    "fields": {
        "id": ID,
        "name": {"type": "string", "required": True},
        "instance_name": NAME,
        "created_at": AUTO_TIMESTAMP,
        "updated_at": AUTO_TIMESTAMP,
        "route": foreign("routes", on_delete="cascade", default=None),
        "service": foreign("services", on_delete="cascade", default=None),
        "consumer": foreign("consumers", on_delete="cascade", default=None),
        "config": {"type": "record", "abstract": True},
        "protocols": {"type": "set", "required": True, "default": HTTP_PROTOCOLS, "elements": PROTOCOL},
        "enabled": {"type": "boolean", "required": True, "default": True},
        "tags": TAGS,
    },
}
