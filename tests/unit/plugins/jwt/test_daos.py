from __future__ import annotations

from typing import Any

import pytest

from tests.kit.bundled import bundled
from tests.kit.write_context import numbered_uuid, write_context
from twisted_kong.core.changes import Entity
from twisted_kong.core.errors import SchemaViolation
from twisted_kong.core.schema.registry import build_schemas

SECRETS = build_schemas(bundled("jwt"))["jwt_secrets"]


def made(**fields: Any) -> Entity:
    """A new credential."""
    return SECRETS.process_insert({"consumer": {"id": numbered_uuid(1)}, **fields}, write_context())


def test_key_and_secret_are_made() -> None:
    """Where none is given."""
    entity = made()
    assert entity["algorithm"] == "HS256"
    assert len(entity["key"]) == len(entity["secret"]) == 32
    given = made(key="k", secret="s")
    assert (given["key"], given["secret"]) == ("k", "s")


@pytest.mark.parametrize("algorithm", ["RS256", "PS512", "EdDSA"])
@pytest.mark.parametrize(("key", "text"), [(None, "required field missing"), ("x", "invalid key")])
def test_signatures_by_a_pair_of_keys_need_the_public_one(algorithm: str, key: str | None, text: str) -> None:
    """One that can be loaded."""
    with pytest.raises(SchemaViolation) as caught:
        made(algorithm=algorithm, rsa_public_key=key)
    assert caught.value.fields is not None
    assert caught.value.fields["rsa_public_key"] == text


def test_other_signatures_need_none() -> None:
    """Kong: not those by elliptic curves either."""
    for algorithm in ("HS512", "ES256"):
        assert made(algorithm=algorithm)["rsa_public_key"] is None
