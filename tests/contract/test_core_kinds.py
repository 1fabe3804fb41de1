"""The real kinds of entity on every strategy, with the answers that a real Kong gave."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest_twisted

from tests.contract.test_verbs import refusal
from tests.kit.bundled import bundled
from tests.kit.stores import IStore, MovableClock, make_ids
from twisted_kong.core.errors import ForeignKeyViolation, UniqueViolation
from twisted_kong.core.schema.registry import build_schemas
from twisted_kong.db.database import Database


@pytest_twisted.async_yield_fixture
async def kong(store: IStore, clock: MovableClock) -> AsyncIterator[Database]:
    """A database of the core's kinds and those of the bundled plugins."""
    database = Database(store.handle(clock), build_schemas(bundled()), clock, make_ids())
    await database.start()
    yield database
    await database.stop()


async def insert(database: Database, kind: str, **record: Any) -> dict[str, Any]:
    """Insert something; the entity."""
    entity = (await database[kind].insert(record)).entity
    assert entity is not None
    return entity


async def test_the_newcomers_story(kong: Database) -> None:
    """A Service, a Route by the Service's name, a Plugin on it; all are read back as written, then go."""
    service = await insert(kong, "services", name="one", url="http://127.0.0.1:19050/base")
    route = await insert(kong, "routes", name="r", paths=["/r"], service={"name": "one"})
    plugin = await insert(kong, "plugins", name="key-auth", service={"id": service["id"]})
    assert [row async for row in kong["routes"].each()] == [route]
    assert route["service"] == {"id": service["id"]}
    assert plugin["config"]["key_names"] == ["apikey"]
    await refusal(kong["services"].delete(service["id"]), ForeignKeyViolation)
    await kong["routes"].delete_by("name", "r")
    written = await kong["services"].delete_by("name", "one")
    assert [change.entity for change in written.changes] == ["plugins", "services"]
    assert written.changes[0].keys == (f"plugins:key-auth::{service['id']}:::{kong.workspace}",)


async def test_a_plugin_once_for_each_scope(kong: Database) -> None:
    """A Plugin may be configured once for each Route, Service and Consumer together."""
    await insert(kong, "plugins", name="key-auth")
    assert await refusal(kong["plugins"].insert({"name": "key-auth"}), UniqueViolation) == {
        "code": 5,
        "name": "unique constraint violation",
        "message": "UNIQUE violation detected on '{consumer=null,name=\"key-auth\",route=null,service=null}'",
        "fields": {"consumer": None, "name": "key-auth", "route": None, "service": None},
    }


async def test_a_target_once_for_each_upstream(kong: Database) -> None:
    """A Target is unique with its Upstream, and both are named."""
    upstream = {"id": (await insert(kong, "upstreams", name="up"))["id"]}
    await insert(kong, "targets", upstream=upstream, target="127.0.0.1:19050")
    body = await refusal(
        kong["targets"].insert({"upstream": upstream, "target": "127.0.0.1:19050"}), UniqueViolation
    )
    assert body["fields"] == {"target": "127.0.0.1:19050", "upstream": upstream}
    assert body["message"] == (
        f'UNIQUE violation detected on \'{{target="127.0.0.1:19050",upstream={{id="{upstream["id"]}"}}}}\''
    )
    assert len((await kong["upstreams"].delete(upstream["id"])).changes) == 2


async def test_a_consumer_takes_its_keys_along(kong: Database) -> None:
    """A Consumer's credentials go with it, and the log names the key under which each was cached."""
    consumer = await insert(kong, "consumers", username="bob")
    credential = await insert(kong, "keyauth_credentials", consumer={"username": "bob"}, ttl=60)
    assert credential["ttl"] in (59, 60)
    written = await kong["consumers"].delete(consumer["id"])
    keys = {key for change in written.changes for key in change.keys}
    assert keys == {
        f"keyauth_credentials:{credential['key']}:::::{kong.workspace}",
        f"consumers:{consumer['id']}:::::{kong.workspace}",
        f"consumers:bob:::::{kong.workspace}",
    }
    assert await kong["keyauth_credentials"].select_by("key", credential["key"]) is None


async def test_every_kind_can_be_listed(kong: Database) -> None:
    """There is a DAO for each kind that has rows, and each starts out empty but for the default workspace."""
    for kind, dao in kong.daos.items():
        rows = [row async for row in dao.each()]
        assert len(rows) == (1 if kind == "workspaces" else 0), kind
    assert set(kong.daos) == set(kong.schemas) - {"tags"}


async def test_a_group_is_found_by_what_makes_it_unique(kong: Database) -> None:
    """By the values of its kind's composite ``cache_key``, all of them."""
    bob = {"id": (await insert(kong, "consumers", username="bob"))["id"]}
    amy = {"id": (await insert(kong, "consumers", username="amy"))["id"]}
    group = await insert(kong, "acls", consumer=bob, group="g")
    acls = kong["acls"]
    assert await acls.select_by_cache_key({"consumer": bob, "group": "g"}) == group
    assert await acls.select_by_cache_key({"consumer": amy, "group": "g"}) is None
    body = await refusal(acls.insert({"consumer": bob, "group": "g"}), UniqueViolation)
    assert body["fields"] == {"consumer": bob, "group": "g"}


async def test_a_counter_is_known_by_five_values(kong: Database) -> None:
    """A kind with a composite primary key is written, read, replaced, listed and removed as others are."""
    nobody = "00000000-0000-0000-0000-000000000000"
    key = {
        "identifier": "",
        "period": "minute",
        "period_date": 1795479400,
        "service_id": nobody,
        "route_id": nobody,
    }
    counters = kong["ratelimiting_metrics"]
    written = await insert(kong, "ratelimiting_metrics", **key, value=1, ttl=60)
    assert written == {**key, "value": 1, "ttl": written["ttl"]}
    assert 50 < written["ttl"] <= 60
    assert (await counters.upsert(key, {"value": 2})).entity == {**key, "value": 2, "ttl": None}
    assert (await counters.update(key, {"value": 3})).entity == {**key, "value": 3, "ttl": None}
    other = await insert(kong, "ratelimiting_metrics", **{**key, "period": "hour"}, value=1)
    assert {row["period"] async for row in counters.each()} == {"minute", "hour"}
    await counters.delete(key)
    assert [row async for row in counters.each()] == [other]
    assert await counters.select(key) is None


async def test_a_removed_consumer_takes_all_its_credentials_along(kong: Database) -> None:
    """With the tokens of its applications."""
    consumer = {"id": (await insert(kong, "consumers", username="bob"))["id"]}
    await insert(kong, "basicauth_credentials", consumer=consumer, username="u", password="p")
    application = await insert(kong, "oauth2_credentials", consumer=consumer, name="app")
    credential = {"id": application["id"]}
    await insert(kong, "oauth2_tokens", credential=credential, expires_in=5)
    await insert(kong, "oauth2_authorization_codes", credential=credential)
    written = await kong["consumers"].delete(consumer["id"])
    assert sorted(change.entity for change in written.changes) == [
        "basicauth_credentials",
        "consumers",
        "oauth2_authorization_codes",
        "oauth2_credentials",
        "oauth2_tokens",
    ]
