"""Changes as people read them."""

from __future__ import annotations

from tests.kit.bundled import bundled
from twisted_kong.core.declarative.differences import difference, name_of, summary
from twisted_kong.core.schema.registry import build_schemas

SCHEMAS = build_schemas(bundled("http-log", "key-auth", "acl", "rate-limiting"))
PLUGIN = {"id": "1", "name": "http-log", "created_at": 1, "updated_at": 2, "enabled": True}


def test_an_update_tells_what_differs() -> None:
    """Fields of records within one by one; neither secrets nor times."""
    before = {**PLUGIN, "config": {"http_endpoint": "http://a", "timeout": 1, "method": "POST"}}
    after = {
        **PLUGIN,
        "updated_at": 9,
        "config": {"http_endpoint": "http://b", "timeout": 2, "method": "POST"},
    }
    told = difference(SCHEMAS["plugins"], "update", "1", before, after)
    assert told == {
        "entity": "plugins",
        "operation": "update",
        "id": "1",
        "name": "http-log",
        "before": {"config": {"http_endpoint": "******", "timeout": 1}},
        "after": {"config": {"http_endpoint": "****** (changed)", "timeout": 2}},
    }


def test_others_tell_what_is_set() -> None:
    """Of a new or removed entity."""
    entity = {**PLUGIN, "config": {"http_endpoint": "http://a"}, "tags": None}
    made = difference(SCHEMAS["plugins"], "create", "1", None, entity)
    assert made["before"] is None
    assert made["after"] == {
        "id": "1",
        "name": "http-log",
        "enabled": True,
        "config": {"http_endpoint": "******"},
    }
    gone = difference(SCHEMAS["plugins"], "delete", "1", entity, None)
    assert (gone["before"], gone["after"]) == (made["after"], None)


def test_names() -> None:
    """What people call an entity; never a key."""
    assert name_of(SCHEMAS["consumers"], {"username": "u"}) == "u"
    assert name_of(SCHEMAS["plugins"], {"instance_name": None, "name": "key-auth"}) == "key-auth"
    assert name_of(SCHEMAS["acls"], {"group": "g"}) == "g"
    assert name_of(SCHEMAS["keyauth_credentials"], {"key": "secret"}) is None
    assert name_of(SCHEMAS["certificates"], {}) is None


def test_summary() -> None:
    """How many of each."""
    assert summary([{"operation": "create"}, {"operation": "create"}, {"operation": "delete"}]) == {
        "create": 2,
        "update": 0,
        "delete": 1,
    }
