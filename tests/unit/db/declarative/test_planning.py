"""The order of writes lets names and parents be handed on, and nothing go that is still needed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kit.certificates import make_certificate
from tests.kit.declarative import Gateway, told
from twisted_kong.core.declarative.problems import DeclarativeConfig

ONE = "11111111-1111-4111-8111-111111111111"
TWO = "22222222-2222-4222-8222-222222222222"


def test_sync_makes_the_store_as_the_document() -> None:
    """Children go before their parents."""
    gateway = Gateway()
    gateway.apply({"services": [{"name": "a", "host": "h", "routes": [{"name": "r", "paths": ["/"]}]}]})
    done = gateway.apply({"consumers": [{"username": "u"}]}, "sync")
    assert told(done.drafts) == [("delete", "routes"), ("delete", "services"), ("create", "consumers")]


def test_an_empty_document_empties_the_store() -> None:
    """But for what the gateway makes itself."""
    gateway = Gateway()
    consumer = gateway.insert("consumers", username="u")
    credential = gateway.insert(
        "oauth2_credentials", consumer={"id": consumer["id"]}, name="app", redirect_uris=["http://a"]
    )
    service = gateway.insert("services", name="a", host="h")
    gateway.insert("acme_storage", key="k", value="v")
    gateway.insert(
        *("oauth2_tokens",), credential={"id": credential["id"]}, service={"id": service["id"]}, expires_in=10
    )
    gateway.apply({}, "sync")
    assert gateway.rows("consumers") == gateway.rows("services") == []
    assert len(gateway.rows("acme_storage")) == 1
    assert len(gateway.rows("workspaces")) == 1


def test_what_the_gateway_makes_goes_if_the_document_has_a_list_of_it() -> None:
    """Then the list counts."""
    gateway = Gateway()
    gateway.insert("acme_storage", key="k", value="v")
    gateway.apply({"acme_storage": []}, "sync")
    assert gateway.rows("acme_storage") == []


def test_a_freed_name_can_be_taken() -> None:
    """By an entity with another id, in the same commit."""
    gateway = Gateway()
    gateway.apply({"services": [{"id": ONE, "name": "a", "host": "h"}]})
    done = gateway.apply({"services": [{"id": TWO, "name": "a", "host": "h"}]}, "sync")
    assert told(done.drafts) == [("delete", "services"), ("create", "services")]


def test_a_name_can_be_handed_on() -> None:
    """In whatever order the document has them."""
    gateway = Gateway()
    gateway.apply(
        {"services": [{"id": ONE, "name": "a", "host": "h"}, {"id": TWO, "name": "b", "host": "h"}]}
    )
    gateway.apply(
        {"services": [{"id": ONE, "name": "b", "host": "h"}, {"id": TWO, "name": "c", "host": "h"}]}
    )
    assert {row["id"]: row["name"] for row in gateway.rows("services")} == {ONE: "b", TWO: "c"}


def test_a_child_is_led_away_before_its_parent_goes() -> None:
    """What would cascade, or be refused, is moved first."""
    gateway = Gateway()
    plugin = {"id": TWO, "name": "key-auth"}
    route = {"name": "r", "paths": ["/"]}
    gateway.apply({"services": [{"name": "a", "host": "h", "routes": [route], "plugins": [plugin]}]})
    other = {"services": [{"name": "b", "host": "h", "routes": [route], "plugins": [plugin]}]}
    done = gateway.apply(other, "sync")
    assert told(done.drafts) == [
        *(("create", "services"), ("update", "routes"), ("update", "plugins"), ("delete", "services")),
    ]


def test_an_sni_moves_to_another_certificate() -> None:
    """Removing a Certificate removes its SNIs, but not those that have moved."""
    gateway = Gateway()
    (cert_a, key_a), (cert_b, key_b) = make_certificate("a.example"), make_certificate("b.example")
    gateway.apply({"certificates": [{"cert": cert_a, "key": key_a, "snis": ["a.example", "x.example"]}]})
    gateway.apply({"certificates": [{"cert": cert_b, "key": key_b, "snis": ["a.example"]}]}, "sync")
    [certificate], [sni] = gateway.rows("certificates"), gateway.rows("snis")
    assert (certificate["cert"], certificate["snis"]) == (cert_b, ["a.example"])
    assert sni["certificate"] == {"id": certificate["id"]}


def test_what_others_need_stays_and_is_named() -> None:
    """A Certificate of a Service that is not selected cannot go."""
    gateway = Gateway()
    cert, key = make_certificate("a.example")
    certificate = gateway.insert("certificates", cert=cert, key=key, tags=["mine"])
    gateway.insert(
        "services", name="a", host="h", protocol="https", client_certificate={"id": certificate["id"]}
    )
    with pytest.raises(DeclarativeConfig) as caught:
        gateway.apply({"_info": {"select_tags": ["mine"]}}, "sync")
    assert caught.value.fields is not None
    assert "cannot be removed" in caught.value.fields["certificates"][certificate["id"]]


def test_select_tags() -> None:
    """Only what bears all of them goes; what the document makes bears them."""
    gateway = Gateway()
    gateway.insert("services", name="theirs", host="h", tags=["other"])
    gateway.insert("services", name="mine", host="h", tags=["mine", "x"])
    gateway.apply({"_info": {"select_tags": ["mine"]}, "consumers": [{"username": "u"}]}, "sync")
    assert [row["name"] for row in gateway.rows("services")] == ["theirs"]
    assert gateway.rows("consumers")[0]["tags"] == ["mine"]


def test_many_entities_are_read_at_once() -> None:
    """The result is the same as for a few."""
    gateway = Gateway()
    document: dict[str, Any] = {"consumers": [{"username": f"u{n}"} for n in range(120)]}
    assert len(gateway.apply(document).drafts) == 120
    document["consumers"][7]["tags"] = ["t"]
    assert told(gateway.apply(document).drafts) == [("update", "consumers")]


def test_a_plan_writes_nothing() -> None:
    """And can be forgotten."""
    gateway = Gateway()
    plan = gateway.plan({"services": [{"name": "a", "host": "h"}]})
    assert told(plan.changes) == [("create", "services")]
    assert gateway.rows("services") == []


def test_errors_of_all_entities_at_once() -> None:
    """One after the other, when asked."""
    with pytest.raises(DeclarativeConfig) as caught:
        Gateway().plan({"services": [{"name": "a"}, {"name": "b", "host": "h", "port": -1}]}, flatten=True)
    assert caught.value.flattened is not None
    assert [each["entity_name"] for each in caught.value.flattened] == ["a", "b"]
