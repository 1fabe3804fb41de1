"""The log level by the Admin API."""

from __future__ import annotations

import json

import pytest

from tests.kit.admin_node import AdminNode
from tests.kit.deferreds import success_of

PATH = "/debug/node/log-level"


def test_the_level_is_shown_and_changed_for_a_minute() -> None:
    """A change is in force at once and for sixty seconds."""
    node = AdminNode()
    assert node.client.get(PATH).json == {"message": "log level: notice"}
    assert node.client.put(f"{PATH}/debug").json == {"message": "log level changed"}
    assert node.client.put(f"{PATH}/debug").json == {"message": "log level is already debug"}
    assert node.client.get(PATH).json == {"message": "log level: debug"}
    node.clock.advance(60)
    assert node.levels == ["debug", "notice"]


@pytest.mark.parametrize("more", [{"form": [("timeout", "5")]}, {"json": {"timeout": 4.5}}])
def test_another_time_can_be_asked_for(more: dict[str, object]) -> None:
    """The body tells how long, in seconds, rounded up."""
    node = AdminNode()
    node.client.request("PUT", f"{PATH}/error", **more)  # type: ignore[arg-type]
    node.clock.advance(4.9)
    assert node.levels == ["error"]
    node.clock.advance(0.1)
    assert node.levels == ["error", "notice"]


def test_a_time_that_is_none_counts_as_a_minute() -> None:
    """Kong's rule for text in place of a number."""
    node = AdminNode()
    for nonsense in ("x", "nan", None):
        node.client.put(f"{PATH}/info", {"timeout": nonsense})
        node.clock.advance(59)
        assert node.levels[-1] == "info"
        node.clock.advance(1)


def test_nonsense_is_refused() -> None:
    """An unknown level and a negative time are 400."""
    node = AdminNode()
    assert node.client.put(f"{PATH}/bad").json == {"message": "unknown log level: bad"}
    answer = node.client.put(f"{PATH}/debug", {"timeout": -1})
    assert (answer.status, answer.json) == (400, {"message": "timeout must be greater than or equal to 0"})
    assert node.levels == []


def test_the_level_of_all_nodes_is_written_for_them() -> None:
    """It is a write like any other, with a position that one can wait for; nonsense is refused as before."""
    node = AdminNode()
    path = "/debug/cluster/log-level"
    answer = node.client.put(f"{path}/debug", {"timeout": 5})
    assert (answer.status, answer.json) == (200, {"message": "log level changed"})
    assert answer.header("X-Kong-Position")
    row = success_of(node.database["parameters"].select("log_level"))
    assert json.loads(row["value"]) == {"level": "debug", "timeout": 5}
    assert node.client.put(f"{path}/debug", {"timeout": 6}).status == 200
    assert node.client.put(f"{path}/bad").json == {"message": "unknown log level: bad"}
    assert node.client.put(f"{path}/info", {"timeout": -1}).status == 400
