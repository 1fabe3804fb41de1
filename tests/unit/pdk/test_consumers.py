"""The Service is told who asks, and never by anybody but us."""

from __future__ import annotations

import pytest

from tests.kit.pdk import a_context, a_kong, sent_headers
from twisted_kong.pdk.consumers import Identities, identity_headers
from twisted_kong.pdk.phase import LOG, WrongPhase

BOB = {"id": "b", "username": "bob", "custom_id": "c1"}
CREDENTIAL = {"id": "cred", "consumer": {"id": "b"}}


def test_an_authenticated_client() -> None:
    """All that is known is sent; what is not is removed, so that no client can claim it."""
    context = a_context(headers={"X-Anonymous-Consumer": "true"})
    Identities().authenticate(a_kong(context), BOB, CREDENTIAL, "key-1")
    assert (context.consumer, context.credential) == (BOB, CREDENTIAL)
    assert sent_headers(context) == {
        "x-consumer-id": "b",
        "x-consumer-custom-id": "c1",
        "x-consumer-username": "bob",
        "x-credential-identifier": "key-1",
        "x-anonymous-consumer": None,
    }


def test_the_anonymous_consumer() -> None:
    """It has no credential, and the Service is told so."""
    context = a_context()
    Identities().authenticate(a_kong(context), {"id": "a", "username": "anon"}, None, None)
    sent = sent_headers(context)
    assert sent["x-anonymous-consumer"] == "true"
    assert sent["x-credential-identifier"] is None
    assert sent["x-consumer-custom-id"] is None


def test_changed_entities_are_sent_as_changed() -> None:
    """What is kept ready is never used for another form of the Consumer or the credential."""
    identities = Identities()
    identities.authenticate(a_kong(a_context()), BOB, CREDENTIAL, "k")
    context = a_context()
    identities.authenticate(a_kong(context), BOB | {"username": "robert"}, CREDENTIAL, "k")
    assert sent_headers(context)["x-consumer-username"] == "robert"


def test_only_so_many_are_kept_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    """The identity not seen for longest is forgotten."""
    monkeypatch.setattr("twisted_kong.pdk.consumers._REMEMBERED", 2)
    identities = Identities()
    for number in (1, 2, 1, 3):
        identities.authenticate(a_kong(a_context()), BOB, {"id": f"k{number}"}, "k")
    assert list(identities._ready) == ["k1", "k3"]


def test_names_cannot_break_headers() -> None:
    """A username with a line break is sent without it."""
    headers = identity_headers({"id": "b", "username": "a\r\nX: 1"}, CREDENTIAL, "k")
    assert (b"X-Consumer-Username", b"aX: 1") in headers.fields


def test_only_in_access() -> None:
    """Later it would come too late."""
    with pytest.raises(WrongPhase, match="authenticate"):
        Identities().authenticate(a_kong(a_context(), phase=LOG), BOB, CREDENTIAL, "k")
