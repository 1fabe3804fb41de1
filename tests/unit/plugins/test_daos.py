"""The kinds of entity that the bundled plugins bring along are Kong's."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kit.bundled import bundled
from tests.kit.reference import reference_entities

REMARKS = frozenset({"notes", "note", "plugin"})
OURS: dict[str, Any] = {
    entity["name"]: (plugin.name, entity) for plugin in bundled() for entity in plugin.entities
}
THEIRS = {name: each for name, each in reference_entities().items() if "plugin" in each}


def test_all_of_them_are_there() -> None:
    """None is missing and none is invented."""
    assert OURS.keys() == THEIRS.keys()
    assert len(OURS) == 11


@pytest.mark.parametrize("name", sorted(OURS))
def test_an_entity_is_the_references_field_by_field(name: str) -> None:
    """Keys, fields in their order, defaults, checks and what is made on write; brought by the same plugin."""
    plugin, ours = OURS[name]
    theirs = {key: value for key, value in THEIRS[name].items() if key not in REMARKS}
    assert plugin == THEIRS[name]["plugin"]
    assert list(ours["fields"]) == list(theirs["fields"])
    assert _as_theirs(ours) == theirs


def _as_theirs(ours: dict[str, Any]) -> dict[str, Any]:
    """A definition without what only this engine reads of it."""
    if "transformations" not in ours:
        return ours
    kept = [{key: value for key, value in each.items() if key != "slow"} for each in ours["transformations"]]
    return {**ours, "transformations": kept}
