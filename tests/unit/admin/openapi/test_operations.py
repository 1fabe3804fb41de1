"""Tests of operations as objects of the document."""

from __future__ import annotations

from twisted_kong.admin.openapi.operations import Operation, Parameter, Reply, operation_object


def test_an_operation_takes_bodies_in_all_media_types() -> None:
    """JSON and both kinds of form hold the same record."""
    made = operation_object("post", "/things", Operation("Make a thing", "Things", body={"type": "object"}))
    assert list(made["requestBody"]["content"]) == [
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    ]
    assert "415" in made["responses"]


def test_a_read_has_no_body() -> None:
    """And no refusal of its type."""
    made = operation_object("get", "/things", Operation("List things", "Things"))
    assert "requestBody" not in made
    assert "415" not in made["responses"]


def test_paths_with_names_may_lead_nowhere() -> None:
    """404 is told where something may be missing."""
    statuses = [
        "404" in operation_object("get", path, Operation("Read", "Things"))["responses"]
        for path in ("/things", "/things/{things}")
    ]
    assert statuses == [False, True]


def test_what_is_stored_may_conflict_or_only_be_tried() -> None:
    """The answer to a trial stands beside that to the write."""
    told = Operation("Make a thing", "Things", replies={201: Reply("Made.", {"type": "object"})}, stores=True)
    made = operation_object("post", "/things", told)["responses"]
    assert {"409", "412", "504"} <= made.keys()
    assert made["201"]["content"]["application/json"]["schema"]["anyOf"][1] == {
        "$ref": "#/components/schemas/DryRun"
    }


def test_a_trial_of_a_deletion_has_a_body() -> None:
    """204 has none, so a trial is 200."""
    told = Operation("Delete a thing", "Things", replies={204: Reply("Gone.")}, stores=True)
    assert "200" in operation_object("delete", "/things/{things}", told)["responses"]


def test_what_is_tagged_may_be_unchanged() -> None:
    """A read under a condition may be 304."""
    told = Operation("Read", "Things", tagged=True)
    assert {"304", "412"} <= operation_object("get", "/things", told)["responses"].keys()


def test_arguments_are_shared_or_their_own() -> None:
    """A name refers to the components, a parameter stands where it is."""
    own = Parameter("colour", "Which colour.", {"type": "string"})
    told = Operation("List", "Things", arguments=("Size", own))
    assert operation_object("get", "/things", told)["parameters"] == [
        {"$ref": "#/components/parameters/Size"},
        {"name": "colour", "in": "query", "description": "Which colour.", "schema": {"type": "string"}},
    ]


def test_an_operation_without_a_name_has_one_from_its_path() -> None:
    """Every operation can be called by a generated client."""
    assert operation_object("get", "/", Operation("Read", "Things"))["operationId"] == "getRoot"
