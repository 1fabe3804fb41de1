"""Tests of what is told of refusals."""

from __future__ import annotations

from twisted_kong.admin.openapi.refusals import error_name, error_schemas, refusal_responses
from twisted_kong.core import errors


def test_errors_are_told_by_code_and_name() -> None:
    """A client can tell errors apart by their numbers."""
    made = dict(error_schemas())
    violation = made[error_name(errors.SchemaViolation)]["properties"]
    assert (violation["code"], violation["name"]) == ({"const": 2}, {"const": "schema violation"})


def test_the_name_of_a_bad_unique_value_holds_the_field() -> None:
    """Kong puts the field into the name of this error alone."""
    made = dict(error_schemas())[error_name(errors.InvalidUnique)]["properties"]
    assert made["name"]["pattern"] == "^invalid unique "


def test_options_stand_in_the_place_of_fields() -> None:
    """As in the body of the error."""
    made = dict(error_schemas())[error_name(errors.InvalidOptions)]["properties"]
    assert ("options" in made, "fields" in made) == (True, False)


def test_pages_of_the_server_are_html() -> None:
    """413 and 415 have no JSON."""
    made = dict(refusal_responses())
    assert [list(made[name]["content"]) for name in ("TooLarge", "UnsupportedMedia")] == [["text/html"]] * 2


def test_a_failed_condition_tells_the_tag() -> None:
    """Whoever was too late can go on from what is there now."""
    assert "ETag" in dict(refusal_responses())["PreconditionFailed"]["headers"]
