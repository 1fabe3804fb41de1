"""Which answers a process may believe, given those it has believed before: it never goes back.

Theory.  A log only grows at its end, so a snapshot that holds the row at a position holds all that led to it.
The *frontier* is a few positions (mostly one): all that was ever believed is in the history of one of them.
A query is sent with the frontier of that moment, its *claim*; the answer tells whether its log holds the
whole claim, and where it ends, its *head*.

* It does: the answer is believed, and its head takes the place of the claim.
* A replica that does not lags behind: the primary is asked.
* A primary that does not has lost history (a server was promoted that lacks commits, a copy was restored):
  doubt means stale, and what was asked before this was noticed is asked again.

The highest position alone would not do.  Of two answers that were under way at once, and of an answer and a
write of this process, neither proves that it knows of the other: a replica may hold a lost commit and the
primary a later one.  Both stay in the frontier until one answer holds both, or a primary shows that none can.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from twisted_kong.db.positions import LogPosition


class Verdict(Enum):
    """What to do with an answer."""

    BELIEVE = "believe"
    ASK_PRIMARY = "ask primary"
    ASK_AGAIN = "ask again"


@dataclass(frozen=True, slots=True)
class Claim:
    """What the log of an answer must hold: the frontier when the query was sent, after so many losses."""

    positions: frozenset[LogPosition]
    losses: int


class Seen:
    """What one process has seen of the log."""

    def __init__(self) -> None:
        self._frontier: frozenset[LogPosition] = frozenset()
        self._losses = 0
        # History was lost, and whoever follows the log has not been told yet.
        self.doubtful = False

    def claim(self) -> Claim:
        """What an answer to a query must prove; to be taken as the query is sent."""
        return Claim(self._frontier, self._losses)

    def judge(self, claim: Claim, head: LogPosition, *, proven: bool, primary: bool) -> Verdict:
        """Decide upon an answer, and remember it if it is to be believed.

        :param head: the end of the log in the answer's snapshot.
        :param proven: whether the log of that snapshot holds all of the claim.
        :param primary: whether the primary has answered.
        """
        if claim.losses != self._losses:
            return Verdict.ASK_AGAIN
        if proven:
            self._frontier = (self._frontier - claim.positions) | {head}
            return Verdict.BELIEVE
        if not primary:
            return Verdict.ASK_PRIMARY
        self._frontier = frozenset((head,))
        self._losses += 1
        self.doubtful = True
        return Verdict.BELIEVE

    def wrote(self, position: LogPosition) -> None:
        """This process has committed; what the log held besides was not looked at."""
        self._frontier |= {position}

    def doubt_told(self) -> None:
        """Whoever follows the log is being told now; an answer later than that must not be lost any more."""
        self.doubtful = False
