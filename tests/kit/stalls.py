"""Watches a node's event loop from within: how long it was held, and by what.

``python -m tests.kit.stalls FILE twistd-arguments…`` runs twistd, and a thread that asks the reactor for a
sign of life again and again.
What takes longer than :data:`LONG` is a line of JSON in the file, with the stack of the reactor's thread at
that moment.
When it was ready and got no processor, or the whole process was stopped, so much is not the loop's fault.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

INTERVAL = 0.005
LONG = 0.02
# By so much a thread may come late because the loop's holds the interpreter's lock.
LOCKED = 0.015


@dataclass(frozen=True)
class Stall:
    """The loop was held for so many seconds until a moment of the monotonic clock."""

    at: float
    seconds: float
    stack: str


def stalls(path: Path) -> list[Stall]:
    """What a watch has written so far."""
    if not path.exists():
        return []
    return [Stall(**json.loads(line)) for line in path.read_text().splitlines() if line.endswith("}")]


def longest(path: Path, since: float) -> Stall | None:
    """The longest of those that ended after a moment."""
    return max((each for each in stalls(path) if each.at >= since), key=lambda one: one.seconds, default=None)


class Watch:
    """Asks for signs of life from a thread of its own.

    :param ask: has the reactor call a function in its thread.
    :param stack: what the reactor's thread does now.
    :param waited: seconds for which that thread has waited for a processor so far.
    """

    def __init__(
        self,
        ask: Callable[[Callable[[], object]], object],
        stack: Callable[[], str],
        waited: Callable[[], float],
        path: Path,
    ) -> None:
        self._ask, self._stack, self._waited, self._path = ask, stack, waited, path

    def run(self) -> None:
        """Watch until the process ends."""
        with self._path.open("a", buffering=1) as file:
            while True:
                self._once(file)
                time.sleep(INTERVAL)

    def _once(self, file: Any) -> None:
        alive, answered = threading.Event(), [0.0]

        def answer() -> None:
            answered[0] = time.monotonic()
            alive.set()

        begun, waited = time.monotonic(), self._waited()
        stopped, stack = 0.0, ""
        self._ask(answer)
        while True:
            asked = time.monotonic()
            if alive.wait(INTERVAL):
                break
            overslept = time.monotonic() - asked - INTERVAL
            stopped += overslept if overslept > LOCKED else 0.0
            if not stack and time.monotonic() - begun - stopped >= LONG:
                stack = self._stack()
        held = answered[0] - begun - max(stopped, self._waited() - waited)
        if held >= LONG:
            file.write(json.dumps({"at": answered[0], "seconds": held, "stack": stack}) + "\n")


def _waited_for_processor() -> float:
    """Seconds for which the main thread was ready to run and did not, as the scheduler tells."""
    return int(Path(f"/proc/self/task/{os.getpid()}/schedstat").read_text().split()[1]) / 1e9


def _watch_reactor(path: Path) -> None:
    main = threading.main_thread().ident
    assert main is not None

    def stack() -> str:
        return "".join(traceback.format_stack(sys._current_frames()[main])[-6:])

    while (reactor := getattr(sys.modules.get("twisted.internet"), "reactor", None)) is None:
        time.sleep(INTERVAL)
    while not reactor.running:
        time.sleep(INTERVAL)
    Watch(reactor.callFromThread, stack, _waited_for_processor, path).run()


def main() -> None:
    """Run twistd with a watch."""
    path = Path(sys.argv.pop(1))
    threading.Thread(target=_watch_reactor, args=(path,), daemon=True).start()
    from twisted.scripts.twistd import run

    run()


if __name__ == "__main__":
    main()
