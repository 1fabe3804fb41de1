"""Which stored entities a document would have removed."""

from __future__ import annotations

from twisted.internet.task import Clock

from tests.kit.declarative import Gateway
from tests.kit.deferreds import success_of
from twisted_kong.core.declarative.items import Flat
from twisted_kong.core.declarative.kinds import Kinds
from twisted_kong.db.declarative.options import Mode, Options
from twisted_kong.db.declarative.surplus import Surplus
from twisted_kong.db.turns import Turns


def surplus(gateway: Gateway, mode: Mode, *tags: str, own: tuple[str, ...] = ()) -> Surplus:
    """Of a document without entities."""
    schemas = {name: gateway.database.schemas[name] for name in gateway.database.schemas}
    return Surplus(gateway.database, Kinds(schemas), Flat(select_tags=own), Options(mode, tags))


async def keys(found: Surplus, kind: str) -> list[str]:
    """The names of what goes."""
    return [row.entity["name"] async for row in found.rows(kind, Turns(Clock()))]


def test_upsert_removes_nothing() -> None:
    """No kind is looked at."""
    found = surplus(Gateway(), "upsert")
    assert found.kinds == ()
    assert not found.covers("services", {"tags": None})


def test_sync_removes_what_is_not_kept() -> None:
    """What the document holds stays."""
    gateway = Gateway()
    one, _ = (gateway.insert("services", name=name, host="h") for name in "ab")
    found = surplus(gateway, "sync")
    found.keys["services"] = {one["id"]}
    assert success_of(keys(found, "services")) == ["b"]
    assert not found.is_surplus("services", one)
    assert {"workspaces", "acme_storage", "oauth2_tokens"} & set(found.kinds) == set()


def test_tags_of_both_count() -> None:
    """Those that were asked for and those of the document; only what bears all of them is meant."""
    gateway = Gateway()
    gateway.insert("services", name="a", host="h", tags=["x", "y"])
    gateway.insert("services", name="b", host="h", tags=["x"])
    found = surplus(gateway, "sync", "x", own=("y",))
    assert success_of(keys(found, "services")) == ["a"]
    assert found.covers("services", {"tags": ["y", "x", "z"]})
    assert not found.covers("services", {"tags": None})
