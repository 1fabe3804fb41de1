"""Everything as one document: given back, taken over, tried out; what Kong answers, and what is ours."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from tests.kit.admin_node import AdminNode
from tests.kit.logs import caught_warnings
from twisted_kong.core.declarative.identities import identity
from twisted_kong.core.errors import OutcomeUnknown

SERVICE = "0855b320-0dd2-547d-891d-601e9b38647f"
DOCUMENT: dict[str, Any] = {
    "_format_version": "3.0",
    "services": [
        {
            "name": "my-service",
            "host": "example.com",
            "routes": [{"name": "my-route", "paths": ["/"]}],
            "plugins": [{"name": "key-auth"}],
        }
    ],
    "consumers": [{"username": "my-user", "keyauth_credentials": [{"key": "my-key"}]}],
}


def node() -> AdminNode:
    """A node that knows key-auth."""
    return AdminNode("key-auth")


def test_answers_all_entities_by_kind_and_id() -> None:
    """Kong: 201 with what the document holds; ids are those that Kong would have made."""
    admin = node()
    answer = admin.client.post("/config", DOCUMENT)
    assert answer.status == 201
    assert answer.json["services"][SERVICE]["name"] == "my-service"
    assert list(answer.json["consumers"]) == [identity("consumers", "my-user")]
    assert set(answer.json) == {"services", "routes", "plugins", "consumers", "keyauth_credentials"}
    assert answer.header("X-Kong-Position") == "6-00c0ffee"
    assert len(admin.applied) == 5
    assert admin.client.get("/routes/my-route").json["service"] == {"id": SERVICE}


def test_takes_every_form() -> None:
    """YAML as it is, a text or an object in ``config``, and forms."""
    text = yaml.safe_dump(DOCUMENT)
    yaml_type = {"Content-Type": "application/yaml"}
    for content in (
        {"raw": text, "headers": yaml_type},
        {"raw": text, "headers": {"Content-Type": "text/yaml; charset=utf-8"}},
        {"json": {"config": text}},
        {"json": {"config": DOCUMENT}},
        {"json": {"config": json.dumps(DOCUMENT)}},
        {"form": [("config", text)]},
        {"multipart": [("config", text)]},
    ):
        answer = node().client.request("POST", "/config", **content)
        assert answer.status == 201, answer.body
        assert SERVICE in answer.json["services"]


def test_nothing_to_take() -> None:
    """Kong: these words where there is no document, and code 14 where it is none."""
    client = node().client
    for content in ({"json": {}}, {"form": [("a", "b")]}, {"json": {"config": ""}}):
        answer = client.request("POST", "/config", **content)
        assert answer.status == 400
    assert client.post("/config", {}).json == {"message": "expected a declarative configuration"}
    assert client.request("POST", "/config").json == {"message": "expected a declarative configuration"}
    reason = "failed parsing declarative configuration: expected an object"
    assert client.post("/config", {"config": "bobby tables"}).json == {
        "code": 14,
        "name": "invalid declarative configuration",
        "message": f'declarative config is invalid: {{error="{reason}"}}',
        "fields": {"error": reason},
    }


def test_the_content_type_counts() -> None:
    """Any other is refused by nginx in Kong; so it is here."""
    answer = node().client.request("POST", "/config", raw="a: 1", headers={"Content-Type": "text/plain"})
    assert answer.status == 415


def test_errors_are_told_for_the_whole_document() -> None:
    """Kong: a tree that mirrors the document, with gaps for what is good."""
    document = {"_format_version": "1.1", "services": [{"name": "good", "host": "h"}, {"port": -12}]}
    answer = node().client.post("/config", document)
    assert answer.status == 400
    found = {"host": "required field missing", "port": "value should be between 0 and 65535"}
    assert answer.json["fields"] == {"services": [None, found]}
    text = '{services={[2]={host="required field missing",port="value should be between 0 and 65535"}}}'
    assert answer.json["message"] == f"declarative config is invalid: {text}"


def test_errors_are_told_one_by_one_when_asked() -> None:
    """Kong: with ``flatten_errors`` they leave the tree."""
    document = {
        "_format_version": "3.0",
        "abnormal": 1,
        "consumers": [{"username": "u", "keyauth_credentials": [{"key": "k", "extra": 1, "tags": ["t"]}]}],
    }
    answer = node().client.post("/config?flatten_errors=1", document)
    assert answer.json["fields"] == {"abnormal": "unknown field"}
    assert answer.json["flattened_errors"] == [
        {
            "entity_type": "keyauth_credential",
            "entity_tags": ["t"],
            "entity": {"key": "k", "extra": 1, "tags": ["t"]},
            "errors": [{"type": "field", "field": "extra", "message": "unknown field"}],
        }
    ]


def test_a_second_time_changes_nothing() -> None:
    """What is so already is not written again; ``check_hash`` is answered 304, as in Kong."""
    admin = node()
    admin.client.post("/config", DOCUMENT)
    admin.applied.clear()
    again = admin.client.post("/config?check_hash=1", DOCUMENT)
    assert (again.status, again.body) == (304, b"")
    assert again.header("X-Kong-Position") == "6-00c0ffee"
    assert admin.client.post("/config", DOCUMENT).status == 201
    assert admin.applied == []


def test_upsert_removes_nothing_and_sync_does() -> None:
    """Which of them, the query string says."""
    admin = node()
    admin.client.post("/config", DOCUMENT)
    other = {"_format_version": "3.0", "services": [{"name": "other", "host": "h"}]}
    assert admin.client.post("/config", other).status == 201
    assert len(admin.client.get("/services").json["data"]) == 2
    assert admin.client.post("/config?mode=sync", other).status == 201
    assert [each["name"] for each in admin.client.get("/services").json["data"]] == ["other"]
    assert admin.client.get("/consumers").json["data"] == []
    assert admin.client.post("/config?mode=replace", other).json == {"message": "mode must be upsert or sync"}


def test_tried_out() -> None:
    """``dry_run`` shows what would change, and nothing does."""
    admin = node()
    answer = admin.client.post("/config?dry_run=1", DOCUMENT)
    assert answer.status == 201
    assert answer.header("X-Kong-Dry-Run") == "true"
    assert answer.json["dry_run"] is True
    assert answer.json["summary"] == {"create": 5, "update": 0, "delete": 0}
    assert admin.client.get("/services").json["data"] == []
    assert admin.applied == []
    assert admin.client.post("/config?dry_run=1", {"_format_version": "3.0", "x": 1}).status == 400


def test_given_back_as_kong_does() -> None:
    """Kong: a text in ``config``: unset fields as null, references as ids."""
    admin = node()
    admin.client.post("/config", DOCUMENT)
    answer = admin.client.get("/config")
    assert answer.status == 200
    document = yaml.safe_load(answer.json["config"])
    assert (document["_format_version"], document["_transform"]) == ("3.0", False)
    assert document["routes"][0]["service"] == SERVICE
    assert document["consumers"][0]["custom_id"] is None
    assert "workspaces" not in document
    assert "admin_tokens" not in document


def test_given_back_bare_and_as_deck_does() -> None:
    """The Accept header asks for YAML itself, ``format`` for decK's, which nests and has few ids."""
    admin = node()
    admin.client.post("/config", DOCUMENT)
    answer = admin.client.get("/config?format=deck", headers={"Accept": "application/yaml"})
    assert answer.header("Content-Type") == "application/yaml"
    document = yaml.safe_load(answer.body)
    assert document["services"][0]["routes"][0]["name"] == "my-route"
    assert "id" not in document["services"][0]
    assert document["consumers"][0]["keyauth_credentials"] == [{"key": "my-key"}]
    with_id = admin.client.get("/config?format=deck&with_id=1", headers={"Accept": "application/yaml"})
    assert yaml.safe_load(with_id.body)["services"][0]["id"] == SERVICE
    assert admin.client.get("/config?format=xml").json == {"message": "format must be kong or deck"}


def test_progress() -> None:
    """Of none, of one that ended well, and of one that was refused."""
    admin = node()
    assert admin.client.get("/config/progress").json == {"state": "idle"}
    admin.client.post("/config?mode=sync", DOCUMENT)
    shown = admin.client.get("/config/progress").json
    assert (shown["state"], shown["mode"], shown["author"]) == ("done", "sync", "127.0.0.1")
    assert shown["changes"] == {"create": 5, "update": 0, "delete": 0}
    admin.client.post("/config", {"_format_version": "3.0", "x": 1})
    shown = admin.client.get("/config/progress").json
    assert shown["state"] == "failed"
    assert "unknown field" in shown["error"]


def test_waits_for_the_cluster() -> None:
    """It is a write like others: ``wait=cluster`` holds its answer back until all have applied it."""
    admin = node()
    assert admin.client.post("/config?wait=cluster", DOCUMENT).status == 201


def test_a_node_that_cannot_follow_in_time_says_so() -> None:
    """The import stands, be it of few entities or of many, for which there is more time."""
    for count in (5, 600):
        admin = node()
        admin.follows = False
        consumers = [{"username": f"u{number}"} for number in range(count)]
        answer = admin.client.post("/config", {"_format_version": "3.0", "consumers": consumers})
        assert (answer.status, answer.header("X-Kong-Applied")) == (201, "false")
        assert len(admin.client.get("/consumers?size=1000").json["data"]) == count


def test_no_text_has_a_nul() -> None:
    """As with a single entity: what no store could find by name is refused, by every store alike."""
    admin = node()
    bad = {"username": "a\0"}
    assert admin.client.post("/consumers", bad).json["fields"] == {
        "username": "must not contain a NUL character"
    }
    answer = admin.client.post("/config", {"_format_version": "3.0", "consumers": [bad]})
    assert (answer.status, answer.json["fields"]) == (
        400,
        {"consumers": [{"username": "must not contain a NUL character"}]},
    )
    tagged = {"username": "a", "tags": ["b\0"], "custom_id": "c\0"}
    assert set(admin.client.post("/consumers", tagged).json["fields"]) == {"tags", "custom_id"}


def test_an_import_of_unknown_outcome_is_not_called_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection went at the commit: the answer, the log and the progress say that it may be so."""
    admin = node()

    async def lost(commit: object) -> None:
        raise OutcomeUnknown("connection lost")

    monkeypatch.setattr(admin.database.strategy, "apply", lost)
    with caught_warnings() as lines:
        answer = admin.client.post("/config", DOCUMENT)
    assert (answer.status, "may have taken effect" in answer.json["message"]) == (500, True)
    assert not any("was not imported" in line for line in lines)
    assert admin.client.get("/config/progress").json["state"] == "unknown"
