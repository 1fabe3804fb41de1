"""Keys: public and private keys, as JWK or PEM."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.typedefs import AUTO_TIMESTAMP, ID, TAGS, foreign

KEYS: dict[str, Any] = {
    "name": "keys",
    "primary_key": ["id"],
    "endpoint_key": "name",
    "cache_key": ["kid", "set"],
    "ttl": False,
    "workspaceable": True,
    "fields": {
        "id": ID,
        "set": foreign("key_sets", on_delete="cascade", required=False),
        "name": {"type": "string", "required": False, "unique": True},
        "kid": {"type": "string", "required": True, "unique": False},
        "jwk": {"type": "string", "encrypted": True, "referenceable": True},
        "pem": {
            "type": "record",
            "required": False,
            "check": {"fn": "pem_keys"},
            "fields": {
                "private_key": {
                    "type": "string",
                    "required": False,
                    "encrypted": True,
                    "referenceable": True,
                },
                "public_key": {"type": "string", "required": False, "referenceable": True},
            },
            "entity_checks": [{"at_least_one_of": ["private_key", "public_key"]}],
        },
        "tags": TAGS,
        "created_at": AUTO_TIMESTAMP,
        "updated_at": AUTO_TIMESTAMP,
    },
    "entity_checks": [
        {"mutually_exclusive": ["jwk", "pem"]},
        {"at_least_one_of": ["jwk", "pem"]},
        {"custom_entity_check": {"fields": ["jwk", "pem", "kid"], "fn": "check_key_material"}},
    ],
}
