"""A process that keeps a pool busy, and tells how it fared.

``python -m tests.kit.pool_load REACTOR DIRECTORY SETTINGS`` runs statements, transactions and a listener on a
pool until its input ends, and then prints one line of JSON, a :class:`Report`.

How long the reactor was held is measured by a timer of its own; what it waited for a processor, which others
had, does not count.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.kit.waiting import PATIENCE, wait_for

REACTORS = {
    "lean": "twisted_kong.proxy.reactor",
    "epoll": "twisted.internet.epollreactor",
    "asyncio": "twisted.internet.asyncioreactor",
    "poll": "twisted.internet.pollreactor",
}
CHANNEL = "pool_load"
TABLE = "create table pool_load (n serial)"
READERS = 6
WRITERS = 3
# Seconds between two statements of one of them after an error.
_BREATH = 0.01
_TICK = 0.005
_WRITE = (
    f"insert into pool_load default values; select pg_notify('{CHANNEL}', currval('pool_load_n_seq')::text);"
)


@dataclass
class Report:
    """What came of it.

    ``reads`` went well, ``errors`` counts the others by name; ``confirmed`` are the rows whose commit was
    confirmed, ``heard`` those that were notified, ``listened`` counts how often listening began.
    ``slowest`` is how long the slowest statement took and ``held`` how long the reactor was held, in seconds.
    ``most`` is how many connections there were, ``left`` how many in the end.
    """

    reads: int = 0
    errors: dict[str, int] = field(default_factory=dict)
    confirmed: list[int] = field(default_factory=list)
    heard: list[int] = field(default_factory=list)
    listened: int = 0
    slowest: float = 0.0
    most: int = 0
    left: int = 0
    held: float = 0.0
    last_error: str = ""


class Load:
    """Keeps a pool busy from another process."""

    def __init__(self, directory: Path, reactor: str, **settings: Any) -> None:
        self.progress = directory / "progress"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.kit.pool_load", reactor, str(directory), json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
            text=True,
        )

    def wait(self, progress: int = 50) -> None:
        """Wait until so many more statements went well."""
        reached = self._done() + progress
        wait_for(lambda: self._process.poll() is not None or self._done() >= reached)
        assert self._process.poll() is None

    def stop(self) -> Report:
        """End it."""
        out, _ = self._process.communicate(timeout=PATIENCE)
        assert self._process.returncode == 0, out
        return Report(**json.loads(out))

    def kill(self) -> None:
        """End it in any case."""
        self._process.kill()
        self._process.communicate()

    def _done(self) -> int:
        text = self.progress.read_text() if self.progress.exists() else ""
        return int(text.rpartition("\n")[0].rpartition("\n")[2] or 0)


class _Program:
    def __init__(self, reactor: Any, directory: Path, settings: dict[str, Any]) -> None:
        from twisted_kong.db.strategies.postgres.listener import Listener
        from twisted_kong.db.strategies.postgres.pool import Pool
        from twisted_kong.db.strategies.postgres.settings import Settings

        settings["hosts"] = tuple((host, port) for host, port in settings["hosts"])
        self.reactor = reactor
        self.directory = directory
        self.pool = Pool(Settings(**settings), reactor, writable=True)
        self.listener = Listener(self.pool, CHANNEL, self._heard, reactor)
        self.report = Report()
        self.running = True
        self.errors: Counter[str] = Counter()

    def start(self) -> None:
        from twisted.internet.defer import Deferred, gatherResults

        self.listener.start()
        work = [Deferred.fromCoroutine(self._repeat(self._read)) for _ in range(READERS)]
        work += [Deferred.fromCoroutine(self._repeat(self._write)) for _ in range(WRITERS)]
        gatherResults(work).addErrback(lambda failure: failure.printTraceback()).addCallback(self._finish)
        threading.Thread(target=self._wait_for_the_end, daemon=True).start()
        self._tell_progress()
        self._tick(time.monotonic(), _waited())

    def _tick(self, due: float, waited: float) -> None:
        now, waits = time.monotonic(), _waited()
        self.report.held = max(self.report.held, now - due - (waits - waited))
        if self.running:
            self.reactor.callLater(_TICK, self._tick, time.monotonic() + _TICK, waits)

    def _wait_for_the_end(self) -> None:
        sys.stdin.read()
        self.reactor.callFromThread(setattr, self, "running", False)

    def _tell_progress(self) -> None:
        with (self.directory / "progress").open("a") as file:
            file.write(f"{self.report.reads + len(self.report.confirmed)}\n")
        statistics = self.pool.statistics
        self.report.most = max(self.report.most, statistics.open)
        if self.running:
            self.reactor.callLater(0.05, self._tell_progress)

    def _heard(self, payload: str) -> None:
        if payload:
            self.report.heard.append(int(payload))
        else:
            self.report.listened += 1

    async def _repeat(self, step: Any) -> None:
        from twisted.internet.task import deferLater

        while self.running:
            begun = time.monotonic()
            try:
                await step()
            except Exception as error:
                self.errors[type(error).__name__] += 1
                self.report.last_error = str(error)
                await deferLater(self.reactor, _BREATH, lambda: None)
            self.report.slowest = max(self.report.slowest, time.monotonic() - begun)

    async def _read(self) -> None:
        assert await self.pool.run("select %s", ("x",)) == [("x",)]
        self.report.reads += 1

    async def _write(self) -> None:
        async with self.pool.transaction() as transaction:
            await transaction.run("select 1")
            [(number,)] = await transaction.finish(f"{_WRITE} commit; select currval('pool_load_n_seq')")
        self.report.confirmed.append(number)

    def _finish(self, _: object) -> None:
        from twisted.internet.defer import Deferred

        Deferred.fromCoroutine(self._close()).addErrback(lambda failure: failure.printTraceback())

    async def _close(self) -> None:
        await self.listener.stop()
        await self.pool.close()
        self.report.left = self.pool.statistics.open
        self.report.errors = dict(self.errors)
        sys.stdout.write(json.dumps(asdict(self.report)))
        self.reactor.stop()


def _waited() -> float:
    """How long this thread has waited for a processor so far, in seconds."""
    return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9


def main() -> None:
    """Run until the input ends."""
    name, directory, settings = sys.argv[1:]
    __import__(REACTORS[name])
    sys.modules[REACTORS[name]].install()
    from twisted.internet import reactor

    program = _Program(reactor, Path(directory), json.loads(settings))
    reactor.callWhenRunning(program.start)  # type: ignore[attr-defined]
    reactor.run()  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
