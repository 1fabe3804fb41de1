"""Which kinds documents hold, and how they are nested."""

from __future__ import annotations

from tests.kit.bundled import bundled
from twisted_kong.core.declarative.kinds import Kinds, Nested
from twisted_kong.core.schema.registry import build_schemas

KINDS = Kinds(build_schemas(bundled("key-auth", "acl", "oauth2", "session")))


def test_parents_come_first() -> None:
    """In this order entities are written, and in the other one removed."""
    seen: set[str] = set()
    for name, schema in KINDS.schemas.items():
        assert {foreign.reference for foreign in schema.foreign.values()} & set(KINDS.names) <= seen
        seen.add(name)


def test_what_is_no_configuration_stays_out() -> None:
    """Views, sessions, and who may use the Admin API."""
    assert not {"tags", "sessions", "admin_tokens", "oauth2_authorization_codes"} & set(KINDS.names)
    assert "workspaces" not in KINDS.managed
    assert "oauth2_tokens" in KINDS.names
    assert "oauth2_tokens" not in KINDS.managed


def test_nesting() -> None:
    """An entity may stand in whatever it refers to."""
    assert KINDS.nested_in("services")["routes"] == Nested("routes", "service")
    assert KINDS.nested_in("consumers")["keyauth_credentials"] == Nested("keyauth_credentials", "consumer")
    assert KINDS.nested_in("certificates")["snis"] == Nested("snis", "certificate")
    assert KINDS.nested_in("key_sets")["keys"] == Nested("keys", "set")
