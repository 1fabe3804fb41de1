"""The plan gives each plugin its most closely bound row, in the order in which plugins run."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from twisted_kong.core.plan import PluginPlan

PRIORITIES = {"auth": 1000, "limit": 900, "alpha": 5, "beta": 5}
CLOSENESS = ["rsc", "rc", "sc", "rs", "c", "r", "s", ""]


def a_row(row_id: str, name: str = "auth", bound: str = "", **fields: Any) -> dict[str, Any]:
    """A row bound to Route "r", Service "s" or Consumer "c", by the letters given."""
    references = {"route": "r", "service": "s", "consumer": "c"}
    row: dict[str, Any] = {"id": row_id, "name": name, "enabled": True, "protocols": ["http"], "config": {}}
    row |= {kind: {"id": letter} if letter in bound else None for kind, letter in references.items()}
    return row | fields


def ids(plan: PluginPlan, asked: str) -> list[str]:
    rows = plan.rows(*(letter if letter in asked else None for letter in "rsc"))
    return [row["id"] for row in rows]


def test_closeness() -> None:
    """Of all bindings that fit, the closest applies; taken away, the next one does."""
    plan = PluginPlan(PRIORITIES)
    for bound in reversed(CLOSENESS):
        plan.put(a_row(f"id-{bound}", bound=bound))
    for bound in CLOSENESS:
        assert ids(plan, "rsc") == [f"id-{bound}"]
        plan.remove(f"id-{bound}")
    assert ids(plan, "rsc") == []


@pytest.mark.parametrize("asked", ["", "r", "rs", "sc", "c", "rc"])
def test_a_row_applies_only_where_all_its_bindings_do(asked: str) -> None:
    """A row bound to something that the request has not never applies."""
    plan = PluginPlan(PRIORITIES)
    for bound in CLOSENESS:
        plan.put(a_row(f"id-{bound}", bound=bound))
    expected = next(bound for bound in CLOSENESS if set(bound) <= set(asked))
    assert ids(plan, asked) == [f"id-{expected}"]


def test_order() -> None:
    """Plugins run by priority, equal ones by name, however their rows came."""
    for names in permutations(PRIORITIES):
        plan = PluginPlan(PRIORITIES)
        for name in names:
            plan.put(a_row(name, name))
        assert ids(plan, "") == ["auth", "limit", "alpha", "beta"]


def test_rows_that_take_no_part() -> None:
    """Disabled rows, rows of the stream proxy and rows of plugins that are not loaded hide nothing."""
    plan = PluginPlan(PRIORITIES)
    plan.put(a_row("global"))
    plan.put(a_row("off", bound="r", enabled=False))
    plan.put(a_row("stream", bound="r", protocols=["tcp", "tls"]))
    plan.put(a_row("unknown", "unheard-of"))
    assert ids(plan, "r") == ["global"]
    assert len(plan) == 1
    assert "off" not in plan


def test_a_row_may_change_its_binding_and_its_state() -> None:
    """Putting a row again takes it away from where it was; disabling it removes it."""
    plan = PluginPlan(PRIORITIES)
    plan.put(a_row("one", bound="r"))
    plan.put(a_row("one", bound="s"))
    assert ids(plan, "r") == []
    assert ids(plan, "s") == ["one"]
    plan.put(a_row("one", bound="s", enabled=False))
    assert ids(plan, "s") == []
    assert plan.remove("one") is False


def test_a_row_replaced_at_its_binding_is_not_lost() -> None:
    """If a new row takes a binding before the old one is removed, the new one stays."""
    plan = PluginPlan(PRIORITIES)
    plan.put(a_row("old"))
    plan.put(a_row("new"))
    plan.remove("old")
    assert ids(plan, "") == ["new"]
    assert [row["id"] for row in plan.all_rows()] == ["new"]


def test_two_rows_may_go_in_any_order() -> None:
    """The newer of two that were bound alike may be removed first."""
    plan = PluginPlan(PRIORITIES)
    plan.put(a_row("old", bound="c"))
    plan.put(a_row("new", bound="c"))
    plan.remove("new")
    assert ids(plan, "c") == []
    plan.remove("old")
    assert not plan.knows_consumer("c")


def test_version_tells_of_changes() -> None:
    """Each change that could alter an answer makes another version; what changes nothing does not."""
    plan = PluginPlan(PRIORITIES)
    plan.put(a_row("one"))
    first = plan.version
    plan.remove("nothing")
    plan.put(a_row("off", enabled=False))
    assert plan.version == first
    plan.remove("one")
    assert plan.version > first


def test_consumers_that_matter() -> None:
    """A Consumer is known as long as any row is bound to it."""
    plan = PluginPlan(PRIORITIES)
    plan.put(a_row("one", bound="c"))
    plan.put(a_row("two", "limit", bound="rc"))
    plan.remove("one")
    assert plan.knows_consumer("c")
    plan.remove("two")
    assert not plan.knows_consumer("c")
