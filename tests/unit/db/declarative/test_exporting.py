"""What is exported can be imported, and is then the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.kit.certificates import make_certificate
from tests.kit.declarative import Gateway
from tests.kit.deferreds import success_of
from twisted_kong.core.changes import Entity
from twisted_kong.core.declarative.kinds import WORKSPACES
from twisted_kong.db.declarative.exporting import ATTEMPTS, Format


def filled() -> Gateway:
    """A gateway with an entity of every kind at least."""
    gateway = Gateway()
    cert, key = make_certificate("a.example")
    ca, _ = make_certificate("authority", ca=True)
    gateway.apply(
        {
            "certificates": [{"cert": cert, "key": key, "snis": [{"name": "a.example", "tags": ["t"]}]}],
            "ca_certificates": [{"cert": ca, "tags": ["ca"]}],
            "services": [
                {
                    "name": "a",
                    "url": "https://orders.example:8443/x",
                    "retries": None,
                    "tags": ["t", "é: #"],
                    "routes": [
                        {
                            "name": "r",
                            "paths": ["/a", "~/b/(?<c>\\d+)$"],
                            "headers": {"x-y": ["1", "2"]},
                            "plugins": [
                                {"name": "rate-limiting", "config": {"minute": 5, "policy": "local"}}
                            ],
                        },
                        {"hosts": ["*.example.com"]},
                    ],
                    "plugins": [{"name": "http-log", "config": {"http_endpoint": "http://l.example/"}}],
                }
            ],
            "routes": [{"name": "loose", "protocols": ["tcp"], "sources": [{"ip": "10.0.0.0/8", "port": 5}]}],
            "consumers": [
                {
                    "username": "u",
                    "custom_id": "5",
                    "keyauth_credentials": [{"key": "yes"}, {"key": "00123", "ttl": 600}],
                    "basicauth_credentials": [{"username": "n", "password": "p"}],
                    "hmacauth_credentials": [{"username": "h"}],
                    "jwt_secrets": [{"key": "j", "algorithm": "HS256"}],
                    "oauth2_credentials": [{"name": "app", "redirect_uris": ["http://a/"]}],
                    "acls": [{"group": "admins"}],
                },
                {"custom_id": "only"},
            ],
            "upstreams": [{"name": "up", "hash_on": "ip", "targets": [{"target": "1.2.3.4", "weight": 0}]}],
            "plugins": [
                {"name": "key-auth", "instance_name": "everywhere"},
                {
                    "name": "rate-limiting",
                    "service": "a",
                    "consumer": "u",
                    "config": {"hour": 1, "policy": "local"},
                },
            ],
            "vaults": [{"name": "env", "prefix": "my-env", "config": {"prefix": "SECRET_"}}],
            "key_sets": [{"name": "set", "keys": [{"name": "k", "kid": "1", "pem": {"private_key": key}}]}],
        }
    )
    consumer, credential = gateway.rows("consumers")[0], gateway.rows("oauth2_credentials")[0]
    assert consumer
    gateway.insert("oauth2_tokens", credential={"id": credential["id"]}, expires_in=100)
    gateway.insert("acme_storage", key="k", value="v", ttl=1000)
    gateway.insert("parameters", key="cluster_id", value="x")
    return gateway


def contents(gateway: Gateway, kinds: tuple[str, ...], *without: str) -> dict[str, list[Entity]]:
    """All rows of some kinds, without some fields."""
    found = {}
    for kind in kinds:
        rows = [{name: row[name] for name in row if name not in without} for row in gateway.rows(kind)]
        found[kind] = sorted(rows, key=lambda row: str(row.get("id") or row["key"]))
    return found


@pytest.fixture(scope="module")
def everything() -> Gateway:
    """A gateway that no test changes."""
    return filled()


def test_kongs_format_into_an_empty_store(everything: Gateway) -> None:
    """Every kind, every field, but when it was written last."""
    kinds = everything.importer.kinds.names
    empty = [kind for kind in kinds if not everything.rows(kind) and kind != "filter_chains"]
    assert empty == []
    other = Gateway()
    other.apply(everything.export())
    kinds = tuple(kind for kind in kinds if kind != WORKSPACES)
    assert contents(other, kinds, "updated_at") == contents(everything, kinds, "updated_at")


@pytest.mark.parametrize("format", ["kong", "deck"])
@pytest.mark.parametrize("ids", [False, True])
def test_over_itself_nothing_changes(everything: Gateway, format: Format, ids: bool) -> None:
    """Not in either mode."""
    text = everything.export(format, ids=ids)
    assert everything.plan(text).changes == ()
    assert everything.plan(text, "sync").changes == ()


def test_decks_format_into_an_empty_store(everything: Gateway) -> None:
    """All that decK knows, but for passwords, which are hashed once more."""
    kinds = tuple(
        kind
        for kind in everything.importer.kinds.managed
        if kind not in (WORKSPACES, "basicauth_credentials", "filter_chains")
    )
    other = Gateway()
    other.apply(everything.export("deck", ids=True))
    times = ("updated_at", "created_at")
    assert contents(other, kinds, *times) == contents(everything, kinds, *times)


def test_the_text_depends_on_the_contents_alone(everything: Gateway) -> None:
    """Equal contents are equal texts, also where they were made in another order."""
    assert everything.export("deck") == everything.export("deck")
    one, two = Gateway(), Gateway()
    for gateway, names in ((one, "abc"), (two, "cab")):
        for name in names:
            gateway.insert("services", name=name, host="h")
    assert one.export("deck") == two.export("deck")


def test_secrets_of_the_admin_api_stay(everything: Gateway) -> None:
    """Who may change a configuration is no part of it."""
    gateway = Gateway()
    assert "admin_tokens" not in gateway.importer.kinds.names
    assert "token_hash" not in everything.export()


def test_what_changes_meanwhile_is_read_again() -> None:
    """A bounded number of times; then it is what it is."""
    gateway = Gateway()
    gateway.insert("services", name="a", host="h")
    strategy: Any = gateway.database.strategy
    page, numbers = strategy.page, iter(range(1000))

    async def restless(table: Any, *rest: Any) -> Any:
        found = await page(table, *rest)
        if table.name == "services":
            await gateway.database["consumers"].insert({"username": f"u{next(numbers)}"})
        return found

    strategy.page = restless
    gateway.export()
    assert len(success_of(gateway.database["consumers"].page(100)).rows) == ATTEMPTS


NAMES = st.text(st.sampled_from("ab"), min_size=1, max_size=2)
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=10)
CONSUMERS = st.lists(
    st.fixed_dictionaries(
        {"username": NAMES},
        optional={
            "custom_id": TEXTS,
            "tags": st.lists(TEXTS.filter(lambda t: not set(t) & set(",/")), max_size=2),
        },
    ),
    max_size=4,
    unique_by=(lambda each: each["username"], lambda each: each.get("custom_id", each["username"] + "!")),
)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(CONSUMERS, CONSUMERS)
def test_sync_makes_any_store_like_any_document(
    before: list[dict[str, Any]], after: list[dict[str, Any]]
) -> None:
    """Whatever was there; and then nothing is left to do."""
    gateway = Gateway()
    gateway.apply({"consumers": before})
    gateway.apply({"consumers": after}, "sync")
    found = {row["username"]: (row["custom_id"], row["tags"]) for row in gateway.rows("consumers")}
    wanted = {}
    for each in after:
        tags = each.get("tags")
        wanted[each["username"]] = (
            each.get("custom_id"),
            None if tags is None else list(dict.fromkeys(tags)),
        )
    assert found == wanted
    assert gateway.plan({"consumers": after}, "sync").changes == ()
    assert gateway.plan(gateway.export("deck"), "sync").changes == ()
