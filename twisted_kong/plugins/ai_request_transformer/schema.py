"""What ai-request-transformer is configured with."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.llm_typedefs import TRANSFORMER_CHECKS, TRANSFORMER_FIELDS
from twisted_kong.core.schema.plugin_typedefs import HTTP_ONLY, NOT_FOR_CONSUMERS

SCHEMA: dict[str, Any] = {
    "name": "ai-request-transformer",
    "priority": 777,
    "version": "3.9.1",
    "phases": ["access"],
    "scopes": NOT_FOR_CONSUMERS,
    "protocols": HTTP_ONLY,
    "config": {
        "type": "record",
        "required": True,
        "fields": {
            "prompt": {"type": "string", "required": True},
            "transformation_extract_pattern": {"type": "string", "required": False},
            **TRANSFORMER_FIELDS,
        },
    },
    "entity_checks": TRANSFORMER_CHECKS,
}
