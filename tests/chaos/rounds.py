"""One round: a cluster under traffic is struck, healed, let come to rest, and what was seen is judged."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.checker import violations
from tests.chaos.faults import VICTIM, Fault
from tests.chaos.history import History, Read, State, Trouble, Write
from tests.chaos.registers import Register, make_registers, truth_of
from tests.chaos.traffic import Failure, Seen, Traffic
from tests.kit.cluster import Cluster, new_cluster
from tests.kit.http_asking import Asker, echoing
from tests.kit.stalls import Stall, longest

# Of the nodes of a run. They poll often, so that the bound can be seen to hold within a round.
SETTINGS: Mapping[str, object] = {
    "db_update_frequency": 1,
    "pg_timeout": 2000,
    "pg_semaphore_timeout": 2000,
    "log_level": "notice",
}
# db_update_frequency and one query, on a machine that has other things to do as well.
BOUND = 2.0
# Seconds before a strike and after healing; and for how long what is at rest may take to look so.
CALM = 0.7
AFTERMATH = 1.5
REST = 20.0


@dataclass(frozen=True)
class Times:
    """When a round's fault began, when its healing began, and when that was done."""

    struck: float
    healing: float
    healed: float


@dataclass
class Result:
    """What came of one round."""

    fault: str
    seen: Seen
    settled_after: float
    violations: list[str]
    stall: Stall | None
    failures: Counter[str] = field(default_factory=Counter)

    @property
    def outcomes(self) -> Counter[str]:
        """How many writes were done, refused, and unknown."""
        return Counter(write.outcome for write in self.seen.writes)

    @property
    def longest_answer(self) -> float:
        """Seconds of the slowest answer that needs no query."""
        return max((read.ended - read.began for read in self.seen.reads if _held(read)), default=0.0)


def _held(read: Read) -> bool:
    return read.register.partition("-")[0] in ("message", "path", "way")


class Ring:
    """A cluster with its traffic, for rounds."""

    def __init__(self, cluster: Cluster, traffic: Traffic, registers: list[Register]) -> None:
        self.cluster = cluster
        self.traffic = traffic
        self.registers = registers
        self._claimed: set[str] = set()

    async def round(self, fault: Fault, seconds: float) -> Result:
        """One round with a fault that lasts for so long."""
        traffic = self.traffic
        seen = traffic.seen = Seen()
        traffic.writing.set()
        await asyncio.sleep(CALM)
        if fault.outage:
            # What is warm stays so: nothing is purged that could not be read again.
            await traffic.pause_writing()
            await asyncio.sleep(CALM)
        times = await self._strike(fault, seconds)
        await asyncio.sleep(AFTERMATH)
        await traffic.pause_writing()
        settled_after, settled = await self._rest(fault)
        traffic.seen = Seen()
        self._forget_late_attempts(seen)
        result = Result(fault.name, seen, settled_after, [], self._stall(times.struck))
        for history in await self._histories(fault, seen, times, settled):
            result.violations += map(str, violations(history))
        result.violations += seen.errors
        self._count(result, fault, times)
        return result

    def _forget_late_attempts(self, seen: Seen) -> None:
        """Drop refused attempts at what an earlier round has done already."""
        seen.writes = [
            write for write in seen.writes if write.outcome != "refused" or write.effect not in self._claimed
        ]
        self._claimed.update(_claimed(seen.writes))

    async def _strike(self, fault: Fault, seconds: float) -> Times:
        cluster = self.cluster
        cluster.struck_at = struck = time.monotonic()
        await asyncio.to_thread(fault.strike, cluster)
        self.traffic.writing.set()
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            await asyncio.sleep(min(left, fault.repeat or left))
            if fault.repeat:
                await asyncio.to_thread(fault.strike, cluster)
        healing = time.monotonic()
        await asyncio.to_thread(fault.heal, cluster)
        return Times(struck, healing, time.monotonic())

    async def _rest(self, fault: Fault) -> tuple[float, list[Read]]:
        """Wait until every node shows the latest, or long enough; how long it took, and what they show."""
        begun = time.monotonic()
        while True:
            truth = await asyncio.to_thread(self._truth, fault)
            settled = await self.traffic.look()
            waited = time.monotonic() - begun
            fresh = all(truth[read.register][-1].shown == read.shown for read in settled)
            if fresh or waited > REST:
                return waited, settled
            await asyncio.sleep(0.05)

    def _truth(self, fault: Fault) -> dict[str, list[State]]:
        cluster = self.cluster
        database = cluster.database
        if fault.history != "kept":
            assert cluster.replica is not None
            database = database.on(cluster.replica)
        return truth_of(self.registers, cluster.truth(database))

    async def _histories(
        self, fault: Fault, seen: Seen, times: Times, settled: Sequence[Read]
    ) -> list[History]:
        truth = await asyncio.to_thread(self._truth, fault)
        if fault.history == "lost":
            return [
                self._until(seen, self.cluster.struck_at, await asyncio.to_thread(self._lost_truth)),
                self._since(seen, times.healed, truth, settled),
            ]
        victim = self.cluster.nodes[VICTIM]
        troubles = {
            "all": [Trouble(times.struck, times.healed)],
            "victim": [
                Trouble(times.struck, times.healed, f"{victim.letter}{number}")
                for number in range(victim.starts + 1)
            ],
            "nobody": [],
        }
        return [History(seen.writes, seen.reads, settled, truth, BOUND, troubles[fault.excuses])]

    def _until(self, seen: Seen, moment: float, truth: dict[str, list[State]]) -> History:
        """What was before a history came to nothing."""
        claimed = _claimed(seen.writes)
        writes = [
            write
            for write in seen.writes
            if write.ended < moment and (write.outcome != "refused" or write.effect not in claimed)
        ]
        reads = [read for read in seen.reads if read.ended < moment]
        return History(writes, reads, (), truth, BOUND)

    def _since(
        self, seen: Seen, moment: float, truth: dict[str, list[State]], settled: Sequence[Read]
    ) -> History:
        """What was when all nodes had to know that; nothing is to be done for who removes what never was."""
        known = {f"-{state.entity}" for states in truth.values() for state in states} - {"-"}
        writes = [
            write
            for write in seen.writes
            if write.began > moment and (write.effect in known or not write.effect.startswith("-"))
        ]
        reads = [read for read in seen.reads if read.began > moment + BOUND]
        return History(writes, reads, settled, truth, BOUND)

    def _lost_truth(self) -> dict[str, list[State]]:
        """What the dead server knows, which nobody else is to reach."""
        cluster = self.cluster
        cluster.to_primary.cut(refuse=True)
        cluster.primary.start()
        return truth_of(self.registers, cluster.truth())

    def _stall(self, since: float) -> Stall | None:
        found = [longest(node.stalls, since) for node in self.cluster.nodes]
        return max((one for one in found if one is not None), key=lambda one: one.seconds, default=None)

    def _count(self, result: Result, fault: Fault, times: Times) -> None:
        """Tell failures that are violations from those that had to be."""
        for failure in result.seen.failures:
            kind = _kind_of(failure, fault, times)
            result.failures[kind] += 1
            if kind in ("held", "warm"):
                told = f"{failure.register} at {failure.node}, {failure.began - times.struck:+.3f}"
                result.violations.append(f"failed: {kind}: {told}: {failure.reason}")


def _claimed(writes: Sequence[Write]) -> set[str]:
    """The effects that some attempt may have had."""
    return {write.effect for write in writes if write.outcome != "refused"}


def _kind_of(failure: Failure, fault: Fault, times: Times) -> str:
    victim = fault.excuses == "victim" and failure.node[0] == "abcdefgh"[VICTIM]
    if victim:
        return "victim"
    if failure.held:
        return "held"
    return "warm" if fault.outage and times.struck <= failure.ended <= times.healing else "cold"


@asynccontextmanager
async def ring(*, seed: int, writers: int = 8, **options: bool) -> AsyncIterator[Ring]:
    """A cluster of three under traffic; ``options`` as it takes them."""
    with _cluster(**options) as cluster:
        async with echoing() as upstream:
            admin = Asker(cluster.nodes[-1].site.admin_port, 10)
            registers = await make_registers(admin, upstream)
            admin.close()
            cluster.delay_commits(0.02, 0.005)
            traffic = Traffic(cluster.nodes, registers, writers, random.Random(seed))
            traffic.start()
            try:
                yield Ring(cluster, traffic, registers)
            finally:
                await traffic.stop()


@contextmanager
def _cluster(**options: bool) -> Iterator[Cluster]:
    with (
        tempfile.TemporaryDirectory(prefix="kong-chaos-") as directory,
        new_cluster(Path(directory), 3, **options, **SETTINGS) as cluster,
    ):
        yield cluster
