"""The table in docs/architecture/coherence.md, step by step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from tests.kit.changelog import FakeLog
from tests.kit.deferreds import started, success_of
from twisted_kong.core.cache import ABSENT
from twisted_kong.node.cache import EntityCache
from twisted_kong.node.feed import ChangeFeed
from twisted_kong.node.invalidation import Invalidator

PAGE = Path(__file__).parents[2] / "docs" / "architecture" / "coherence.md"


class Run:
    """Node B, and what happens to it."""

    def __init__(self) -> None:
        self.clock, self.log = Clock(), FakeLog()
        self.database = {"K": "old", "L": "old"}
        self.slow: Deferred[Any] = Deferred()
        self.waiting: Deferred[Any] = Deferred()
        self.cache = EntityCache(self.clock)
        invalidator = Invalidator(self.cache, [], self.clock)
        self.feed = ChangeFeed(
            self.log, invalidator.follow, invalidator.doubt, self.clock, frequency=5, propagation=2, watch=0
        )
        self.deeds = {
            6.0: lambda: self.ask("K", "old"),
            7.0: lambda: self.write("K"),
            8.0: lambda: self.ask("K", "old"),
            11.0: lambda: self.ask("K", "old"),
            12.5: lambda: self.ask("K", "new"),
            13.0: lambda: self.write("L"),
            16.5: self.ask_slowly,
            17.5: self.answer_slowly,
            18.0: lambda: self.ask("L", "new"),
        }

    def write(self, key: str) -> None:
        self.database[key] = "new"
        self.log.commit(keys=(key,))

    def ask(self, key: str, expected: str) -> None:
        async def load() -> str:
            return self.database[key]

        assert success_of(self.cache.get(key, load)) == expected

    def ask_slowly(self) -> None:
        self.waiting = started(self.cache.get("L", lambda: self.slow))

    def answer_slowly(self) -> None:
        self.slow.callback("old")
        assert success_of(self.waiting) == "old"

    def held(self, key: str) -> str:
        value = self.cache.peek(key)
        return "–" if value is ABSENT else value

    def state_at(self, time: float) -> list[str]:
        self.clock.advance(time - self.clock.seconds())
        self.deeds.get(time, lambda: None)()
        return [str(self.feed.position), str(self.feed.applied), self.held("K"), self.held("L")]


def rows_of_the_page() -> list[tuple[float, list[str]]]:
    rows = []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 6 and cells[0].replace(".", "").isdigit():
            rows.append((float(cells[0]), cells[2:]))
    return rows


def test_the_run_on_the_page_is_what_happens() -> None:
    """An operator can rely on the worked table."""
    run = Run()
    run.feed.startService()
    rows = rows_of_the_page()
    assert len(rows) == 13
    assert [(time, run.state_at(time)) for time, _ in rows] == rows
    run.feed.stopService()
    assert run.clock.getDelayedCalls() == []
