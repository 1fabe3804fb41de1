"""What of a request target and of a cache key may be shown."""

from __future__ import annotations

import pytest

from tests.kit.bundled import bundled
from twisted_kong.admin.masking import NO_SECRETS, Masking, without_query
from twisted_kong.core.schema.registry import build_schemas

MASKING = Masking(build_schemas(bundled("key-auth")).values())
ID = "11111111-1111-4111-8111-000000000001"


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        ("/key-auths/hunter2", "/key-auths/******"),
        ("/key-auths/hunter2/consumer?size=5", "/key-auths/******/consumer?size=5"),
        ("/consumers/jack/key-auth/hunter2", "/consumers/jack/key-auth/******"),
        ("/consumers/jack/key-auth/%68unter2", "/consumers/jack/key-auth/******"),
        ("/consumers/jack//key%2Dauth//hunter2", "/consumers/jack//key%2Dauth//******"),
        (f"/key-auths/{ID}", f"/key-auths/{ID}"),
        ("/consumers/key-auths", "/consumers/key-auths"),
        ("/services/hunter2", "/services/hunter2"),
        ("/cache/keyauth_credentials:hunter2:::::ws", "/cache/keyauth_credentials:******:::::******"),
        ("/cache/services:one:::::", "/cache/services:one:::::"),
        ("/services?size=1&tags=a,b&key=hunter2&x", "/services?size=1&tags=a,b&key=******&x"),
        (f"/cache?id={ID}&entity=consumers", f"/cache?id={ID}&entity=consumers"),
        ("/cache?id=hunter2", "/cache?id=******"),
        ("/consumers?custom_id=7&wait=cluster", "/consumers?custom_id=7&wait=cluster"),
        ("/", "/"),
        ("*", "*"),
    ],
)
def test_targets(target: str, shown: str) -> None:
    """Credentials are masked where a path names an entity by one, in whatever spelling; so are arguments."""
    assert MASKING.target(target.encode()) == shown.encode()


def test_paths_without_entities() -> None:
    """An API that has none of them still hides what was sent to it by mistake."""
    assert NO_SECRETS.target(b"/status?token=hunter2") == b"/status?token=******"


def test_cache_keys() -> None:
    """The kind is shown, ids are, and where something is missing."""
    workspace = "22222222-2222-4222-8222-000000000002"
    shown = MASKING.cache_key(f"keyauth_credentials:hunter2:::::{workspace}")
    assert shown == f"keyauth_credentials:******:::::{workspace}"
    by_id = f"keyauth_credentials:{ID}:::::{workspace}"
    assert MASKING.cache_key(by_id) == by_id
    assert MASKING.cache_key("a plugin's own") == "a plugin's own"


def test_addresses() -> None:
    """Where somebody comes from is shown as far as the path."""
    assert without_query("https://manager.example/x?token=hunter2#y") == "https://manager.example/x"
    assert without_query("https://manager.example/#token") == "https://manager.example/"
