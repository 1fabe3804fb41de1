"""The kinds of entity that basic-auth brings along: user names and passwords of Consumers."""

from __future__ import annotations

import hashlib
from typing import Any

from twisted_kong.core.changes import Entity
from twisted_kong.core.schema.context import WriteContext
from twisted_kong.core.schema.typedefs import AUTO_TIMESTAMP, ID, TAGS, foreign


def hashed(password: str, consumer_id: str) -> str:
    """What is stored of a password.

    Kong: SHA-1, salted with the Consumer.  It is weak, but a database that was Kong's holds nothing better.
    """
    return hashlib.sha1(f"{password}{consumer_id}".encode(), usedforsecurity=False).hexdigest()


def basic_auth_hash(entity: Entity, context: WriteContext) -> Entity:
    """The hash in place of the password that was given."""
    return {"password": hashed(entity["password"], entity["consumer"]["id"])}


BASICAUTH_CREDENTIALS: dict[str, Any] = {
    "name": "basicauth_credentials",
    "primary_key": ["id"],
    "endpoint_key": "username",
    "cache_key": ["username"],
    "workspaceable": True,
    "admin_api_name": "basic-auths",
    "admin_api_nested_name": "basic-auth",
    "fields": {
        "id": ID,
        "created_at": AUTO_TIMESTAMP,
        "consumer": foreign("consumers", on_delete="cascade", required=True),
        "username": {"type": "string", "required": True, "unique": True},
        "password": {"type": "string", "required": True, "encrypted": True},
        "tags": TAGS,
    },
    "transformations": [
        {"input": ["password"], "needs": ["consumer.id"], "on_write": {"fn": "basic_auth_hash"}}
    ],
}

DAOS: tuple[dict[str, Any], ...] = (BASICAUTH_CREDENTIALS,)
FUNCTIONS = {"basic_auth_hash": basic_auth_hash}
