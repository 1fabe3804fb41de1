"""The entities of a document are judged as the Admin API would, each beside the one that is stored."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kit.certificates import make_certificate
from tests.kit.declarative import Gateway, told
from twisted_kong.core.declarative.problems import DeclarativeConfig


def fields(document: dict[str, Any], gateway: Gateway | None = None) -> Any:
    """What is wrong with a document."""
    with pytest.raises(DeclarativeConfig) as caught:
        (gateway or Gateway()).plan(document)
    return caught.value.fields


def test_kongs_words() -> None:
    """Seen in Kong's own tests of its endpoint."""
    assert fields({"services": [{"port": -12}]}) == {
        "services": [{"host": "required field missing", "port": "value should be between 0 and 65535"}]
    }
    same = {"id": "0855b320-0dd2-547d-891d-601e9b38647f", "host": "h"}
    assert fields({"services": [same, same]}) == {
        "services": [
            None,
            "uniqueness violation: 'services' entity with primary key set to"
            " '0855b320-0dd2-547d-891d-601e9b38647f' already declared",
        ]
    }
    names = [{"username": "foo", "custom_id": "conflict"}, {"username": "bar", "custom_id": "conflict"}]
    assert fields({"consumers": names}) == {
        "consumers": [
            None,
            "uniqueness violation: 'consumers' entity with custom_id set to 'conflict' already declared",
        ]
    }


def test_two_of_one_name() -> None:
    """Given ids of their own or not, they cannot both be."""
    twice = {"services": [{"name": "foo", "host": "h"}, {"name": "foo", "host": "i"}]}
    assert "already declared" in fields(twice)["services"][1]
    given = {
        "services": [
            {"name": "foo", "host": "h"},
            {"id": "11111111-1111-4111-8111-111111111111", "name": "foo", "host": "i"},
        ]
    }
    assert fields(given) == {
        "services": [None, "uniqueness violation: 'services' entity with name set to 'foo' already declared"]
    }


def test_ids_are_judged_too() -> None:
    """One that is no UUID, or no text."""
    assert fields({"services": [{"id": 5, "host": "h"}, {"id": "x", "host": "h"}]}) == {
        "services": [{"id": "expected a string"}, {"id": "expected a valid UUID"}]
    }


def test_what_was_made_by_itself_is_kept() -> None:
    """A key that nobody has given is not made anew by each import."""
    gateway = Gateway()
    document = {"consumers": [{"username": "u", "keyauth_credentials": [{"tags": ["t"]}]}]}
    gateway.apply(document)
    [before] = gateway.rows("keyauth_credentials")
    assert gateway.apply(document).drafts == ()
    assert gateway.rows("keyauth_credentials") == [before]


def test_passwords_are_hashed_once() -> None:
    """In clear they are the same each time; in the stored form they stay as they are."""
    gateway = Gateway()
    gateway.apply(
        {"consumers": [{"username": "u", "basicauth_credentials": [{"username": "n", "password": "p"}]}]}
    )
    [stored] = gateway.rows("basicauth_credentials")
    assert len(stored["password"]) == 40

    def document(password: str) -> dict[str, Any]:
        credential = {"username": "n", "password": password}
        return {"consumers": [{"username": "u", "basicauth_credentials": [credential]}]}

    assert gateway.apply(document("p")).drafts == ()
    assert gateway.apply(document(stored["password"])).drafts == ()
    other = Gateway()
    other.apply({"_transform": False, **document(stored["password"])})
    assert other.rows("basicauth_credentials")[0]["password"] == stored["password"]


def test_digests_are_made_whatever_is_said() -> None:
    """``_transform: false`` says that what is given is as stored, not that nothing follows from it."""
    gateway = Gateway()
    certificate, _ = make_certificate("authority", ca=True)
    gateway.apply({"_transform": False, "ca_certificates": [{"cert": certificate}]})
    assert len(gateway.rows("ca_certificates")[0]["cert_digest"]) == 64


def test_times_to_live() -> None:
    """They are counted from now; one that is nearly the same is no change, one that is missing is."""
    gateway = Gateway()

    def document(**more: Any) -> dict[str, Any]:
        return {"consumers": [{"username": "u", "keyauth_credentials": [{"key": "k", **more}]}]}

    gateway.apply(document(ttl=600))
    assert gateway.rows("keyauth_credentials")[0]["ttl"] == 600
    gateway.clock.advance(30)
    assert gateway.apply(document(ttl=600)).drafts == ()
    assert told(gateway.apply(document(ttl=6000)).drafts) == [("update", "keyauth_credentials")]
    assert told(gateway.apply(document()).drafts) == [("update", "keyauth_credentials")]
    assert fields(document(ttl="x"), gateway)["consumers"][0]["keyauth_credentials"] == [
        {"ttl": "must be an integer between 0 and 100000000"}
    ]


def test_rules_beyond_schemas_hold() -> None:
    """A Plugin must suit its Route, as through the Admin API."""
    route = {"name": "r", "protocols": ["tcp"], "sources": [{"port": 1}], "plugins": [{"name": "key-auth"}]}
    found = fields({"services": [{"name": "a", "host": "h", "protocol": "tcp", "routes": [route]}]})
    assert "protocols" in found["services"][0]["routes"][0]["plugins"][0]
