from __future__ import annotations

from base64 import b64decode
from typing import Any

import pytest

from tests.kit.bundled import bundled
from tests.kit.write_context import numbered_uuid, write_context
from twisted_kong.core.changes import Entity
from twisted_kong.core.errors import SchemaViolation
from twisted_kong.core.schema.registry import build_schemas
from twisted_kong.plugins.oauth2.daos import hashed, redirect_uri

# What a Kong made of the secret "plain".
RECORDED = "$pbkdf2-sha512$i=10000,l=32$WmKONQDVNr066Wpk3KS4SA$4umNFhw7G1LQAW5F2H7Evdp8q6SSfL34pco9JbhzOvo"
APPLICATIONS = build_schemas(bundled("oauth2"))["oauth2_credentials"]
BASE: dict[str, Any] = {"name": "app", "consumer": {"id": numbered_uuid(1)}}


def made(**fields: Any) -> Entity:
    """A new application."""
    return APPLICATIONS.process_insert({**BASE, **fields}, write_context())


def test_a_secret_is_hashed_as_kong_does() -> None:
    """So that those in a database that was Kong's still hold."""
    salt = b64decode(RECORDED.split("$")[3] + "==")
    assert hashed("plain", salt) == RECORDED


def test_a_secret_is_stored_as_it_is_unless_its_hash_is_wanted() -> None:
    """``hash_secret``: for a given one and for one that is made."""
    assert made(client_secret="plain")["client_secret"] == "plain"
    assert made(client_secret="plain", hash_secret=True)["client_secret"].startswith("$pbkdf2-sha512$i=10000")
    assert made(hash_secret=True)["client_secret"].startswith("$pbkdf2-sha512$i=10000")


def test_a_hash_is_not_hashed_again() -> None:
    """Whoever writes back what was read locks nobody out."""
    assert made(client_secret=RECORDED, hash_secret=True)["client_secret"] == RECORDED
    again = APPLICATIONS.process_update({"hash_secret": True}, made(client_secret=RECORDED), write_context())
    assert again["client_secret"] == RECORDED


def test_a_new_secret_needs_to_say_whether_to_hash_it() -> None:
    """Else an application with a hash would get a plain one."""
    with pytest.raises(SchemaViolation) as caught:
        APPLICATIONS.process_update({"client_secret": "new"}, made(hash_secret=True), write_context())
    text = "all or none of these fields must be set: 'hash_secret', 'client_secret'"
    assert caught.value.fields == {"@entity": [text]}


@pytest.mark.parametrize(
    ("uri", "text"),
    [
        ("http://x.test/cb", None),
        ("app:/cb", "cannot parse 'app:/cb'"),
        ("x", "cannot parse 'x'"),
        ("http://[x", "cannot parse 'http://[x'"),
        ("http://x.test/#f", "fragment not allowed in 'http://x.test/#f'"),
        ("http://x.test/#", "fragment not allowed in 'http://x.test/#'"),
    ],
)
def test_where_clients_are_sent_back_to(uri: str, text: str | None) -> None:
    """A whole URL without a fragment."""
    assert redirect_uri(uri) == text
