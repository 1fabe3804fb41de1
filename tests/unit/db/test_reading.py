"""What readers are handed; how lists are cut is the contract's."""

from __future__ import annotations

from tests.kit.deferreds import failure_of, success_of
from tests.kit.stores import memory_database
from twisted_kong.core.errors import InvalidOffset, InvalidPrimaryKey, InvalidUnique
from twisted_kong.db.interfaces import Commit, Write
from twisted_kong.db.paging import encode_offset


def test_half_a_character_is_no_name() -> None:
    """A value that no store could hold is refused before any store sees it."""
    with memory_database() as database:
        failure_of(database.services.select_by("name", "\ud800"), InvalidUnique)


def test_null_finds_nothing_by_composite_keys() -> None:
    """A primary key of several parts must be whole."""
    with memory_database() as database:
        failure_of(database.counters.select({"identifier": "x"}), InvalidPrimaryKey)
        failure_of(database.counters.select("x"), InvalidPrimaryKey)


def test_cursors_of_other_lists() -> None:
    """An offset that was handed out for the tags is none of a list of entities."""
    with memory_database() as database:
        failure_of(database.services.page(10, encode_offset(["1", 2])), InvalidOffset)


def test_entities_of_another_version() -> None:
    """An entity that another version has stored is handed out with this one's fields, no more and no less."""
    key = "11111111-1111-4111-8111-000000000001"
    with memory_database() as database:
        entity = {"id": key, "name": "r", "options": {"a": 1}, "later": 1}
        write = Write("routes", "insert", key, entity)
        success_of(database.strategy.apply(Commit((write,), "other", 0.0)))
        found = success_of(database.routes.select(key))
        assert found is not None
        assert found.keys() == set(database.routes.schema.fields)
        assert (found["name"], found["options"]) == ("r", {"a": 1, "b": None})


def test_the_state_of_an_entity_does_not_age() -> None:
    """What counts for who wants to know whether it was written: all fields, but not the rest of its life."""
    with memory_database() as database:
        counters, record = database.counters, {"identifier": "x", "period": "day", "value": 1}
        made = success_of(counters.insert(record, ttl=100)).entity
        key = counters.table.key_of(record)
        stored = success_of(database.strategy.select(counters.table, key))
        assert made is not None
        assert stored is not None
        assert made == {**record, "ttl": 100}
        assert success_of(counters.state_of(stored)) == record
