"""Entities as decK dumps them."""

from __future__ import annotations

from typing import Any

from tests.kit.bundled import bundled
from tests.kit.finishing import finished
from twisted_kong.core.declarative.deck_format import DeckDocument
from twisted_kong.core.declarative.kinds import Kinds
from twisted_kong.core.declarative.yaml_reading import read_yaml
from twisted_kong.core.schema.registry import build_schemas

KINDS = Kinds(build_schemas(bundled("key-auth", "rate-limiting", "oauth2")))


def document(*entities: tuple[str, dict[str, Any]], ids: bool = False) -> dict[str, Any]:
    """What the document of some entities means."""
    made = DeckDocument(KINDS, ids=ids)
    for kind, entity in entities:
        made.add(kind, entity)
    return finished(read_yaml("\n".join(finished(made.lines()))))  # type: ignore[no-any-return]


SERVICE = {"id": "s", "name": "a", "host": "h", "created_at": 1, "updated_at": 1, "path": None}
ROUTE = {"id": "r", "name": "b", "service": {"id": "s"}, "paths": ["/"], "created_at": 1}


def test_nested_and_named() -> None:
    """No nulls, no times, no ids of what has names."""
    plugin = {
        "id": "p",
        "name": "key-auth",
        "route": {"id": "r"},
        "service": None,
        "config": {"realm": None, "anonymous": "y"},
    }
    assert document(("services", SERVICE), ("routes", ROUTE), ("plugins", plugin))["services"][0][
        "routes"
    ] == [{"name": "b", "paths": ["/"], "plugins": [{"config": {"anonymous": "y"}, "name": "key-auth"}]}]
    assert document(("services", SERVICE), ids=True)["services"][0]["id"] == "s"


def test_ids_of_what_has_no_name_are_kept() -> None:
    """Certificates, and Services that nobody named."""
    found = document(
        ("certificates", {"id": "c", "cert": "x", "key": "y"}),
        ("snis", {"id": "n", "name": "a.example", "certificate": {"id": "c"}}),
        ("services", {**SERVICE, "name": None, "client_certificate": {"id": "c"}}),
    )
    assert found["certificates"] == [{"cert": "x", "id": "c", "key": "y", "snis": [{"name": "a.example"}]}]
    assert found["services"][0]["id"] == "s"
    assert found["services"][0]["client_certificate"] == {"id": "c"}


def test_a_plugin_of_several_stands_at_the_top() -> None:
    """It names them; so does a Plugin of all."""
    scopes = {"service": {"id": "s"}, "route": {"id": "r"}}
    both = {"id": "1", "name": "key-auth", "config": {}, **scopes}
    found = document(
        ("services", SERVICE),
        ("routes", ROUTE),
        ("plugins", both),
        ("plugins", {"id": "2", "name": "x", "config": {}}),
    )
    assert found["plugins"] == [
        {"config": {}, "name": "key-auth", "route": "b", "service": "a"},
        {"config": {}, "name": "x"},
    ]


def test_a_null_that_is_no_default_is_kept() -> None:
    """Left out it would become the default."""
    assert document(("services", {**SERVICE, "retries": None}))["services"][0]["retries"] is None


def test_order_is_that_of_names() -> None:
    """Whatever the order of the ids."""
    services = [("services", {**SERVICE, "id": key, "name": name}) for key, name in (("1", "z"), ("2", "m"))]
    assert [each["name"] for each in document(*services)["services"]] == ["m", "z"]


def test_keys_of_a_set() -> None:
    """They refer to it by its name."""
    found = document(
        ("key_sets", {"id": "1", "name": "s"}), ("keys", {"id": "2", "name": "k", "set": {"id": "1"}})
    )
    assert found["keys"] == [{"name": "k", "set": {"name": "s"}}]


def test_what_deck_does_not_know_stays_out() -> None:
    """Tokens that the gateway issues."""
    assert "oauth2_tokens" not in DeckDocument(KINDS).kinds
