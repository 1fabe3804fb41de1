"""What ai-response-transformer is configured with."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.llm_typedefs import TRANSFORMER_CHECKS, TRANSFORMER_FIELDS
from twisted_kong.core.schema.plugin_typedefs import ANYWHERE, HTTP_ONLY

SCHEMA: dict[str, Any] = {
    "name": "ai-response-transformer",
    "priority": 768,
    "version": "3.9.1",
    "phases": ["access"],
    "scopes": ANYWHERE,
    "protocols": HTTP_ONLY,
    "config": {
        "type": "record",
        "required": True,
        "fields": {
            "prompt": {"type": "string", "required": True},
            "transformation_extract_pattern": {"type": "string", "required": False},
            "parse_llm_response_json_instructions": {"type": "boolean", "required": True, "default": False},
            **TRANSFORMER_FIELDS,
        },
    },
    "entity_checks": TRANSFORMER_CHECKS,
}
