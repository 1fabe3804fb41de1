"""Tests of the short ways to write schemas."""

from __future__ import annotations

from twisted_kong.admin.openapi.shapes import TEXT, listed, mapped, maybe, partly, record, ref


def test_a_record_has_all_its_members() -> None:
    """What an answer always holds is required."""
    assert record(a=TEXT)["required"] == ["a"]


def test_a_part_has_only_what_it_must() -> None:
    """Other members may be missing."""
    assert "required" not in partly({"a": TEXT})
    assert partly({"a": TEXT}, "a")["required"] == ["a"]


def test_null_is_a_second_type() -> None:
    """Not a schema of its own."""
    assert maybe(TEXT) == {"type": ["string", "null"]}


def test_collections_are_of_their_elements() -> None:
    """Arrays and objects of anything."""
    assert (listed(TEXT)["items"], mapped(TEXT)["additionalProperties"]) == (TEXT, TEXT)


def test_a_reference_leads_to_the_components() -> None:
    """By name."""
    assert ref("Node") == {"$ref": "#/components/schemas/Node"}
