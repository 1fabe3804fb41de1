"""What an answer proves about the server that gave it, and so whether it may be believed.

Theory.  A node must never go back: not to a replica that lags behind what it has seen, and not, unawares, to
a server that lost commits (a failover, a restored copy).
Which server answered cannot be told from outside, for names and addresses move.
So each answer proves it itself: one statement, hence one snapshot, returns the rows, the newest row of the
log in that snapshot (its *head*), and whether the log holds certain rows, the *claims*: heads of earlier
answers.  Tags are made by chance, so a log that holds a claim has the history that led to it.

* All claims are held: the answer is no older than any it comes after.  It may be believed, and its head
  stands for them all from now on.
* One is missing on a replica: that lags.  Its answer is thrown away and the primary asked.
* One is missing on the primary: history was lost.  All that was ever read is in doubt; its head is the only
  claim of a new beginning.

Answers overlap, and may come from different servers: of two that were under way at once neither proves that
it knows of the other, and the higher one might hide for good that the other was lost.
So an answer is judged by the claims that were sent with its question, and its head replaces just these; what
came in between stays a claim until a later answer has shown it to lie in the same history.
Mostly there is one claim, and never more than there are connections.
The answer to a question from before a loss proves nothing about the new beginning, and is asked for again.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from twisted_kong.db.positions import LogPosition


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked beside every read: whether the log holds all claims, and nothing that was lost.

    ``losses`` is how often history had been lost when it was asked.
    """

    claims: frozenset[LogPosition]
    losses: int
    lost: frozenset[LogPosition] = frozenset()


@dataclass(frozen=True, slots=True)
class Proof:
    """What an answer says of its snapshot: the newest row of the log, and whether that is as was asked."""

    head: LogPosition
    holds: bool


class Verdict(Enum):
    """What follows for the rows of an answer: believe them, ask the primary, doubt the past, ask again."""

    FRESH = "fresh"
    LAGGING = "lagging"
    LOST = "lost"
    OUTDATED = "outdated"


class Seen:
    """What a process has seen of the log: the claims that further answers must hold.

    ``losses`` counts how often the primary turned out to lack a claim.
    """

    def __init__(self) -> None:
        self._claims: frozenset[LogPosition] = frozenset()
        self._lost: frozenset[LogPosition] = frozenset()
        self.losses = 0

    def question(self, *, primary: bool = True) -> Question:
        """What to ask beside a read that is sent now; what the primary holds is never lost."""
        return Question(self._claims, self.losses, frozenset() if primary else self._lost)

    def is_ahead_of(self, head: LogPosition) -> bool:
        """Whether something was seen that a primary with this end of its log cannot hold."""
        return any(claim >= head and claim != head for claim in self._claims)

    def judge(self, question: Question, proof: Proof, *, primary: bool) -> Verdict:
        """Judge an answer, and learn from it what may be learnt."""
        if question.losses != self.losses:
            return Verdict.OUTDATED
        if proof.holds:
            self._claims = self._claims - question.claims | {proof.head}
            self._lost = _beyond(proof.head, self._lost)
            return Verdict.FRESH
        if not primary:
            return Verdict.LAGGING
        self._lost = _beyond(proof.head, self._lost | self._claims)
        self._claims = frozenset({proof.head})
        self.losses += 1
        return Verdict.LOST

    def wrote(self, question: Question, proof: Proof) -> Verdict:
        """Judge the answer to a commit: it cannot be asked for again, so its head becomes a claim anyway."""
        verdict = self.judge(question, proof, primary=True)
        if verdict is Verdict.OUTDATED:
            self._claims |= {proof.head}
        return verdict


def _beyond(head: LogPosition, positions: frozenset[LogPosition]) -> frozenset[LogPosition]:
    return frozenset(each for each in positions if each.number > head.number)
