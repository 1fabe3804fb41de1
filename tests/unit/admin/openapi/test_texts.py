"""Tests of the descriptions of fields."""

from __future__ import annotations

from tests.kit.openapi import node_source
from twisted_kong.admin.openapi.texts import checks_in_words, meaning_of, told_of


def test_the_longest_ending_counts() -> None:
    """A text for one kind goes before one for all."""
    assert meaning_of("services.host") == "The host of the upstream, or the name of an Upstream entity."
    assert meaning_of("acls.tags") == meaning_of("tags")


def test_elements_are_not_told_again() -> None:
    """What is said of a list is not said of its elements."""
    assert meaning_of("services.tags[]") == ""


def test_every_field_of_the_core_has_a_meaning() -> None:
    """Nobody has to guess what a field of Kong's own entities is for."""
    core = (
        "services",
        "routes",
        "consumers",
        "upstreams",
        "targets",
        "certificates",
        "snis",
        "plugins",
        "vaults",
    )
    silent = [
        f"{kind}.{name}"
        for kind in core
        for name in node_source().schemas[kind].fields
        if not meaning_of(f"{kind}.{name}")
    ]
    assert silent == []


def test_what_json_schema_cannot_say_is_said() -> None:
    """Uniqueness, secrets and replacements are told in words."""
    field = {
        "type": "string",
        "unique": True,
        "referenceable": True,
        "deprecated": {"replaced_with": ["a.b"]},
    }
    assert (
        told_of(field, "none.such") == "Deprecated: use `a.b`. Unique. May refer to a secret: `{vault://…}`."
    )


def test_checks_over_several_fields_are_told() -> None:
    """Each check is a sentence; functions are left to the node."""
    checks = [
        {"at_least_one_of": ["a", "b"]},
        {"custom_entity_check": {"fields": ["a"], "fn": "x"}},
        {
            "conditional": {
                "if_field": "a",
                "if_match": {"one_of": ["x"]},
                "then_field": "b",
                "then_match": {"eq": None},
            }
        },
    ]
    assert checks_in_words({"entity_checks": checks}) == [
        "At least one of `a`, `b` must be set.",
        "Where `a` is one of `x`, `b` must not be set.",
    ]
