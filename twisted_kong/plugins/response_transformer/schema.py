"""What response-transformer is configured with."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.plugin_typedefs import ANYWHERE, HTTP_ONLY, TEXTS
from twisted_kong.core.schema.typedefs import Shape

_NAMES: Shape = {**TEXTS, "required": True, "default": {}}
_PAIRS: Shape = {
    "type": "array",
    "required": True,
    "default": {},
    "elements": {"type": "string", "regex": "^[^:]+:.*$"},
}
_TYPES: Shape = {
    "type": "array",
    "required": True,
    "default": {},
    "elements": {"type": "string", "one_of": ["boolean", "number", "string"]},
}

SCHEMA: dict[str, Any] = {
    "name": "response-transformer",
    "priority": 800,
    "version": "3.9.1",
    "phases": ["header_filter", "body_filter"],
    "scopes": ANYWHERE,
    "protocols": HTTP_ONLY,
    "config": {
        "type": "record",
        "required": True,
        "fields": {
            "remove": {"type": "record", "required": True, "fields": {"json": _NAMES, "headers": _NAMES}},
            "rename": {
                "type": "record",
                "required": True,
                "fields": {
                    "json": _PAIRS,
                    "headers": {
                        "type": "array",
                        "required": True,
                        "default": {},
                        "elements": {
                            "type": "string",
                            "check": {"fn": "header_pair_both"},
                            "regex": "^[^:]+:.*$",
                        },
                    },
                },
            },
            "replace": {
                "type": "record",
                "required": True,
                "fields": {"json": _PAIRS, "json_types": _TYPES, "headers": _PAIRS},
            },
            "add": {
                "type": "record",
                "required": True,
                "fields": {"json": _PAIRS, "json_types": _TYPES, "headers": _PAIRS},
            },
            "append": {
                "type": "record",
                "required": True,
                "fields": {"json": _PAIRS, "json_types": _TYPES, "headers": _PAIRS},
            },
        },
    },
}
