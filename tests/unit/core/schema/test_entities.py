from __future__ import annotations

from typing import Any

import pytest

from tests.kit.reference import reference_entities
from twisted_kong.core.schema.entities import CORE_ENTITIES

# Remarks of the reference to its readers, and what this engine alone reads.
REMARKS = frozenset({"notes", "note", "flavours", "view", "internal", "out_of_scope"})
OWN = frozenset({"before_write", "read_only"})

# Kinds that Kong does not have.
ADDED = frozenset({"admin_tokens"})

OURS = {definition["name"]: definition for definition in CORE_ENTITIES if definition["name"] not in ADDED}
THEIRS = {
    name: {key: value for key, value in definition.items() if key not in REMARKS}
    for name, definition in reference_entities().items()
    if "plugin" not in definition
}

# What Kong was seen to show in /schemas beyond the reference.
SHOWN = {("services", "ca_certificates"): {"elements": {"type": "string", "uuid": True, "required": True}}}
for (entity, field), more in SHOWN.items():
    fields = THEIRS[entity]["fields"]
    THEIRS[entity] = {**THEIRS[entity], "fields": {**fields, field: {**fields[field], **more}}}


def test_all_core_entities_are_there() -> None:
    """None is missing and none is invented, but those that are known to be ours."""
    assert OURS.keys() == THEIRS.keys()
    assert {definition["name"] for definition in CORE_ENTITIES} - OURS.keys() == ADDED
    assert len(OURS) == 17


@pytest.mark.parametrize("name", sorted(OURS))
def test_an_entity_is_the_references_field_by_field(name: str) -> None:
    """Keys, fields in their order, defaults, limits, checks and shorthands are Kong's."""
    ours: dict[str, Any] = {key: value for key, value in OURS[name].items() if key not in OWN}
    assert list(ours["fields"]) == list(THEIRS[name]["fields"])
    for field, definition in THEIRS[name]["fields"].items():
        assert ours["fields"][field] == definition, field
    assert ours == THEIRS[name]
