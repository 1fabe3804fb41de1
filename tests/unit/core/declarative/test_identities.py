"""Ids of entities that have none are those that Kong gives them."""

from __future__ import annotations

from tests.kit.bundled import bundled
from twisted_kong.core.declarative.identities import identifying, identity, of_content
from twisted_kong.core.schema.registry import build_schemas

SCHEMAS = build_schemas(bundled("key-auth", "acl"))
SERVICE = "0855b320-0dd2-547d-891d-601e9b38647f"


def of(kind: str, record: dict[str, object], **references: str | None) -> str | None:
    """The id of a record, None where nothing identifies it."""
    schema = SCHEMAS[kind]
    found = identifying(schema, record, dict.fromkeys(schema.foreign) | references)
    return None if found is None else identity(kind, found)


def test_names() -> None:
    """Seen in Kong's own tests, whose files give these ids to these names."""
    assert of("services", {"name": "my-service"}) == SERVICE
    assert of("routes", {"name": "my-route"}) == "481a9539-f49c-51b6-b2e2-fe99ee68866c"
    assert of("consumers", {"username": "my-user"}) == "4b1b701d-de2b-5588-9aa2-3b97061d9f52"
    assert of("keyauth_credentials", {"key": "my-key"}) == "487ab43c-b2c9-51ec-8da5-367586ea2b61"


def test_cache_keys() -> None:
    """Likewise, of Plugins."""
    assert of("plugins", {"name": "key-auth"}, service=SERVICE) == "0611a5a9-de73-5a2d-a4e6-6a38ad4c3cb2"
    assert of("plugins", {"name": "file-log"}, service=SERVICE) == "661199ff-aa1c-5498-982c-d57a4bd6e48b"
    assert of("acls", {"group": "g"}, consumer=SERVICE) == identity("acls", f"acls:{SERVICE}:g")


def test_a_name_that_is_one_beneath_a_parent_only() -> None:
    """The same Target of two Upstreams is two."""
    assert of("targets", {"target": "a:1"}, upstream="x") == identity("targets", "a:1:x")
    assert of("targets", {"target": "a:1"}, upstream="y") != of("targets", {"target": "a:1"}, upstream="x")


def test_nothing_that_identifies() -> None:
    """A Service without a name, a group of nobody: the whole record does, and equal ones are counted."""
    assert of("services", {"host": "h"}) is None
    assert of("acls", {"group": "g"}) is None
    schema = SCHEMAS["services"]
    first = of_content(schema, {"host": "h"}, {"client_certificate": None}, 0)
    assert first == of_content(schema, {"host": "h"}, {}, 0)
    assert (
        len({first, of_content(schema, {"host": "h"}, {}, 1), of_content(schema, {"host": "i"}, {}, 0)}) == 3
    )


def test_integers_of_any_size() -> None:
    """A name that is a number past 64 bits is the schema's to refuse, not ours to fail on."""
    services = SCHEMAS["services"]
    assert of_content(services, {"name": 2**70}, {}, 0) != of_content(services, {"name": 2**71}, {}, 0)
