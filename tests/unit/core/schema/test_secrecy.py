"""Which fields are secrets."""

from __future__ import annotations

from tests.kit.bundled import bundled
from twisted_kong.core.schema.registry import build_schemas
from twisted_kong.core.schema.secrecy import has_secret_cache_key, has_secret_name, is_secret

NAMED = {"jwt_secrets", "keyauth_credentials", "oauth2_credentials", "oauth2_tokens", "sessions"}
SCHEMAS = build_schemas(bundled("key-auth", "session", "oauth2", "jwt"))


def test_what_is_encrypted_or_made_up_is_a_secret() -> None:
    """A key that came out of 32 random characters, and a password; not a name, an id or a time."""
    fields = SCHEMAS["keyauth_credentials"].fields
    assert is_secret("keyauth_credentials", "key", fields["key"].definition)
    assert not is_secret("keyauth_credentials", "id", fields["id"].definition)
    assert not is_secret("keyauth_credentials", "created_at", fields["created_at"].definition)
    assert is_secret("certificates", "key", SCHEMAS["certificates"].fields["key"].definition)
    assert not is_secret("services", "name", SCHEMAS["services"].fields["name"].definition)
    assert is_secret("sessions", "session_id", {"type": "string"})


def test_kinds_that_are_named_or_cached_by_a_secret() -> None:
    """Their paths and cache keys must not be shown."""
    assert {name for name, schema in SCHEMAS.items() if has_secret_name(schema)} == NAMED
    cached = {name for name, schema in SCHEMAS.items() if has_secret_cache_key(schema)}
    assert cached >= {"keyauth_credentials", "oauth2_tokens", "sessions"}
    assert "consumers" not in cached
