"""``/cache``: what is cached, and how it is dropped."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kit.admin_node import AdminNode
from tests.kit.deferreds import success_of


def fill(node: AdminNode, key: str, value: Any, **more: Any) -> None:
    async def loader() -> Any:
        return value

    success_of(node.cache.get(key, loader, **more))


@pytest.fixture
def node() -> AdminNode:
    node = AdminNode()
    fill(node, "services:one:::::", {"id": "one", "name": "s"})
    fill(node, "services:two:::::", None)
    fill(node, "consumers:one:::::", {"id": "one"}, ttl=60)
    fill(node, "text", "value")
    node.clock.advance(2.5)
    return node


def test_a_key_shows_its_value(node: AdminNode) -> None:
    """An entity is shown as it is, a miss as an empty object, anything else as a message."""
    assert node.client.get("/cache/services:one:::::").json == {"id": "one", "name": "s"}
    assert node.client.get("/cache/services:two:::::").json == {}
    assert node.client.get("/cache/text").json == {"message": "value"}
    assert node.client.get("/cache/nope").json == {"message": "Not found"}


def test_a_key_can_be_dropped(node: AdminNode) -> None:
    """DELETE of a key is 204 whether or not it was there."""
    for _ in range(2):
        assert node.client.delete("/cache/services:one:::::").status == 204
    assert node.client.get("/cache/services:one:::::").status == 404


def test_the_listing_tells_hits_misses_and_ages(node: AdminNode) -> None:
    """Each entry has its key, state, age and remaining time to live."""
    assert node.client.get("/cache?entity=consumers").json == {
        "data": [{"key": "consumers:one:::::", "state": "hit", "age": 2.5, "ttl": 57.5, "soft": False}],
        "next": None,
    }
    states = {row["key"]: row["state"] for row in node.client.get("/cache?entity=services").json["data"]}
    assert states == {"services:one:::::": "hit", "services:two:::::": "miss"}
    by_id = [row["key"] for row in node.client.get("/cache?id=one").json["data"]]
    assert sorted(by_id) == ["consumers:one:::::", "services:one:::::"]


def test_the_listing_has_pages(node: AdminNode) -> None:
    """Pages link to the next with the filter kept; sizes and offsets are checked."""
    for number in range(5):
        fill(node, f"routes:{number}:::::", {"id": str(number)})
    seen, path = [], "/cache?entity=routes&size=2"
    while path:
        page = node.client.get(path).json
        seen += [row["key"] for row in page["data"]]
        path = page["next"]
    assert sorted(seen) == [f"routes:{number}:::::" for number in range(5)]
    assert node.client.get("/cache?size=0").json["code"] == 9
    assert node.client.get("/cache?offset=x").json["code"] == 7


def test_emptying_the_cache_is_soft(node: AdminNode) -> None:
    """DELETE of all leaves the values to be served once more while they are read again."""
    assert node.client.delete("/cache").status == 204
    rows = node.client.get("/cache").json["data"]
    assert rows
    assert all(row["soft"] for row in rows)


def test_the_listing_shows_no_credentials() -> None:
    """Whoever may look into the cache does not get the keys to the gateway by it; they can be asked for."""
    node = AdminNode("key-auth")
    fill(node, "keyauth_credentials:hunter2:::::", {"id": "three", "key": "hunter2"})
    answer = node.client.get("/cache?id=three")
    assert [row["key"] for row in answer.json["data"]] == ["keyauth_credentials:******:::::"]
    assert node.client.get("/cache/keyauth_credentials:hunter2:::::").json["id"] == "three"
