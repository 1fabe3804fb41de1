"""References by name."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kit.deferreds import failure_of, success_of
from tests.kit.stores import memory_database
from twisted_kong.core.errors import ForeignKeysUnresolved
from twisted_kong.db.references import resolve_references


def test_by_any_unique_field() -> None:
    """A parent may be named by its endpoint key or by another unique field."""
    with memory_database() as database:
        bob = success_of(database.consumers.insert({"username": "bob", "custom_id": "c1"})).entity
        assert bob is not None
        for name in ({"username": "bob"}, {"custom_id": "c1"}):
            schema = database["plugins"].schema
            record = {"name": "p", "consumer": name}
            resolved = success_of(resolve_references(schema, record, database.daos))
            assert resolved == {"name": "p", "consumer": {"id": bob["id"]}}
            assert record["consumer"] == name


@pytest.mark.parametrize(
    "value", [None, "x", {}, {"id": "x"}, {"id": "x", "name": "y"}, {"other": 1}, {"name": 1}, [1]]
)
def test_what_is_no_name(value: Any) -> None:
    """Anything else is left for the schema to judge."""
    with memory_database() as database:
        record = {"service": value}
        schema = database["routes"].schema
        assert success_of(resolve_references(schema, record, database.daos)) is record


def test_all_that_lead_nowhere() -> None:
    """Every reference that leads nowhere is named."""
    with memory_database() as database:
        record = {"service": {"name": "s"}, "consumer": {"username": "c"}}
        error = failure_of(
            resolve_references(database["plugins"].schema, record, database.daos), ForeignKeysUnresolved
        )
        assert isinstance(error, ForeignKeysUnresolved)
        assert set(error.fields or ()) == {"service", "consumer"}
