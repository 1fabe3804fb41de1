"""What jwt is configured with."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.plugin_typedefs import HTTP_ONLY, NOT_FOR_CONSUMERS

SCHEMA: dict[str, Any] = {
    "name": "jwt",
    "priority": 1450,
    "version": "3.9.1",
    "phases": ["access"],
    "scopes": NOT_FOR_CONSUMERS,
    "protocols": HTTP_ONLY,
    "config": {
        "type": "record",
        "required": True,
        "fields": {
            "uri_param_names": {"type": "set", "default": ["jwt"], "elements": {"type": "string"}},
            "cookie_names": {"type": "set", "default": {}, "elements": {"type": "string"}},
            "key_claim_name": {"type": "string", "default": "iss"},
            "secret_is_base64": {"type": "boolean", "required": True, "default": False},
            "claims_to_verify": {"type": "set", "elements": {"type": "string", "one_of": ["exp", "nbf"]}},
            "anonymous": {"type": "string"},
            "run_on_preflight": {"type": "boolean", "required": True, "default": True},
            "maximum_expiration": {"type": "number", "default": 0, "between": [0, 31536000]},
            "header_names": {"type": "set", "default": ["authorization"], "elements": {"type": "string"}},
            "realm": {"type": "string", "required": False},
        },
    },
    "entity_checks": [
        {
            "conditional": {
                "if_field": "config.maximum_expiration",
                "if_match": {"gt": 0},
                "then_field": "config.claims_to_verify",
                "then_match": {"contains": "exp"},
            }
        }
    ],
    "entities": ["jwt_secrets"],
}
