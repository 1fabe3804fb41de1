"""Reads of the database, from the replica where that is new enough, and always with the proof of it.

The theory is in :mod:`twisted_kong.db.strategies.postgres.proof`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from twisted_kong.core.errors import DatabaseUnavailable
from twisted_kong.db.positions import LogPosition
from twisted_kong.db.strategies.postgres.errors import EMPTY_LOG
from twisted_kong.db.strategies.postgres.proof import SHOWN, Proof, Question, Seen, Verdict
from twisted_kong.db.strategies.postgres.replica import IServer, Replica
from twisted_kong.db.strategies.postgres.statement import Rows, Statement

# A commit that waits for standbys is seen on these before it is on the primary.  So what only a replica has
# shown is no proof that the primary lost something until it has had these pauses, in seconds, to catch up.
GRACE = (0.02, 0.05, 0.1, 0.2, 0.4)

_NEWEST = f"(select number, tag from changes order by number desc limit {SHOWN}) as newest"
_TAIL = f"(select string_agg(tag, '' order by number desc) from {_NEWEST})"
_HEAD = f"select number, tag, {{holds}} as holds, {_TAIL} as tail from changes order by number desc limit 1"
_HOLDS = "(select count(*) from changes where (number, tag) in %s) = %s"
_HOLDS_NONE = "not exists (select from changes where (number, tag) in %s)"
# on true: whether or not there is a row to it, the proof comes
_PROVEN = "select proof.*, answer.* from ({head}) as proof left join ({text}) as answer on true"


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows of a read, the newest row of the log in its snapshot, and whether the primary gave it."""

    rows: Rows
    head: LogPosition
    from_primary: bool


def proven(question: Question, statement: Statement | None = None) -> Statement:
    """A query that returns what another one does, with the proof before it; or the proof alone."""
    claims, lost = _values(question.claims), _values(question.lost)
    holds = " and ".join((_HOLDS if claims else "true", *([_HOLDS_NONE] if lost else [])))
    head = _HEAD.format(holds=holds)
    parameters: tuple[object, ...] = (claims, len(claims)) if claims else ()
    parameters += (lost,) if lost else ()
    if statement is None:
        return Statement(head, parameters)
    text = _PROVEN.format(head=head, text=statement.text)
    if statement.order:
        text += f" order by {', '.join(f'answer.{column}' for column in statement.order.split(', '))}"
    return Statement(text, (*parameters, *statement.parameters))


def split(rows: Rows) -> tuple[Proof, Rows]:
    """The proof in an answer, and what was asked for."""
    if not rows:
        raise DatabaseUnavailable(EMPTY_LOG)
    number, tag, holds, tail = rows[0][:4]
    # none of what is asked for begins with a null
    rest = [row[4:] for row in rows if len(row) > 4 and row[4] is not None]
    return Proof(LogPosition(number, tag), holds, tail), rest


def _values(positions: frozenset[LogPosition]) -> tuple[tuple[int, str], ...]:
    return tuple((position.number, position.tag) for position in positions)


class Reader:
    """Reads with proof.

    :param lost: called when the primary turns out to lack what was seen before.
    """

    def __init__(
        self,
        primary: IServer,
        replica: Replica | None,
        seen: Seen,
        clock: IReactorTime,
        lost: Callable[[], object],
    ) -> None:
        self._primary = primary
        self._replica = replica
        self._seen = seen
        self._clock = clock
        self._lost = lost

    async def read(self, statement: Statement | None = None, *, from_primary: bool = False) -> Answer:
        """What a query returns; without one only the proof's head.

        :param from_primary: whether only the primary will do.
        """
        if self._replica is not None and not from_primary and self._replica.is_ready:
            answer = await self._read_replica(self._replica, statement)
            if answer is not None:
                return answer
        return await self._read_primary(statement)

    def wrote(self, question: Question, rows: Rows) -> Answer:
        """The answer to a commit, which was sent with the proof asked for; it cannot be asked for again."""
        proof, rest = split(rows)
        if self._seen.wrote(question, proof) is Verdict.LOST:
            self._lost()
        return Answer(rest, proof.head, from_primary=True)

    async def _read_replica(self, replica: Replica, statement: Statement | None) -> Answer | None:
        question = self._seen.question(primary=False)
        rows = await replica.run(proven(question, statement))
        if rows is None:
            return None
        if not rows:
            # an emptied log: whatever that server is, it does not follow the primary
            replica.lags()
            return None
        proof, rest = split(rows)
        verdict = self._seen.judge(question, proof, primary=False)
        if verdict is Verdict.FRESH or (verdict is Verdict.UNRELATED and await self._is_ours(proof)):
            replica.caught_up()
            return Answer(rest, proof.head, from_primary=False)
        if verdict is Verdict.LAGGING:
            replica.lags()
        return None

    async def _read_primary(self, statement: Statement | None) -> Answer:
        pauses = list(GRACE) if self._replica is not None else []
        while True:
            question = self._seen.question()
            query = proven(question, statement)
            proof, rest = split(await self._primary.run(query.text, query.parameters))
            if not proof.holds and pauses:
                await deferLater(self._clock, pauses.pop(0))
                continue
            verdict = self._seen.judge(question, proof, primary=True)
            if verdict is Verdict.LOST:
                self._lost()
            if verdict in (Verdict.FRESH, Verdict.LOST):
                return Answer(rest, proof.head, from_primary=True)
            if verdict is Verdict.UNRELATED and await self._is_ours(proof):
                return Answer(rest, proof.head, from_primary=True)

    async def _is_ours(self, answered: Proof) -> bool:
        """Whether the primary's log of now holds the end of an answer's log, beside all that is claimed.

        Then the answer is of the history that is known, and held all that was claimed when it was asked for.
        Where much is written, commits overtake a read that takes its time, and reading again would never end.
        """
        while True:
            question = self._seen.question()
            question = replace(question, claims=question.claims | {answered.head})
            query = proven(question)
            proof, _ = split(await self._primary.run(query.text, query.parameters))
            if not proof.holds:
                # which of them is missing only another read shows
                return False
            verdict = self._seen.judge(question, proof, primary=True)
            if verdict is not Verdict.UNRELATED:
                return verdict is Verdict.FRESH
