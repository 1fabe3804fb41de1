"""What request-transformer is configured with."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.plugin_typedefs import ANY_PROTOCOL, ANYWHERE, TEXTS
from twisted_kong.core.schema.typedefs import HTTP_METHOD, Shape

_NAMES: Shape = {**TEXTS, "required": True, "default": {}}
_TEMPLATES: Shape = {
    "type": "array",
    "required": True,
    "default": {},
    "elements": {"type": "string", "check": {"fn": "key_value_template"}},
}
_HEADERS: Shape = {
    "type": "array",
    "required": True,
    "default": {},
    "elements": {"type": "string", "check": {"fn": "header_pair_name"}, "regex": "^[^:]+:.*$"},
}

SCHEMA: dict[str, Any] = {
    "name": "request-transformer",
    "priority": 801,
    "version": "3.9.1",
    "phases": ["access"],
    "scopes": ANYWHERE,
    "protocols": ANY_PROTOCOL,
    "config": {
        "type": "record",
        "required": True,
        "fields": {
            "http_method": HTTP_METHOD,
            "remove": {
                "type": "record",
                "required": True,
                "fields": {
                    "body": _NAMES,
                    "headers": {
                        "type": "array",
                        "required": True,
                        "default": {},
                        "elements": {"type": "string", "check": {"fn": "header_pair_name"}},
                    },
                    "querystring": _NAMES,
                },
            },
            "rename": {
                "type": "record",
                "required": True,
                "fields": {
                    "body": _TEMPLATES,
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
                    "querystring": _TEMPLATES,
                },
            },
            "replace": {
                "type": "record",
                "required": True,
                "fields": {
                    "body": _TEMPLATES,
                    "headers": _HEADERS,
                    "querystring": _TEMPLATES,
                    "uri": {"type": "string"},
                },
            },
            "add": {
                "type": "record",
                "required": True,
                "fields": {"body": _TEMPLATES, "headers": _HEADERS, "querystring": _TEMPLATES},
            },
            "append": {
                "type": "record",
                "required": True,
                "fields": {"body": _TEMPLATES, "headers": _HEADERS, "querystring": _TEMPLATES},
            },
        },
    },
}
