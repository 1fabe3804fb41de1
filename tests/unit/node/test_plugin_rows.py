from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.task import Clock

from tests.kit.changelog import change
from tests.kit.deferreds import success_of
from tests.kit.logs import caught_errors
from tests.kit.rows import FakeRows
from twisted_kong.core.plan import PluginPlan
from twisted_kong.node.plugin_rows import PluginHolder


class Node:
    """A plugin holder over its rows."""

    def __init__(self) -> None:
        self.rows, self.told = FakeRows(), 0
        self.holder = PluginHolder(
            PluginPlan({"key-auth": 1250}),
            self.rows,
            Clock(),
            changed=lambda: setattr(self, "told", self.told + 1),
        )

    def put(self, id: str, **values: Any) -> None:
        row = {
            "id": id,
            "name": "key-auth",
            "enabled": True,
            "route": None,
            "service": None,
            "consumer": None,
        }
        self.rows.put(row | values)
        self.changed(id)

    def changed(self, id: str) -> None:
        success_of(self.holder.apply([change(1, "plugins", id)]))

    def planned(self, service: str | None = None) -> list[str]:
        return [row["id"] for row in self.holder.plan.rows(None, service, None)]


@pytest.fixture
def node() -> Iterator[Node]:
    """A holder of no rows."""
    node = Node()
    node.holder.startService()
    success_of(node.holder.doubt())
    yield node
    node.holder.stopService()


def test_a_new_row_takes_part(node: Node) -> None:
    """A plugin added through the Admin API applies from then on."""
    node.put("1", service={"id": "s"})
    assert node.planned("s") == ["1"]
    assert node.planned() == []
    assert node.holder.ready


def test_a_disabled_row_takes_no_part_but_is_held(node: Node) -> None:
    """And takes part again when it is enabled."""
    node.put("1")
    node.put("1", enabled=False)
    assert node.planned() == []
    assert set(node.holder.plugins) == {"1"}
    node.put("1", enabled=True)
    assert node.planned() == ["1"]


def test_a_deleted_row_is_gone(node: Node) -> None:
    """DELETE /plugins/1: the next request runs without it."""
    node.put("1")
    node.rows.rows.clear()
    node.changed("1")
    assert node.planned() == []


def test_a_replaced_row_leaves_its_successor_in_place(node: Node) -> None:
    """Two rows of one binding may be applied in either order."""
    node.put("old")
    node.put("new")
    del node.rows.rows["old"]
    node.changed("old")
    assert node.planned() == ["new"]


def test_whoever_derives_chains_is_told(node: Node) -> None:
    """Chains compiled from the plan are compiled again."""
    node.put("1")
    assert node.told == 1


def test_rows_of_plugins_that_are_not_loaded_are_told(node: Node) -> None:
    """Once for each plugin, since requests pass as if nobody had configured it."""
    with caught_errors() as lines:
        node.put("1", name="acl", enabled=False)
        assert lines == []
        node.put("2", name="acl")
        node.put("3", name="acl", service={"id": "s"})
    assert len(lines) == 1
    assert "plugin 'acl' is in use but not enabled" in lines[0]
    assert node.planned("s") == []
