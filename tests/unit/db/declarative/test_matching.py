"""What a document's entities are, and what they refer to."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kit.certificates import make_certificate
from tests.kit.declarative import Gateway, told
from twisted_kong.core.declarative.identities import identity
from twisted_kong.core.declarative.problems import DeclarativeConfig


def wrong(gateway: Gateway, document: dict[str, Any], mode: Any = "upsert") -> Any:
    """What is wrong with a document."""
    with pytest.raises(DeclarativeConfig) as caught:
        gateway.plan(document, mode)
    return caught.value.fields


def test_what_is_stored_is_known_by_its_name() -> None:
    """Whatever its id; a Target and a Plugin by what they go with."""
    gateway = Gateway()
    service = gateway.insert("services", name="a", host="h")
    upstream = gateway.insert("upstreams", name="u")
    target = gateway.insert("targets", target="t:80", upstream={"id": upstream["id"]})
    plugin = gateway.insert("plugins", name="key-auth", service={"id": service["id"]})
    done = gateway.apply(
        {
            "services": [{"name": "a", "host": "i", "plugins": [{"name": "key-auth", "enabled": False}]}],
            "upstreams": [{"name": "u", "targets": [{"target": "t:80", "weight": 5}]}],
        }
    )
    assert {draft.key for draft in done.drafts} == {service["id"], target["id"], plugin["id"]}
    assert told(done.drafts) == [("update", "services"), ("update", "targets"), ("update", "plugins")]


def test_a_target_is_known_without_its_port() -> None:
    """It is stored with one."""
    gateway = Gateway()
    gateway.apply({"upstreams": [{"name": "u", "targets": [{"target": "t"}]}]})
    assert gateway.apply({"upstreams": [{"name": "u", "targets": [{"target": "t:8000"}]}]}).drafts == ()


def test_what_is_new_gets_kongs_id() -> None:
    """Of its name."""
    gateway = Gateway()
    gateway.apply({"services": [{"name": "my-service", "host": "h"}]})
    assert gateway.rows("services")[0]["id"] == identity("services", "my-service")


def test_nameless_entities_are_the_same_ones_each_time() -> None:
    """Two equal ones are two."""
    gateway = Gateway()
    document = {"services": [{"host": "h"}, {"host": "h"}, {"host": "i"}]}
    gateway.apply(document)
    assert len(gateway.rows("services")) == 3
    assert gateway.apply(document).drafts == ()


def test_references_in_every_form() -> None:
    """By name or id, bare or as a member, to what the document holds or the store does."""
    gateway = Gateway()
    stored = gateway.insert("services", name="old", host="h")
    key = "11111111-1111-4111-8111-111111111111"
    forms: list[Any] = ["new", key, {"id": key}, {"name": "new"}, "old", stored["id"], {"name": "old"}]
    routes = [{"name": f"r{n}", "paths": ["/"], "service": form} for n, form in enumerate(forms)]
    gateway.apply({"services": [{"id": key, "name": "new", "host": "h"}], "routes": routes})
    found = {row["name"]: row["service"]["id"] for row in gateway.rows("routes")}
    assert [found[f"r{n}"] for n in range(len(forms))] == [key] * 4 + [stored["id"]] * 3


def test_references_to_nothing() -> None:
    """Kong: these words, be it a name or an id."""
    nobody = "11111111-1111-4111-8111-111111111111"
    found = wrong(
        Gateway(),
        {"routes": [{"paths": ["/"], "service": form} for form in ("x", {"id": nobody}, {"name": "y"}, 5)]},
    )
    told = [each["service"] for each in found["routes"]]
    assert told[0] == "invalid reference 'service: x' (no such entry in 'services')"
    assert told[1] == f"invalid reference 'service: {nobody}' (no such entry in 'services')"
    assert told[2] == "invalid reference 'service: y' (no such entry in 'services')"
    assert told[3] == "invalid reference 'service: 5' (no such entry in 'services')"


def test_what_is_about_to_go_cannot_be_referred_to() -> None:
    """The store has it still, but will not."""
    gateway = Gateway()
    gateway.insert("services", name="old", host="h")
    document = {"routes": [{"paths": ["/"], "service": "old"}]}
    gateway.plan(document)
    assert "no such entry" in wrong(gateway, document, "sync")["routes"][0]["service"]


def test_a_nested_entity_belongs_to_its_parent() -> None:
    """It may say so, but not otherwise."""
    gateway = Gateway()
    gateway.insert("services", name="other", host="h")

    def document(service: str) -> dict[str, Any]:
        return {"services": [{"name": "a", "host": "h", "routes": [{"paths": ["/"], "service": service}]}]}

    gateway.plan(document("a"))
    found = wrong(gateway, document("other"))["services"][0]["routes"][0]
    assert found == {"service": "it is nested in one of the 'services', but refers to another"}


def test_certificates_are_known_by_what_they_certify() -> None:
    """They have no names."""
    gateway = Gateway()
    cert, key = make_certificate("a.example")
    stored = gateway.insert("certificates", cert=cert, key=key)
    done = gateway.apply(
        {"certificates": [{"cert": f"{cert}\n", "key": key, "snis": [{"name": "a.example"}]}]}
    )
    assert gateway.rows("snis")[0]["certificate"] == {"id": stored["id"]}
    assert ("create", "certificates") not in told(done.drafts)


def test_an_id_wins_over_a_name() -> None:
    """An entity may be renamed; the name of another stored one it cannot have."""
    gateway = Gateway()
    one = gateway.insert("services", name="one", host="h")
    gateway.insert("services", name="two", host="h")
    gateway.apply({"services": [{"id": one["id"], "name": "three", "host": "h"}]})
    assert {row["name"] for row in gateway.rows("services")} == {"two", "three"}
    found = wrong(gateway, {"services": [{"id": one["id"], "name": "two", "host": "h"}]})
    assert found == {"services": ["""UNIQUE violation detected on '{name="two"}'"""]}
