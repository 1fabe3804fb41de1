"""The kinds of entity that jwt brings along: what tokens of Consumers are signed with."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.typedefs import AUTO_TIMESTAMP, ID, TAGS, foreign

JWT_SECRETS: dict[str, Any] = {
    "name": "jwt_secrets",
    "primary_key": ["id"],
    "endpoint_key": "key",
    "cache_key": ["key"],
    "workspaceable": True,
    "admin_api_name": "jwts",
    "admin_api_nested_name": "jwt",
    "fields": {
        "id": ID,
        "created_at": AUTO_TIMESTAMP,
        "consumer": foreign("consumers", on_delete="cascade", required=True),
        "key": {"type": "string", "required": False, "unique": True, "auto": True},
        "secret": {"type": "string", "auto": True},
        "rsa_public_key": {"type": "string"},
        "algorithm": {
            "type": "string",
            "default": "HS256",
            "one_of": [
                *("HS256", "HS384", "HS512", "RS256", "RS384", "RS512"),
                *("ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "EdDSA"),
            ],
        },
        "tags": TAGS,
    },
    "entity_checks": [
        {
            "conditional": {
                "if_field": "algorithm",
                "if_match": {
                    "match_any": {
                        "regexes": [
                            *("^RS256$", "^RS384$", "^RS512$"),
                            *("^PS256$", "^PS384$", "^PS512$", "^EdDSA$"),
                        ]
                    }
                },
                "then_field": "rsa_public_key",
                "then_match": {"custom_validator": {"fn": "public_key_loads"}, "required": True},
            }
        }
    ],
}

DAOS: tuple[dict[str, Any], ...] = (JWT_SECRETS,)
