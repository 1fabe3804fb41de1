"""The log level of all nodes, changed through one of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.kit.running import RunningNode, running_node

pytestmark = [pytest.mark.integration, pytest.mark.each_database]


async def level_of(node: RunningNode) -> Any:
    """What a node tells of its level."""
    return (await node.admin.get("/debug/node/log-level")).json["message"]


async def test_every_node_takes_the_level_over(tmp_path: Path) -> None:
    """At once where it was written, everywhere when that was waited for; not by who comes later."""
    async with (
        running_node(tmp_path, "a", db_update_frequency=0.05) as one,
        running_node(tmp_path, "b", db_update_frequency=0.05) as two,
    ):
        answer = await one.admin.put("/debug/cluster/log-level/info?wait=cluster", {"timeout": 60})
        assert (answer.status, answer.json) == (200, {"message": "log level changed"})
        assert [await level_of(node) for node in (one, two)] == ["log level: info"] * 2
        async with running_node(tmp_path, "c") as three:
            assert await level_of(three) == "log level: notice"
