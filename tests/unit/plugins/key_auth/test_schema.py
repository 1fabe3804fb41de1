from __future__ import annotations

from tests.kit.reference import reference_plugins
from twisted_kong.plugins.key_auth.schema import SCHEMA


def test_the_schema_is_kongs() -> None:
    """Order, scopes and every field of the configuration."""
    assert reference_plugins()["key-auth"] == SCHEMA
