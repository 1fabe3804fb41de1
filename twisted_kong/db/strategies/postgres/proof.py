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

Answers overlap, and may come from different servers: of two that were under way at once neither was asked for
the other.
So an answer also shows its newest rows, and by them that it holds what was learnt since it was asked for, or
that it is held by that.
Where it shows neither it may be the late answer of a server that is no more: the primary is asked whether its
log holds that head and all that is known now; if it does not, the answer is asked for again.
Only the answer to a commit cannot be asked for again: its head becomes a claim beside the others, until a
later answer has shown them to lie in one history.
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


# How many of the newest rows an answer shows, and the length of a tag.
SHOWN = 8
_TAG = 8


@dataclass(frozen=True, slots=True)
class Proof:
    """What an answer says of its snapshot: the newest row of the log, and whether that is as was asked.

    ``tail`` is the tags of the newest rows one after the other, the head's first; numbers have no gaps.
    """

    head: LogPosition
    holds: bool
    tail: str

    def shows(self, position: LogPosition) -> bool:
        """Whether a row is seen to be among the newest."""
        start = (self.head.number - position.number) * _TAG
        return start >= 0 and self.tail[start : start + _TAG] == position.tag

    def is_related_to(self, other: Proof) -> bool:
        """Whether one of the two snapshots is seen to continue the other."""
        return self.shows(other.head) or other.shows(self.head)


class Verdict(Enum):
    """What follows for an answer: believe it, ask the primary, doubt the past, or ask again (both others)."""

    FRESH = "fresh"
    LAGGING = "lagging"
    LOST = "lost"
    UNRELATED = "unrelated"
    OUTDATED = "outdated"


class Seen:
    """What a process has seen of the log: the claims that further answers must hold.

    ``losses`` counts how often the primary turned out to lack a claim.
    """

    def __init__(self) -> None:
        # Each claim with the answer that it is the head of.
        self._claims: dict[LogPosition, Proof] = {}
        self._lost: frozenset[LogPosition] = frozenset()
        self.losses = 0

    def question(self, *, primary: bool = True) -> Question:
        """What to ask beside a read that is sent now; what the primary holds is never lost."""
        return Question(frozenset(self._claims), self.losses, frozenset() if primary else self._lost)

    def is_ahead_of(self, head: LogPosition) -> bool:
        """Whether something was seen that a primary with this end of its log cannot hold."""
        return any(claim >= head and claim != head for claim in self._claims)

    def judge(self, question: Question, proof: Proof, *, primary: bool) -> Verdict:
        """Judge an answer, and learn from it what may be learnt."""
        if question.losses != self.losses:
            return Verdict.OUTDATED
        if proof.holds:
            return self._believe(question, proof)
        if not primary:
            return Verdict.LAGGING
        self._lost = _beyond(proof.head, self._lost.union(self._claims))
        self._claims = {proof.head: proof}
        self.losses += 1
        return Verdict.LOST

    def wrote(self, question: Question, proof: Proof) -> Verdict:
        """Judge the answer to a commit: it cannot be asked for again, so its head becomes a claim anyway."""
        verdict = self.judge(question, proof, primary=True)
        if verdict in (Verdict.OUTDATED, Verdict.UNRELATED):
            self._claims[proof.head] = proof
        return verdict

    def _believe(self, question: Question, proof: Proof) -> Verdict:
        since = {claim: each for claim, each in self._claims.items() if claim not in question.claims}
        if not all(map(proof.is_related_to, since.values())):
            return Verdict.UNRELATED
        newer = {claim: each for claim, each in since.items() if not proof.shows(claim)}
        self._claims = newer or {proof.head: proof}
        self._lost = _beyond(proof.head, self._lost)
        return Verdict.FRESH


def _beyond(head: LogPosition, positions: frozenset[LogPosition]) -> frozenset[LogPosition]:
    return frozenset(each for each in positions if each.number > head.number)
