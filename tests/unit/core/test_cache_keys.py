from __future__ import annotations

from typing import Any

import pytest

from tests.kit.reference import reference_schemas
from twisted_kong.core.cache_keys import cache_key, change_keys, compose, sni_keys

SCHEMAS = reference_schemas()


def test_a_key_has_seven_parts() -> None:
    """Unused parts are empty, and a null part is too."""
    assert compose("acls", ["c", None, "g"], "ws") == "acls:c::g:::ws"


@pytest.mark.parametrize(
    ("kind", "entity", "key"),
    [
        ("services", {"id": "s"}, "services:s:::::ws"),
        ("consumers", {"id": "c", "username": "ann"}, "consumers:c:::::ws"),
        (
            "plugins",
            {"id": "p", "name": "cors", "route": {"id": "r"}, "service": None, "consumer": {"id": "c"}},
            "plugins:cors:r::c::ws",
        ),
        ("targets", {"id": "t", "upstream": {"id": "u"}, "target": "h:80"}, "targets:u:h:80::::ws"),
        ("snis", {"id": "i", "name": "a.test"}, "snis:a.test"),
        ("vaults", {"id": "v", "prefix": "my"}, "vaults:my:::::"),
        ("keys", {"id": "k", "kid": "1", "set": None}, "keys:1:"),
        ("keys", {"id": "k", "kid": "1", "set": {"id": "s"}}, "keys:1:s"),
        ("parameters", {"key": "cluster_id"}, "parameters:cluster_id:::::"),
        ("keyauth_credentials", {"id": "k", "key": "secret"}, "keyauth_credentials:secret:::::ws"),
        ("sessions", {"id": "i", "session_id": "x"}, "sessions:x:::::"),
        ("ca_certificates", {"id": "c"}, "ca_certificates:c:::::"),
        ("acls", {"id": "a", "consumer": {"id": "c"}, "group": "g"}, "acls:c:g::::ws"),
        ("keyauth_credentials", {"id": "k", "key": None}, "keyauth_credentials:k:::::ws"),
    ],
)
def test_keys_are_kongs(kind: str, entity: dict[str, Any], key: str) -> None:
    """Each kind has its key; what has nothing to be keyed by is keyed by its primary key."""
    assert cache_key(SCHEMAS[kind], entity, "ws") == key


def test_a_renamed_consumer_is_stale_under_both_names() -> None:
    """Plugins look up anonymous consumers by name, before and after."""
    old = {"id": "c", "username": "ann"}
    new = {"id": "c", "username": "bea"}
    assert change_keys(SCHEMAS["consumers"], new, old, "ws") == (
        "consumers:c:::::ws",
        "consumers:bea:::::ws",
        "consumers:ann:::::ws",
    )


def test_a_consumer_without_a_name_has_one_key() -> None:
    """There is nothing to be looked up by."""
    entity = {"id": "c", "username": None}
    assert change_keys(SCHEMAS["consumers"], entity, None, "ws") == ("consumers:c:::::ws",)


def test_a_changed_key_makes_both_keys_stale() -> None:
    """The old key must no longer find the credential, the new one no longer a cached miss."""
    schema = SCHEMAS["keyauth_credentials"]
    keys = change_keys(schema, {"id": "i", "key": "new"}, {"id": "i", "key": "old"}, "ws")
    assert keys == ("keyauth_credentials:new:::::ws", "keyauth_credentials:old:::::ws")


def test_a_group_makes_the_consumers_list_stale() -> None:
    """All groups of a consumer are cached as one list."""
    entity = {"id": "a", "consumer": {"id": "c"}, "group": "g"}
    assert change_keys(SCHEMAS["acls"], None, entity, "ws") == ("acls:c:g::::ws", "acls:c:::::ws")


def test_an_oauth2_credential_is_stale_by_id_too() -> None:
    """Tokens refer to their credential by id."""
    entity = {"id": "o", "client_id": "x"}
    assert change_keys(SCHEMAS["oauth2_credentials"], entity, None, "ws") == (
        "oauth2_credentials:x:::::ws",
        "oauth2_credentials:o:::::ws",
    )


def test_a_server_name_makes_its_wildcards_stale() -> None:
    """A lookup may have ended at a wildcard for want of this very name."""
    assert change_keys(SCHEMAS["snis"], {"id": "i", "name": "a.b.test"}, None, "ws") == (
        "snis:a.b.test",
        "snis:*.b.test",
        "snis:a.b.*",
    )


def test_a_wildcard_has_no_further_wildcards() -> None:
    """Nor has a name of one label."""
    assert sni_keys("*.test") == ("snis:*.test",)
    assert sni_keys("localhost") == ("snis:localhost",)
