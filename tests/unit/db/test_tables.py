"""What strategies know of a kind."""

from __future__ import annotations

import pytest

from twisted_kong.db.tables import Reference, Table, Unique, tags_of


def table(*primary_key: str) -> Table:
    """A table with this primary key and nothing else."""
    return Table("things", primary_key, (Unique(("name",)),), (), (), lambda new, old: ())


def test_a_single_null_binds_nothing() -> None:
    """A single field that is null takes part in no constraint; any other value does, be it empty."""
    assert Unique(("name",)).value_of({"name": None}) is None
    assert Unique(("name",)).value_of({}) is None
    assert Unique(("name",)).value_of({"name": ""}) == '[""]'


def test_composite_values() -> None:
    """Of several fields nulls count, and of a reference only what it refers to."""
    unique = Unique(("kid", "set"))
    assert unique.value_of({"kid": "k", "set": None}) == '["k",null]'
    assert unique.value_of({"kid": "k", "set": {"id": "1"}}) == '["k","1"]'


def test_values_are_told_apart() -> None:
    """No two lists of values have one text."""
    unique = Unique(("a", "b"))
    assert unique.value_of({"a": 'x","', "b": "y"}) != unique.value_of({"a": "x", "b": '","y'})


def test_keys() -> None:
    """A single primary key is its own text; several parts make one text together."""
    assert table("id").key_of({"id": "1", "name": "x"}) == "1"
    assert table("a", "b").key_of({"a": "x", "b": 1}) == '["x",1]'
    assert table("a", "b").primary_key_of({"a": "x", "b": 1, "c": 2}) == {"a": "x", "b": 1}


def test_unique_on() -> None:
    """The constraint on a field is found; a field without one is a mistake in the program."""
    assert table("id").unique_on("name") == Unique(("name",))
    with pytest.raises(KeyError, match=r"things\.port is not unique"):
        table("id").unique_on("port")


def test_references() -> None:
    """A reference leads to the key of a parent, or nowhere."""
    reference = Reference("service", "services")
    assert reference.parent_of({"service": {"id": "1"}}) == "1"
    assert reference.parent_of({"service": None}) is None
    assert reference.parent_of({}) is None


def test_tags() -> None:
    """Tags keep their order and come once each."""
    assert tags_of({"tags": ["b", "a", "b"]}) == ["b", "a"]
    assert tags_of({"tags": None}) == []
    assert tags_of({}) == []
