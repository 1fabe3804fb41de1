from __future__ import annotations

import pytest

from twisted_kong.core.schema.context import Scope
from twisted_kong.plugins.acme.schema import acme_namespace, storage_mode


@pytest.mark.parametrize(
    "word", ["kong_acme:renew_config:", "kong_acme:renew_last_run", "kong_acme:cert_key:"]
)
def test_keys_of_the_plugin_itself_are_reserved(word: str) -> None:
    """No namespace may begin like one; others may have any name or none."""
    assert acme_namespace(f"{word}x") == f"namespace can't be prefixed with reserved word: {word}"
    assert acme_namespace(f"x{word}") is None
    assert acme_namespace("") is None


def test_every_storage_will_do() -> None:
    """There is a database, and no other node keeps the configuration."""
    assert storage_mode({"config": {"storage": "kong"}}, Scope(1.0)) is None
