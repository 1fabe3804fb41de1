"""How ``kong health`` knows of a node that waits."""

from __future__ import annotations

from pathlib import Path

from tests.kit.logs import caught_warnings
from twisted_kong.node.waiting_mark import WaitingMark, noted_reason


def test_the_reason_is_there_while_the_node_waits(tmp_path: Path) -> None:
    """The latest one, and none afterwards."""
    path = str(tmp_path / "waiting")
    mark = WaitingMark(path)
    assert noted_reason(path) is None
    for reason in ("refused", "refused", "starting up"):
        mark.note(reason)
        assert noted_reason(path) == reason
    mark.note(None)
    assert noted_reason(path) is None
    assert list(tmp_path.iterdir()) == []


def test_what_a_dead_node_left_goes(tmp_path: Path) -> None:
    """It was killed while it waited; the next one does not."""
    path = str(tmp_path / "waiting")
    WaitingMark(path).note("refused")
    WaitingMark(path).note(None)
    assert noted_reason(path) is None


def test_a_mark_that_cannot_be_kept_is_logged(tmp_path: Path) -> None:
    """The node must not fail for it."""
    with caught_warnings() as warnings:
        WaitingMark(str(tmp_path / "gone" / "waiting")).note("refused")
    (warning,) = warnings
    assert warning.startswith("kong health cannot be told whether this node waits: [Errno 2]")
