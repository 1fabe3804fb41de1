"""The traffic of a run: writers at all Admin APIs, readers at all proxies, and what they saw.

Everything is noted as it was seen; nothing is judged here but whether an answer shows anything at all.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.chaos.history import Outcome, Read, Write
from tests.chaos.registers import Register, Unexpected
from tests.kit.cluster import ClusterNode
from tests.kit.http_asking import Asker, Reply

# Seconds after which a client gives up; longer than any deadline of a node.
PATIENCE = 12.0
# Between two requests of one reader, and at most between two writes of one writer.
READ_PAUSE = 0.004
WRITE_PAUSE = 0.05
# A node that does not answer is asked again so much later.
REST = 0.05


@dataclass(frozen=True, slots=True)
class Failure:
    """A request to the proxy whose answer showed nothing, or that had none."""

    register: str
    node: str
    began: float
    ended: float
    reason: str
    held: bool


@dataclass
class Seen:
    """What the clients of one round saw."""

    writes: list[Write] = field(default_factory=list)
    reads: list[Read] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


class Traffic:
    """Clients of all nodes; they run from :meth:`start` to :meth:`stop`.

    ``seen`` may be changed for another at any time: what ends from then on goes there.
    ``writing`` may be cleared to have the writers pause.
    """

    def __init__(
        self, nodes: Sequence[ClusterNode], registers: Sequence[Register], writers: int, chance: random.Random
    ) -> None:
        self.nodes = nodes
        self.registers = registers
        self.seen = Seen()
        self.writing = asyncio.Event()
        self._writers = writers
        self._chance = chance
        self._versions = itertools.count(1)
        self._tasks: list[asyncio.Task[None]] = []
        self._busy = 0

    def start(self) -> None:
        """Begin."""
        self.writing.set()
        works = [self._write() for _ in range(self._writers)]
        for node in self.nodes:
            works += [self._read(node, held=held) for held in (True, False)]
        self._tasks = [asyncio.create_task(work) for work in works]

    async def pause_writing(self) -> None:
        """Write no more; returns when no write is under way."""
        self.writing.clear()
        while self._busy:
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """End everything; raises what no client should have raised."""
        for task in self._tasks:
            task.cancel()
        for result in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(result, Exception):
                raise result

    async def look(self) -> list[Read]:
        """Read every register at every node, once; what shows nothing is shown as such."""
        found = []
        for node in self.nodes:
            asker = Asker(node.site.port, PATIENCE)
            for register in self.registers:
                event = await _read_once(asker, node, register)
                shown = event.shown if isinstance(event, Read) else f"({event.reason})"
                found.append(Read(register.name, node.instance, event.began, event.ended, shown))
            asker.close()
        return found

    async def _read(self, node: ClusterNode, *, held: bool) -> None:
        asker = Asker(node.site.port, PATIENCE)
        try:
            for register in itertools.cycle(each for each in self.registers if each.held is held):
                event = await _read_once(asker, node, register)
                if isinstance(event, Read):
                    self.seen.reads.append(event)
                    await asyncio.sleep(READ_PAUSE)
                else:
                    self.seen.failures.append(event)
                    await asyncio.sleep(REST)
        finally:
            asker.close()

    async def _write(self) -> None:
        askers = [Asker(node.site.admin_port, PATIENCE) for node in self.nodes]
        try:
            while True:
                await self.writing.wait()
                self._busy += 1
                try:
                    await self._write_once(askers)
                finally:
                    self._busy -= 1
                await asyncio.sleep(self._chance.uniform(0, WRITE_PAUSE))
        finally:
            for asker in askers:
                asker.close()

    async def _write_once(self, askers: Sequence[Asker]) -> None:
        place = self._chance.randrange(len(askers))
        register = self._chance.choice(self.registers)
        attempt = register.attempt(f"{register.name}.{next(self._versions)}")
        node, began = self.nodes[place].instance, time.monotonic()
        outcome: Outcome = "unknown"
        try:
            reply = await askers[place].ask(attempt.method, attempt.path, attempt.record)
        except OSError:
            pass
        else:
            outcome = outcome_of(reply)
            if outcome == "unknown" and "may have taken effect" not in str(reply.body):
                self.seen.errors.append(
                    f"{attempt.method} {attempt.path} at {node}: {reply.status} {reply.body!r}"
                )
            if outcome == "done":
                register.learn(reply)
        ended = time.monotonic()
        # A process that was killed meanwhile owes nothing to those who come after it.
        self.seen.writes.append(Write(register.name, attempt.effect, node, began, ended, outcome))
        if outcome != "done":
            await self._find_out(register, self._chance.choice(list(askers)))

    async def _find_out(self, register: Register, asker: Asker) -> None:
        """Learn what there is now, after a write that did not succeed."""
        if register.lookup is None:
            await asyncio.sleep(REST)
            return
        try:
            register.learn(await asker.ask("GET", register.lookup))
        except OSError:
            await asyncio.sleep(REST)


def outcome_of(reply: Reply) -> Outcome:
    """What an answer to a write says of it."""
    if reply.status < 300:
        return "done"
    if reply.status < 500 or (reply.status == 503 and b"nothing was changed" in reply.body):
        return "refused"
    return "unknown"


async def _read_once(asker: Asker, node: ClusterNode, register: Register) -> Read | Failure:
    path, headers = register.request()
    instance, began = node.instance, time.monotonic()
    try:
        shown = register.shown(await asker.ask("GET", path, headers=headers))
    except (OSError, Unexpected) as error:
        reason = str(error) or type(error).__name__
        return Failure(register.name, instance, began, time.monotonic(), reason, register.held)
    if node.instance != instance:
        return Failure(register.name, instance, began, time.monotonic(), "restarted", register.held)
    return Read(register.name, instance, began, time.monotonic(), shown)
