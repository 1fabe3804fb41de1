"""Who is asked for what, and whether the answer is believed."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from tests.kit.deferreds import failure_of, no_result, started, success_of
from twisted_kong.core.errors import DatabaseUnavailable
from twisted_kong.db.positions import LogPosition
from twisted_kong.db.strategies.postgres.proof import Proof, Question, Seen
from twisted_kong.db.strategies.postgres.reading import GRACE, Answer, Reader, proven, split
from twisted_kong.db.strategies.postgres.replica import Replica
from twisted_kong.db.strategies.postgres.statement import Rows, Statement

WANTED = Statement("select id from entities where kind = %s order by id", ("services",), order="id")


def at(number: int, history: str = "a") -> LogPosition:
    """A row of the log."""
    return LogPosition(number, history * 8)


def proof(head: LogPosition, *, holds: bool = True) -> Rows:
    """The answer of a server whose log ends there."""
    return [(head.number, head.tag, holds, head.tag, "x")]


class FakeServer:
    """Answers by hand."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[Any, ...]]] = []
        self._waiting: list[Deferred[Rows]] = []

    async def run(self, query: str, parameters: tuple[Any, ...] = ()) -> Rows:
        """What the test answers."""
        self.asked.append((query, parameters))
        self._waiting.append(Deferred())
        return await self._waiting[-1]

    def answer(self, rows: Rows) -> None:
        """Answer the oldest question."""
        self._waiting.pop(0).callback(rows)

    def fail(self) -> None:
        """Fail the oldest question."""
        self._waiting.pop(0).errback(DatabaseUnavailable("gone"))

    @property
    def waiting(self) -> int:
        """How many wait for an answer."""
        return len(self._waiting)


class Site:
    """A reader between two servers."""

    def __init__(self, *, replica: bool = True) -> None:
        self.clock, self.primary, self.replica = Clock(), FakeServer(), FakeServer()
        self.lost = 0
        self.seen = Seen()
        standby = Replica(self.replica, self.clock, "the database kong at replica:5432") if replica else None
        self.reader = Reader(self.primary, standby, self.seen, self.clock, self._lost)

    def read(self, *, from_primary: bool = False) -> Deferred[Answer]:
        """A read, asked."""
        return started(self.reader.read(WANTED, from_primary=from_primary))

    def having_seen(self, position: LogPosition) -> Site:
        """The same, after a read of the primary."""
        asked = self.read(from_primary=True)
        self.primary.answer(proof(position))
        success_of(asked)
        return self

    def _lost(self) -> None:
        self.lost += 1


def test_the_question() -> None:
    """The proof is asked for in the statement itself, and the order of its rows said once more."""
    query = proven(Question(frozenset({at(5)}), 0), WANTED)
    assert WANTED.text in query.text
    assert query.text.endswith("order by answer.id")
    assert query.parameters == (((5, "aaaaaaaa"),), 1, "services")
    assert query.text.count("%s") == len(query.parameters)
    assert proven(Question(frozenset(), 0), WANTED).parameters == ("services",)
    assert "left join" not in proven(Question(frozenset(), 0)).text
    backwards = proven(Question(frozenset(), 0), WANTED._replace(order="id desc, kind"))
    assert backwards.text.endswith("order by answer.id desc, answer.kind")


def test_the_answer() -> None:
    """The proof comes with each row, and also where there is none."""
    tail = "aaaaaaaabbbbbbbb"
    assert split([(5, "aaaaaaaa", True, tail, "x", 1), (5, "aaaaaaaa", True, tail, "y", 2)]) == (
        Proof(at(5), True, tail),
        [("x", 1), ("y", 2)],
    )
    assert split([(5, "aaaaaaaa", False, tail, None, None)]) == (Proof(at(5), False, tail), [])
    assert split([(5, "aaaaaaaa", True, tail)]) == (Proof(at(5), True, tail), [])


def test_no_log() -> None:
    """A log without a row, which never is unless somebody removed it, is an error and no doubt."""
    with pytest.raises(DatabaseUnavailable, match="empty"):
        split([])


def test_the_replica_is_asked_first() -> None:
    """Where there is a replica that is new enough the primary is spared."""
    site = Site().having_seen(at(5))
    asked = site.read()
    assert site.replica.asked[0][1][:2] == (((5, "aaaaaaaa"),), 1)
    site.replica.answer(proof(at(6)))
    assert success_of(asked) == Answer([("x",)], at(6), from_primary=False)
    assert len(site.primary.asked) == 1


def overtaken(site: Site, server: FakeServer) -> Deferred[Answer]:
    """A slow read of a server, answered after a claim that is too far ahead to show how they are related."""
    asked = site.read(from_primary=server is site.primary)
    site.reader.wrote(site.seen.question(), proof(at(20)))
    server.answer(proof(at(6)))
    return asked


@pytest.mark.parametrize("name", ["primary", "replica"])
def test_a_slow_read_while_much_is_written(name: str) -> None:
    """It is not read again, which would take as long again: that its history is ours is quickly asked."""
    site = Site().having_seen(at(5))
    server: FakeServer = getattr(site, name)
    asked = overtaken(site, server)
    no_result(asked)
    query, parameters = site.primary.asked[-1]
    assert WANTED.text not in query
    assert set(parameters[0]) == {(6, "aaaaaaaa"), (20, "aaaaaaaa")}
    site.reader.wrote(site.seen.question(), proof(at(40)))
    site.primary.answer(proof(at(21)))
    no_result(asked)
    site.primary.answer(proof(at(41)))
    assert success_of(asked) == Answer([("x",)], at(6), from_primary=server is site.primary)
    assert site.seen.question().claims == {at(41)}
    assert site.lost == 0


@pytest.mark.parametrize("name", ["primary", "replica"])
def test_a_late_answer_of_a_lost_server(name: str) -> None:
    """What the log of now does not hold is read again, and is no loss of what is held."""
    site = Site().having_seen(at(5))
    asked = overtaken(site, getattr(site, name))
    site.primary.answer(proof(at(21), holds=False))
    no_result(asked)
    assert WANTED.text in site.primary.asked[-1][0]
    site.primary.answer(proof(at(21)))
    assert success_of(asked).head == at(21)
    assert site.lost == 0


def test_a_replica_that_lags() -> None:
    """The primary is asked instead, by this read and by those of the next moments."""
    site = Site().having_seen(at(5))
    asked = site.read()
    site.replica.answer(proof(at(4), holds=False))
    site.primary.answer(proof(at(5)))
    assert success_of(asked).from_primary
    asked = site.read()
    site.primary.answer(proof(at(5)))
    success_of(asked)
    assert len(site.replica.asked) == 1
    assert site.lost == 0


def test_a_replica_without_a_log() -> None:
    """Another database, or one that somebody has emptied, fails no read that the primary can answer."""
    site = Site().having_seen(at(5))
    asked = site.read()
    site.replica.answer([])
    site.primary.answer(proof(at(5)))
    assert success_of(asked).from_primary


def test_a_replica_that_fails() -> None:
    """Its failure is nobody's but its own."""
    site = Site()
    asked = site.read()
    site.replica.fail()
    site.primary.answer(proof(at(5)))
    assert success_of(asked).rows == [("x",)]
    site.reader._replica.stop()


def test_the_primary_fails() -> None:
    """Where the primary is needed and away the read fails."""
    site = Site(replica=False)
    asked = site.read()
    site.primary.fail()
    failure_of(asked, DatabaseUnavailable)


def test_lost_history() -> None:
    """A primary that lacks what was seen is believed, and the loss told at once."""
    site = Site(replica=False).having_seen(at(5))
    asked = site.read()
    site.primary.answer(proof(at(4, "b"), holds=False))
    assert success_of(asked).head == at(4, "b")
    assert site.lost == 1


def test_asked_before_a_loss() -> None:
    """What was asked for before a loss was noticed is asked for again, and the loss told once."""
    site = Site(replica=False).having_seen(at(5))
    first, second = site.read(), site.read()
    site.primary.answer(proof(at(4, "b"), holds=False))
    success_of(first)
    site.primary.answer(proof(at(5)))
    no_result(second)
    site.primary.answer(proof(at(4, "b")))
    assert success_of(second).head == at(4, "b")
    assert site.lost == 1


def test_a_primary_that_shows_a_commit_later() -> None:
    """Where a replica may have shown what the primary does not show yet, that has some time to do so."""
    site = Site().having_seen(at(5))
    asked = site.read(from_primary=True)
    site.primary.answer(proof(at(4), holds=False))
    assert site.primary.waiting == 0
    site.clock.advance(GRACE[0])
    site.primary.answer(proof(at(5)))
    success_of(asked)
    assert site.lost == 0


def test_a_primary_that_never_shows_it() -> None:
    """When the time is over history counts as lost."""
    site = Site().having_seen(at(5))
    asked = site.read(from_primary=True)
    for pause in GRACE:
        site.primary.answer(proof(at(4), holds=False))
        site.clock.advance(pause)
    no_result(asked)
    site.primary.answer(proof(at(4), holds=False))
    success_of(asked)
    assert site.lost == 1


def test_commits() -> None:
    """The answer to a commit is a claim, and may show a loss."""
    site = Site()
    done = site.reader.wrote(site.seen.question(), proof(at(6)))
    assert (done.rows, done.head) == ([("x",)], at(6))
    assert site.seen.question().claims == {at(6)}
    site.reader.wrote(site.seen.question(), proof(at(3, "b"), holds=False))
    assert site.lost == 1
