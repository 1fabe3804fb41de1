"""What a document would change: told exactly, without secrets, and without changing anything."""

from __future__ import annotations

from typing import Any

from tests.kit.admin_node import AdminNode

DOCUMENT: dict[str, Any] = {
    "_format_version": "3.0",
    "services": [{"name": "a", "host": "one", "tags": ["mine"]}],
    "consumers": [{"username": "u", "basicauth_credentials": [{"username": "n", "password": "p"}]}],
}


def filled() -> AdminNode:
    """A node that is as the document says."""
    admin = AdminNode("key-auth", "basic-auth")
    assert admin.client.post("/config", DOCUMENT).status == 201
    admin.applied.clear()
    return admin


def test_in_sync() -> None:
    """No change: that is what a script looks at."""
    expected = {"in_sync": True, "changes": [], "summary": {"create": 0, "update": 0, "delete": 0}}
    admin = filled()
    assert admin.client.post("/diff", DOCUMENT).json == expected
    assert admin.client.get("/diff", json=DOCUMENT).json == expected


def test_only_what_differs_is_told() -> None:
    """An update shows the fields that differ, a removal and a new entity what is set in them."""
    admin = filled()
    document = {
        "_format_version": "3.0",
        "services": [{"name": "a", "host": "two", "tags": ["mine"]}, {"name": "b", "host": "three"}],
    }
    answer = admin.client.get("/diff", json=document)
    assert answer.status == 200
    by_name = {(each["entity"], each["name"]): each for each in answer.json["changes"]}
    update = by_name["services", "a"]
    assert (update["operation"], update["before"], update["after"]) == (
        "update",
        {"host": "one"},
        {"host": "two"},
    )
    assert by_name["services", "b"]["before"] is None
    assert by_name["services", "b"]["after"]["host"] == "three"
    assert by_name["consumers", "u"]["operation"] == "delete"
    assert by_name["consumers", "u"]["after"] is None
    assert answer.json["summary"] == {"create": 1, "update": 1, "delete": 2}
    assert answer.json["in_sync"] is False
    assert admin.applied == []
    assert len(admin.client.get("/services").json["data"]) == 1


def test_upsert_tells_no_removals() -> None:
    """``mode`` is that of an import; without it all is compared."""
    answer = filled().client.post("/diff?mode=upsert", {"_format_version": "3.0"})
    assert answer.json["in_sync"] is True


def test_select_tags_limit_what_goes() -> None:
    """Only what bears all of the tags is missed in the document."""
    answer = filled().client.post("/diff?select_tags=mine", {"_format_version": "3.0"})
    assert [(each["entity"], each["operation"]) for each in answer.json["changes"]] == [
        ("services", "delete")
    ]


def test_a_secret_that_differs_is_not_told() -> None:
    """That it differs is."""
    admin = AdminNode("http-log")

    def document(endpoint: str) -> dict[str, Any]:
        plugin = {"name": "http-log", "config": {"http_endpoint": endpoint, "timeout": 5}}
        return {"_format_version": "3.0", "plugins": [plugin]}

    assert admin.client.post("/config", document("http://secret.example/")).status == 201
    [change] = admin.client.post("/diff", document("http://other.example/")).json["changes"]
    assert change["before"] == {"config": {"http_endpoint": "******"}}
    assert change["after"] == {"config": {"http_endpoint": "****** (changed)"}}


def test_no_document() -> None:
    """A GET without a body is told what is missing."""
    answer = filled().client.get("/diff")
    assert (answer.status, answer.json) == (400, {"message": "expected a declarative configuration"})
