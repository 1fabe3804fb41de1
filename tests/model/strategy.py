"""What a strategy does for one node: asks a replica or the primary, and believes what proves to be no older.

The decisions are those of the PostgreSQL strategy, made by the same code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

from twisted.internet.task import deferLater
from typing_extensions import override

from tests.kit.rows import FakePage
from tests.model.cluster import Cluster
from tests.model.database import Server, Snapshot
from tests.model.process import Process
from tests.model.rules import Rules
from tests.model.truth import IDS, Key
from tests.model.wire import Wire
from twisted_kong.core.changes import Change, ChangeBatch, Entity, Position
from twisted_kong.core.errors import DatabaseError
from twisted_kong.db.interfaces import Member
from twisted_kong.db.positions import LogPosition, batch_from
from twisted_kong.db.strategies.postgres.hearing import Hearing
from twisted_kong.db.strategies.postgres.proof import SHOWN, Proof, Question, Seen, Verdict
from twisted_kong.db.strategies.postgres.reading import GRACE
from twisted_kong.node.steady import SteadyClock


class Highest(Seen):
    """Takes the highest position for all that was seen, whatever was learnt while an answer was under way."""

    @override
    def _believe(self, question: Question, proof: Proof) -> Verdict:
        self._claims = {each: kept for each, kept in self._claims.items() if each not in question.claims}
        self._claims[proof.head] = proof
        self._claims = dict(sorted(self._claims.items(), key=lambda each: each[0].number)[-1:])
        return Verdict.FRESH


class Forgiving(Seen):
    """Takes a server that shows what was lost for as good as any other."""

    @override
    def question(self, *, primary: bool = True) -> Question:
        return super().question()


class Trusting(Seen):
    """Believes every answer."""

    @override
    def judge(self, question: Question, proof: Proof, *, primary: bool) -> Verdict:
        return Verdict.FRESH


class Strategy:
    """The database as one node knows it."""

    def __init__(self, name: str, cluster: Cluster, process: Process) -> None:
        self._name, self._cluster, self._process = name, cluster, process
        self._rules = rules = cluster.rules
        self.wire = Wire(cluster.weather, process)
        self._seen = _seen_by(rules)
        self._losses_told = 0
        # Nothing but its start needs the pool, and that is not asked for.
        self._clock = SteadyClock(process)
        self._hearing = Hearing(cast(Any, None), process, self._clock)
        self._wrote_at = -1e9
        self._listed = False

    async def stop(self) -> None:
        """Pass on no more news."""
        await self._hearing.stop()

    # Entities.

    async def value(self, key: Key) -> int | None:
        """One entity."""
        return (await self._read()).entities[key]

    async def select(self, pk: Any) -> Entity | None:
        """A row, as the holder wants it."""
        return _row(pk, await self.value(("rows", pk)))

    async def page(self, size: Any = 100, offset: str | None = None) -> FakePage:
        """A page of rows."""
        ids = [id for id in IDS if offset is None or id > offset][:size]
        entities = (await self._read()).entities
        rows = [row for id in ids if (row := _row(id, entities["rows", id])) is not None]
        return FakePage(tuple(rows), ids[-1] if ids and ids[-1] != IDS[-1] else None)

    async def values(self) -> list[tuple[str, int | None]]:
        """All entities that the cache is for, as one page."""
        entities = (await self._read()).entities
        return [(id, entities["creds", id]) for id in IDS]

    async def write(self, key: Key, deleted: bool) -> Change:
        """One transaction; the change that was committed."""
        question = self._seen.question()
        commit = self._cluster.transaction(self._name, key, deleted, self._process.seconds())
        change, after = await self.wire.ask(commit, primary=True, takes=self._cluster.scenario.ahead)
        self._wrote_at = self._process.steady_seconds()
        if self._seen.wrote(question, _proof(after, question)) is Verdict.LOST:
            self._hearing.lost()
        return change

    # The log.

    async def head(self) -> LogPosition:
        """The log's end."""
        return (await self._ask(replica=self._rules.poll_where_read))[0].head

    async def changes_after(self, position: Position, limit: int = 1000) -> ChangeBatch:
        """What comes next, or doubt."""
        assert isinstance(position, LogPosition)
        mark = self._hearing.begin()
        replica = self._rules.poll_where_read and not self._hearing.is_overdue
        snapshot, from_primary = await self._ask(replica=replica)
        self._hearing.polled(mark, snapshot.head, from_primary=from_primary)
        batch = self._batch(snapshot, position, limit)
        if batch is None or self._losses_told < self._seen.losses:
            self._losses_told = self._seen.losses
            return ChangeBatch((), snapshot.head, continuous=not self._rules.doubt, more=False)
        return batch

    async def history(self, after: Position | None, limit: int) -> ChangeBatch:
        """Whether the log holds a position; its rows are asked for by nobody here."""
        snapshot = await self._read()
        if after is None:
            return ChangeBatch(tuple(snapshot.rows[:1]), snapshot.head, continuous=True, more=False)
        assert isinstance(after, LogPosition)
        return ChangeBatch((), after, continuous=snapshot.holds((after,)), more=False)

    def has_news(self) -> bool:
        """Whether more was announced than was read."""
        return self._hearing.is_news

    def listen(self, heard: Callable[[], object]) -> None:
        """Call back upon news."""
        self._hearing.pass_on(heard)

    def notified(self, position: LogPosition) -> None:
        """The primary has announced a change; it may come late, or after a later one."""
        self._hearing.hear(position)

    # Members.

    async def report(self, member: Member) -> Position:
        """Tell how far this node has got; where the log ended after the first report could be seen."""
        report = self._cluster.report(self._name, member.position, leaves=False)
        head = (await self.wire.ask(report, primary=True)).head
        if not self._listed:
            primary = self._cluster.database.primary
            after = await self.wire.ask(lambda now: _shown_by(primary, now), primary=True)
            self._listed, head = True, after.head
        self._hearing.hear(head)
        if self._rules.nothing_lost and self._seen.is_ahead_of(head):
            await self._ask(replica=False)
        return head

    async def leave(self, instance: str) -> None:
        """Be a member no longer."""
        await self.wire.ask(self._cluster.report(instance, None, leaves=True), primary=True)

    async def members(self) -> tuple[Member, ...]:
        """Who has reported."""
        primary = self._cluster.database.primary

        def members(now: float) -> tuple[Member, ...]:
            reported = _shown_by(primary, now).members.items()
            return tuple(
                Member(name, name, "", "", 0.0, each.position, now - each.at) for name, each in reported
            )

        return await self.wire.ask(members, primary=True)

    async def forget_members(self, age: float) -> int:
        """Nobody is gone for so long here."""
        return 0

    # How an answer is had.

    async def _read(self) -> Snapshot:
        # Without proof, the primary is where a node is sure to see its own write, until the replica has it.
        recent = (
            self._process.steady_seconds() - self._wrote_at <= max(self._cluster.scenario.lags, default=0) + 3
        )
        return (await self._ask(replica=self._rules.never_back or not recent))[0]

    async def _ask(self, *, replica: bool) -> tuple[Snapshot, bool]:
        """What a server shows that may be believed, and whether it is the primary."""
        # What only a replica has shown so far, the primary is given the time to show as well.
        pauses = list(GRACE) if self._cluster.database.replicas else []
        while True:
            question, server = self._seen.question(primary=not replica), self._cluster.server(replica)
            snapshot = await self.wire.ask(lambda now: _shown_by(server, now), primary=not replica)  # noqa: B023
            proof = _proof(snapshot, question)
            if not replica and not proof.holds and pauses:
                await deferLater(self._clock, pauses.pop(0))
                continue
            verdict = self._seen.judge(question, proof, primary=not replica)
            if verdict is Verdict.LOST:
                self._hearing.lost()
            if verdict in (Verdict.FRESH, Verdict.LOST):
                return snapshot, not replica
            if verdict is Verdict.UNRELATED and await self._is_ours(proof):
                return snapshot, not replica
            replica = False

    async def _is_ours(self, answered: Proof) -> bool:
        """Whether the primary's log of now holds an answer's head, beside all claims."""
        while True:
            question, server = self._seen.question(), self._cluster.server(False)
            question = replace(question, claims=question.claims | {answered.head})
            proof = _proof(await self.wire.ask(lambda now: _shown_by(server, now), primary=True), question)  # noqa: B023
            if not proof.holds:
                return False
            verdict = self._seen.judge(question, proof, primary=True)
            if verdict is not Verdict.UNRELATED:
                return verdict is Verdict.FRESH

    def _batch(self, snapshot: Snapshot, position: LogPosition, limit: int) -> ChangeBatch | None:
        if not self._rules.commit_order:
            return _greater(snapshot.rows, position, limit)
        start = max(0, position.number - snapshot.first_number)
        return batch_from(position, snapshot.rows[start : start + limit + 2], limit)


def _shown_by(server: Server, now: float) -> Snapshot:
    if server.gone:
        raise DatabaseError("the server is gone")
    return server.snapshot(now)


def _proof(snapshot: Snapshot, question: Question) -> Proof:
    holds = snapshot.holds(question.claims) and not any(snapshot.holds((each,)) for each in question.lost)
    tail = "".join(_tag(row.position) for row in reversed(snapshot.rows[-SHOWN:]))
    return Proof(snapshot.head, holds, tail)


def _tag(position: Position) -> str:
    return str(position).partition("-")[2]


def _seen_by(rules: Rules) -> Seen:
    if not rules.never_back:
        return Trusting()
    if not rules.frontier:
        return Highest()
    return Seen() if rules.nothing_lost else Forgiving()


def _greater(rows: list[Change], position: LogPosition, limit: int) -> ChangeBatch:
    """Numbers say nothing about commits: all a reader can ask for is what is greater."""
    after = [row for row in rows if row.position >= position and row.position != position]
    after.sort(key=lambda row: int(str(row.position).partition("-")[0]))
    reached = after[:limit][-1].position if after else position
    return ChangeBatch(tuple(after[:limit]), reached, continuous=True, more=len(after) > limit)


def _row(id: str, value: int | None) -> Entity | None:
    return None if value is None else {"id": id, "v": value}
