"""Errors mirror the document; flattened, each entity tells its own."""

from __future__ import annotations

from twisted_kong.core.declarative.problems import DocumentError, Problem, refusal, singular, unreadable


def test_the_tree_has_gaps() -> None:
    """Kong: lists hold null for what is good."""
    problems = [
        Problem(("services", 1), "services", {}, {"port": "bad"}),
        Problem(("services", 1, "routes", 0), "routes", {}, {"@entity": ["worse"]}),
        Problem(("consumers", 0), "consumers", {}, "already declared"),
    ]
    body = refusal({"x": "unknown field"}, problems).body()
    assert body["code"] == 14
    assert body["fields"] == {
        "x": "unknown field",
        "services": [None, {"port": "bad", "routes": [{"@entity": ["worse"]}]}],
        "consumers": ["already declared"],
    }
    assert "flattened_errors" not in body
    assert body["message"].startswith('declarative config is invalid: {consumers={"already declared"},')


def test_a_text_for_an_entity_with_others_in_it() -> None:
    """Neither hides the other."""
    problems = [
        Problem(("services", 0), "services", {}, "already declared"),
        Problem(("services", 0, "routes", 0), "routes", {}, {"name": "bad"}),
    ]
    expected = {"services": [{"@entity": ["already declared"], "routes": [{"name": "bad"}]}]}
    assert refusal({}, problems).body()["fields"] == expected
    assert refusal({}, problems[::-1]).body()["fields"] == expected


def test_flattened() -> None:
    """Kong: what is told of an entity is what it rightly says of itself; places count from 1."""
    record = {"id": 5, "name": "n", "tags": ["a", 1], "config": {}}
    found = {"id": "expected a string", "tags": [None, "bad"], "config": {"a": {"b": "x"}}, "@entity": ["e"]}
    [told] = refusal({}, [Problem(("plugins", 0), "plugins", record, found)], flatten=True).body()[
        "flattened_errors"
    ]
    assert told == {
        "entity_type": "plugin",
        "entity_name": "n",
        "entity": record,
        "errors": [
            {"type": "field", "field": "id", "message": "expected a string"},
            {"type": "field", "field": "tags.2", "message": "bad"},
            {"type": "field", "field": "config.a.b", "message": "x"},
            {"type": "entity", "message": "e"},
        ],
    }
    full = Problem(("x", 0), "acls", {"id": "1", "tags": ["t"]}, "twice")
    [told] = refusal({}, [full], flatten=True).body()["flattened_errors"]
    assert (told["entity_id"], told["entity_tags"]) == ("1", ["t"])
    assert told["errors"] == [{"type": "entity", "message": "twice"}]


def test_unreadable() -> None:
    """Kong's words, with our line."""
    error = unreadable(DocumentError("expected an object", 3))
    assert error.fields == {"error": "failed parsing declarative configuration: expected an object (line 3)"}


def test_singular() -> None:
    """Kong's names of single entities."""
    kinds = ("services", "ca_certificates", "basicauth_credentials", "keys", "snis", "entities")
    assert [singular(kind) for kind in kinds] == [
        *("service", "ca_certificate", "basicauth_credential", "key", "sni", "entity"),
    ]
