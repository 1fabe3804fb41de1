"""A document taken apart."""

from __future__ import annotations

from twisted_kong.core.declarative.items import Flat, Item
from twisted_kong.core.declarative.problems import Problem


def test_entities_by_kind() -> None:
    """They are counted and gone through in the order of the kinds."""
    flat = Flat(items={"services": [], "routes": []})
    route, service = Item("routes", ("routes", 0), {}, {}), Item("services", ("services", 0), {}, {})
    flat.add(route)
    flat.add(service)
    assert list(flat) == [service, route]
    assert len(flat) == 2


def test_a_problem_shows_what_was_written() -> None:
    """Not what defaults have added."""
    item = Item("routes", ("routes", 0), {"a": 1, "b": 2}, {"a": 1})
    assert item.problem("bad") == Problem(("routes", 0), "routes", {"a": 1}, "bad")
