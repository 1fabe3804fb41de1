"""What follows from what an answer proves; by example, and in every short history of two servers."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, replace

import pytest

from twisted_kong.db.positions import LogPosition
from twisted_kong.db.strategies.postgres.proof import SHOWN, Proof, Question, Seen, Verdict


def at(number: int, history: str = "a") -> LogPosition:
    """A row of the log of some history."""
    return LogPosition(number, history * 8)


def proof(head: LogPosition, holds: bool = True, *, shows: int = 1) -> Proof:
    """What an answer says whose newest rows, all of one history, number so many."""
    return Proof(head, holds, head.tag * shows)


def seen(*heads: LogPosition) -> Seen:
    """Of somebody who has made these commits, all at once, so that none is known to hold another."""
    made = Seen()
    question = made.question()
    for head in heads:
        made.wrote(question, proof(head))
    return made


def claims(of: Seen) -> set[LogPosition]:
    """What a question sent now claims."""
    return set(of.question().claims)


def test_the_first_answer_is_believed() -> None:
    """Who has seen nothing claims nothing, and then what it was shown."""
    made = Seen()
    assert claims(made) == set()
    assert made.judge(made.question(), proof(at(3)), primary=False) is Verdict.FRESH
    assert claims(made) == {at(3)}


def test_a_newer_head_stands_for_what_it_holds() -> None:
    """One claim is enough when answers come one after the other."""
    made = seen(at(1))
    for number in (1, 2, 5):
        made.judge(made.question(), proof(at(number)), primary=False)
        assert claims(made) == {at(number)}


def test_a_lagging_replica() -> None:
    """A replica that lacks a claim lags; nothing is learnt from it and nothing lost."""
    made = seen(at(5))
    assert made.judge(made.question(), proof(at(4), False), primary=False) is Verdict.LAGGING
    assert (claims(made), made.losses) == ({at(5)}, 0)


def test_lost_history() -> None:
    """A primary that lacks a claim has lost history, and its head is a new beginning."""
    made = seen(at(5))
    assert made.judge(made.question(), proof(at(7, "b"), False), primary=True) is Verdict.LOST
    assert (claims(made), made.losses) == ({at(7, "b")}, 1)


@pytest.mark.parametrize(("first", "second"), [(4, 9), (9, 4), (4, 4)])
def test_answers_that_overlap(first: int, second: int) -> None:
    """Of two that were asked for at once both are believed: the newer one shows that it holds the other."""
    made = seen(at(1))
    early = made.question()
    assert made.judge(early, proof(at(first), shows=8), primary=True) is Verdict.FRESH
    assert made.judge(early, proof(at(second), shows=8), primary=True) is Verdict.FRESH
    assert claims(made) == {at(max(first, second))}


@pytest.mark.parametrize("late", [at(6), at(4), at(8)])
def test_an_answer_that_shows_no_relation(late: LogPosition) -> None:
    """It may be of another history than what was learnt meanwhile, or too far from it to tell: ask again."""
    made = seen(at(3))
    early = made.question()
    made.judge(made.question(), proof(at(6, "b"), shows=2), primary=True)
    assert made.judge(early, proof(late, shows=3), primary=True) is Verdict.UNRELATED
    assert (claims(made), made.losses) == ({at(6, "b")}, 0)


def test_what_is_too_far_apart_to_tell() -> None:
    """Only so many rows are shown, whatever history they are of."""
    made = seen(at(1))
    early = made.question()
    made.judge(made.question(), proof(at(9), shows=3), primary=True)
    assert made.judge(early, proof(at(6), shows=3), primary=True) is Verdict.UNRELATED
    assert made.judge(early, proof(at(7), shows=3), primary=True) is Verdict.FRESH
    assert claims(made) == {at(9)}


def test_commits_that_overlap_stay_claims() -> None:
    """Of two answers that do not know of each other the higher does not hide the other."""
    made = seen(at(2, "b"), at(1, "a"))
    assert claims(made) == {at(2, "b"), at(1, "a")}
    assert made.judge(made.question(), proof(at(3, "b"), False), primary=True) is Verdict.LOST


def test_claims_melt_into_one() -> None:
    """The next answer that holds them all replaces them all."""
    made = seen(at(2), at(1), at(7), at(7))
    assert made.judge(made.question(), proof(at(7)), primary=False) is Verdict.FRESH
    assert claims(made) == {at(7)}


@pytest.mark.parametrize("holds", [True, False])
@pytest.mark.parametrize("primary", [True, False])
def test_questions_from_before_a_loss(holds: bool, primary: bool) -> None:
    """Whatever the answer to one says, it is asked for again, and the new beginning stands."""
    made = seen(at(5))
    early = made.question()
    made.judge(made.question(), proof(at(7, "b"), False), primary=True)
    assert made.judge(early, proof(at(6), holds), primary=primary) is Verdict.OUTDATED
    assert (claims(made), made.losses) == ({at(7, "b")}, 1)


def test_commits_are_claims() -> None:
    """After a commit every read must hold it."""
    made = seen(at(5))
    assert made.wrote(made.question(), proof(at(6))) is Verdict.FRESH
    assert claims(made) == {at(6)}


def test_a_commit_shows_a_loss_too() -> None:
    """A commit to a server that lacks what was seen is where that is noticed."""
    made = seen(at(5))
    assert made.wrote(made.question(), proof(at(3, "b"), False)) is Verdict.LOST
    assert claims(made) == {at(3, "b")}


def test_a_commit_across_a_loss() -> None:
    """A commit that was sent before a loss and answered after it is a claim nevertheless."""
    made = seen(at(5))
    early = made.question()
    made.judge(made.question(), proof(at(7, "b"), False), primary=True)
    assert made.wrote(early, proof(at(6))) is Verdict.OUTDATED
    assert claims(made) == {at(7, "b"), at(6)}


# -- every short history -----------------------------------------------------------------------------------

Log = tuple[LogPosition, ...]
_DEPTH = 8
_IN_FLIGHT = 2


@dataclass(frozen=True)
class World:
    """Two servers, one process, and the answers that are on their way to it; each was given when asked for.

    ``believed`` are the logs of what the process has kept since it was last told to forget.
    """

    primary: Log = (at(0),)
    replica: Log = (at(0),)
    under_way: tuple[tuple[bool, Question, Log], ...] = ()
    claims: frozenset[Proof] = frozenset()
    losses: int = 0
    believed: frozenset[Log] = frozenset()
    failed_over: bool = False
    rows: int = 1

    def seen(self) -> Seen:
        made = Seen()
        made._claims, made.losses = {each.head: each for each in self.claims}, self.losses
        return made

    def following(self) -> Iterator[World]:
        """All that may happen next."""
        yield replace(self, primary=(*self.primary, self.new_row()), rows=self.rows + 1)
        if self.replica != self.primary:
            yield replace(self, replica=self.primary[: len(self.replica) + 1])
            if not self.failed_over:
                yield replace(self, primary=self.replica, failed_over=True)
        if len(self.under_way) < _IN_FLIGHT:
            for primary in (True, False):
                log = self.primary if primary else self.replica
                asked = (primary, self.seen().question(), log)
                yield replace(self, under_way=(*self.under_way, asked))
        for index in range(len(self.under_way)):
            yield self.arrived(index)

    def new_row(self) -> LogPosition:
        """One more row, unlike any other."""
        return LogPosition(len(self.primary), f"{self.rows:08x}")

    def arrived(self, index: int) -> World:
        """One of the answers comes in."""
        primary, question, log = self.under_way[index]
        rest = self.under_way[:index] + self.under_way[index + 1 :]
        made = self.seen()
        verdict = made.judge(question, proof_of(question, log), primary=primary)
        believed = {
            Verdict.FRESH: self.believed | {log},
            Verdict.LOST: frozenset({log}),
        }.get(verdict, self.believed)
        return replace(
            self,
            under_way=rest,
            claims=frozenset(made._claims.values()),
            losses=made.losses,
            believed=believed,
        )


def proof_of(question: Question, log: Log) -> Proof:
    """What a server with this log answers."""
    return Proof(log[-1], question.claims <= set(log), "".join(row.tag for row in log[: -1 - SHOWN : -1]))


def test_every_short_history() -> None:
    """Whatever two servers do: all that is believed at a time is of one history, and the next answer of the
    primary holds it all or shows the loss, which there is only after a failover.
    """
    worlds = {World()}
    for _ in range(_DEPTH):
        worlds = {following for world in worlds for following in world.following()}
        for world in worlds:
            made = copy(world.seen())
            assert len(world.claims) <= 1
            assert world.failed_over or world.losses == 0
            question = made.question()
            verdict = made.judge(question, proof_of(question, world.primary), primary=True)
            newest = max(world.believed, key=len, default=())
            assert all(log == newest[: len(log)] for log in world.believed)
            assert (verdict is Verdict.LOST) == (newest != world.primary[: len(newest)])


def test_a_replica_that_shows_what_was_lost_is_not_believed_again() -> None:
    """While the new history is short such a replica holds all of it, so it is asked for what was lost too."""
    seen = Seen()
    seen.judge(seen.question(), proof(at(8)), primary=False)
    assert seen.is_ahead_of(at(5))
    assert seen.judge(seen.question(), proof(at(5), False), primary=True) is Verdict.LOST
    question = seen.question(primary=False)
    assert question.claims == {at(5)}
    assert question.lost == {at(8)}
    assert seen.judge(question, proof(at(8), False), primary=False) is Verdict.LAGGING


def test_what_was_lost_is_forgotten_once_the_new_history_is_longer() -> None:
    """What is claimed then no server of the lost history can hold; and the primary is never asked."""
    seen = Seen()
    seen.judge(seen.question(), proof(at(8)), primary=False)
    seen.judge(seen.question(), proof(at(5), False), primary=True)
    assert seen.question().lost == set()
    seen.judge(seen.question(), proof(at(7, "b")), primary=True)
    assert seen.question(primary=False).lost == {at(8)}
    seen.judge(seen.question(), proof(at(8, "b")), primary=True)
    assert seen.question(primary=False).lost == set()


def test_who_has_seen_less_than_a_log_holds_is_not_ahead_of_it() -> None:
    """Equal numbers of two histories are."""
    seen = Seen()
    seen.judge(seen.question(), proof(at(5)), primary=True)
    assert not seen.is_ahead_of(at(5))
    assert not seen.is_ahead_of(at(6, "b"))
    assert seen.is_ahead_of(at(5, "b"))
