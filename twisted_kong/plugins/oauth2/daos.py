"""The kinds of entity that oauth2 brings along: applications of Consumers, codes and tokens."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import pbkdf2_hmac, sha256
from typing import Any
from urllib.parse import urlsplit

from twisted_kong.core.changes import Entity
from twisted_kong.core.schema.context import WriteContext
from twisted_kong.core.schema.typedefs import AUTO_TIMESTAMP, ID, TAGS, foreign

ITERATIONS = 10_000
LENGTH = 32
_SALT = 16
_HASHED = re.compile(r"\$pbkdf2-sha512\$i=[0-9]+,l=[0-9]+\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+\Z")


def redirect_uri(value: str) -> str | None:
    """A URL with a scheme and a host and without a fragment (RFC 6749 section 3.1.2)."""
    try:
        parts = urlsplit(value)
    except ValueError:
        return f"cannot parse '{value}'"
    if not parts.scheme or not parts.netloc:
        return f"cannot parse '{value}'"
    return f"fragment not allowed in '{value}'" if "#" in value else None


def hashed(secret: str, salt: bytes) -> str:
    """What is stored of a secret, in the form of the password hashing competition; takes milliseconds."""
    digest = pbkdf2_hmac("sha512", secret.encode(), salt, ITERATIONS, LENGTH)
    return f"$pbkdf2-sha512$i={ITERATIONS},l={LENGTH}${_text(salt)}${_text(digest)}"


def oauth2_hash_secret(entity: Entity, context: WriteContext) -> Entity:
    """The hash in place of the secret that was given, where one is wanted.

    Kong: hashes a hash again, so that a configuration which is read and written back locks everybody out.
    """
    secret: str = entity["client_secret"]
    if not entity["hash_secret"] or _HASHED.match(secret):
        return {}
    return {"client_secret": hashed(secret, sha256(context.new_token().encode()).digest()[:_SALT])}


def _text(data: bytes) -> str:
    return b64encode(data).decode().rstrip("=")


OAUTH2_CREDENTIALS: dict[str, Any] = {
    "name": "oauth2_credentials",
    "primary_key": ["id"],
    "endpoint_key": "client_id",
    "cache_key": ["client_id"],
    "workspaceable": True,
    "admin_api_name": "oauth2",
    "fields": {
        "id": ID,
        "created_at": AUTO_TIMESTAMP,
        "consumer": foreign("consumers", on_delete="cascade", required=True),
        "name": {"type": "string", "required": True},
        "client_id": {"type": "string", "required": False, "unique": True, "auto": True},
        "client_secret": {"type": "string", "required": False, "auto": True, "encrypted": True},
        "hash_secret": {"type": "boolean", "required": True, "default": False},
        "redirect_uris": {
            "type": "array",
            "required": False,
            "elements": {"type": "string", "check": {"fn": "redirect_uri"}},
        },
        "tags": TAGS,
        "client_type": {
            "type": "string",
            "required": True,
            "default": "confidential",
            "one_of": ["confidential", "public"],
        },
    },
    "transformations": [
        {
            "input": ["hash_secret"],
            "needs": ["client_secret"],
            "on_write": {"fn": "oauth2_hash_secret"},
            "slow": True,
        }
    ],
}

OAUTH2_AUTHORIZATION_CODES: dict[str, Any] = {
    "name": "oauth2_authorization_codes",
    "primary_key": ["id"],
    "ttl": True,
    "workspaceable": True,
    "generate_admin_api": False,
    "db_export": False,
    "fields": {
        "id": ID,
        "created_at": AUTO_TIMESTAMP,
        "service": foreign("services", on_delete="cascade", default=None),
        "credential": foreign("oauth2_credentials", on_delete="cascade", required=True),
        "code": {"type": "string", "required": False, "unique": True, "auto": True},
        "authenticated_userid": {"type": "string", "required": False},
        "scope": {"type": "string"},
        "challenge": {"type": "string", "required": False},
        "challenge_method": {"type": "string", "required": False, "one_of": ["S256"]},
        "plugin": foreign("plugins", on_delete="cascade", default=None),
    },
}

OAUTH2_TOKENS: dict[str, Any] = {
    "name": "oauth2_tokens",
    "primary_key": ["id"],
    "endpoint_key": "access_token",
    "cache_key": ["access_token"],
    "ttl": True,
    "workspaceable": True,
    "fields": {
        "id": ID,
        "created_at": AUTO_TIMESTAMP,
        "service": foreign("services", on_delete="cascade", default=None),
        "credential": foreign("oauth2_credentials", on_delete="cascade", required=True),
        "token_type": {"type": "string", "required": True, "default": "bearer", "one_of": ["bearer"]},
        "expires_in": {"type": "integer", "required": True},
        "access_token": {"type": "string", "required": False, "unique": True, "auto": True},
        "refresh_token": {"type": "string", "required": False, "unique": True},
        "authenticated_userid": {"type": "string", "required": False},
        "scope": {"type": "string"},
    },
}

DAOS: tuple[dict[str, Any], ...] = (OAUTH2_CREDENTIALS, OAUTH2_AUTHORIZATION_CODES, OAUTH2_TOKENS)
FUNCTIONS = {"redirect_uri": redirect_uri, "oauth2_hash_secret": oauth2_hash_secret}
