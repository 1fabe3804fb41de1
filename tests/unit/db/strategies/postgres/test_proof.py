"""What follows from what an answer proves; by example, and in every short history of two servers."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, replace

import pytest

from twisted_kong.db.positions import LogPosition
from twisted_kong.db.strategies.postgres.proof import Proof, Question, Seen, Verdict


def at(number: int, history: str = "a") -> LogPosition:
    """A row of the log of some history."""
    return LogPosition(number, history * 8)


def seen(*heads: LogPosition) -> Seen:
    """Of somebody who has believed answers that were all under way at once."""
    made = Seen()
    question = made.question()
    for head in heads:
        assert made.judge(question, Proof(head, True), primary=True) is Verdict.FRESH
    return made


def claims(of: Seen) -> set[LogPosition]:
    """What a question sent now claims."""
    return set(of.question().claims)


def test_the_first_answer_is_believed() -> None:
    """Who has seen nothing claims nothing, and then what it was shown."""
    made = Seen()
    assert claims(made) == set()
    assert made.judge(made.question(), Proof(at(3), True), primary=False) is Verdict.FRESH
    assert claims(made) == {at(3)}


def test_a_newer_head_stands_for_what_it_holds() -> None:
    """One claim is enough when answers come one after the other."""
    made = seen(at(1))
    for number in (1, 2, 5):
        made.judge(made.question(), Proof(at(number), True), primary=False)
        assert claims(made) == {at(number)}


def test_a_lagging_replica() -> None:
    """A replica that lacks a claim lags; nothing is learnt from it and nothing lost."""
    made = seen(at(5))
    assert made.judge(made.question(), Proof(at(4), False), primary=False) is Verdict.LAGGING
    assert (claims(made), made.losses) == ({at(5)}, 0)


def test_lost_history() -> None:
    """A primary that lacks a claim has lost history, and its head is a new beginning."""
    made = seen(at(5))
    assert made.judge(made.question(), Proof(at(7, "b"), False), primary=True) is Verdict.LOST
    assert (claims(made), made.losses) == ({at(7, "b")}, 1)


def test_an_older_answer_under_way_is_no_loss() -> None:
    """An answer is judged by what was claimed when it was asked for, not by what has been seen since."""
    made = seen(at(1))
    early = made.question()
    made.judge(made.question(), Proof(at(9), True), primary=True)
    assert made.judge(early, Proof(at(4), True), primary=True) is Verdict.FRESH
    assert claims(made) == {at(9), at(4)}


def test_what_overlapped_stays_a_claim() -> None:
    """Of two answers that do not know of each other the higher does not hide the other."""
    made = seen(at(2, "b"), at(1, "a"))
    assert claims(made) == {at(2, "b"), at(1, "a")}
    assert made.judge(made.question(), Proof(at(3, "b"), False), primary=True) is Verdict.LOST


def test_claims_melt_into_one() -> None:
    """The next answer that holds them all replaces them all."""
    made = seen(at(2), at(1), at(7), at(7))
    assert made.judge(made.question(), Proof(at(7), True), primary=False) is Verdict.FRESH
    assert claims(made) == {at(7)}


@pytest.mark.parametrize("holds", [True, False])
@pytest.mark.parametrize("primary", [True, False])
def test_questions_from_before_a_loss(holds: bool, primary: bool) -> None:
    """Whatever the answer to one says, it is asked for again, and the new beginning stands."""
    made = seen(at(5))
    early = made.question()
    made.judge(made.question(), Proof(at(7, "b"), False), primary=True)
    assert made.judge(early, Proof(at(6), holds), primary=primary) is Verdict.OUTDATED
    assert (claims(made), made.losses) == ({at(7, "b")}, 1)


def test_commits_are_claims() -> None:
    """After a commit every read must hold it."""
    made = seen(at(5))
    assert made.wrote(made.question(), Proof(at(6), True)) is Verdict.FRESH
    assert claims(made) == {at(6)}


def test_a_commit_shows_a_loss_too() -> None:
    """A commit to a server that lacks what was seen is where that is noticed."""
    made = seen(at(5))
    assert made.wrote(made.question(), Proof(at(3, "b"), False)) is Verdict.LOST
    assert claims(made) == {at(3, "b")}


def test_a_commit_across_a_loss() -> None:
    """A commit that was sent before a loss and answered after it is a claim nevertheless."""
    made = seen(at(5))
    early = made.question()
    made.judge(made.question(), Proof(at(7, "b"), False), primary=True)
    assert made.wrote(early, Proof(at(6), True)) is Verdict.OUTDATED
    assert claims(made) == {at(7, "b"), at(6)}


# -- every short history -----------------------------------------------------------------------------------

Log = tuple[LogPosition, ...]
_DEPTH = 8
_IN_FLIGHT = 2


@dataclass(frozen=True)
class World:
    """Two servers, one process, and the answers that are on their way to it; each was given when asked for.

    ``believed`` are the heads of what the process has kept since it was last told to forget.
    """

    primary: Log = (at(0),)
    replica: Log = (at(0),)
    under_way: tuple[tuple[bool, Question, Log], ...] = ()
    claims: frozenset[LogPosition] = frozenset()
    losses: int = 0
    believed: frozenset[LogPosition] = frozenset()
    failed_over: bool = False
    rows: int = 1

    def seen(self) -> Seen:
        made = Seen()
        made._claims, made.losses = self.claims, self.losses
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
            Verdict.FRESH: self.believed | {log[-1]},
            Verdict.LOST: frozenset({log[-1]}),
        }.get(verdict, self.believed)
        return replace(
            self,
            under_way=rest,
            claims=made.question().claims,
            losses=made.losses,
            believed=believed,
        )


def proof_of(question: Question, log: Log) -> Proof:
    """What a server with this log answers."""
    return Proof(log[-1], question.claims <= set(log))


def test_every_short_history() -> None:
    """Whatever two servers do, a failover included: the next answer of the primary either holds all that was
    believed before it was asked for, or shows the loss; without a failover nothing is ever taken for lost.
    """
    worlds = {World()}
    for _ in range(_DEPTH):
        worlds = {following for world in worlds for following in world.following()}
        for world in worlds:
            made = copy(world.seen())
            assert len(world.claims) <= _IN_FLIGHT + 1
            assert world.failed_over or world.losses == 0
            question = made.question()
            verdict = made.judge(question, proof_of(question, world.primary), primary=True)
            assert (verdict is Verdict.LOST) == (not world.believed <= set(world.primary))


def test_a_replica_that_shows_what_was_lost_is_not_believed_again() -> None:
    """While the new history is short such a replica holds all of it, so it is asked for what was lost too."""
    seen = Seen()
    seen.judge(seen.question(), Proof(at(8), True), primary=False)
    assert seen.is_ahead_of(at(5))
    assert seen.judge(seen.question(), Proof(at(5), False), primary=True) is Verdict.LOST
    question = seen.question(primary=False)
    assert question.claims == {at(5)}
    assert question.lost == {at(8)}
    assert seen.judge(question, Proof(at(8), False), primary=False) is Verdict.LAGGING


def test_what_was_lost_is_forgotten_once_the_new_history_is_longer() -> None:
    """What is claimed then no server of the lost history can hold; and the primary is never asked."""
    seen = Seen()
    seen.judge(seen.question(), Proof(at(8), True), primary=False)
    seen.judge(seen.question(), Proof(at(5), False), primary=True)
    assert seen.question().lost == set()
    seen.judge(seen.question(), Proof(at(7, "b"), True), primary=True)
    assert seen.question(primary=False).lost == {at(8)}
    seen.judge(seen.question(), Proof(at(8, "b"), True), primary=True)
    assert seen.question(primary=False).lost == set()


def test_who_has_seen_less_than_a_log_holds_is_not_ahead_of_it() -> None:
    """Equal numbers of two histories are."""
    seen = Seen()
    seen.judge(seen.question(), Proof(at(5), True), primary=True)
    assert not seen.is_ahead_of(at(5))
    assert not seen.is_ahead_of(at(6, "b"))
    assert seen.is_ahead_of(at(5, "b"))
