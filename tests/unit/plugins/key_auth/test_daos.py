from __future__ import annotations

from tests.kit.reference import reference_entities
from twisted_kong.plugins.key_auth.daos import DAOS


def test_the_entity_is_kongs() -> None:
    """Keys of Consumers, with every field."""
    (ours,) = DAOS
    theirs = reference_entities()["keyauth_credentials"]
    assert ours == {key: value for key, value in theirs.items() if key not in ("notes", "plugin")}
