"""What happened in a run, as values: what was written, what was served, and what the database says was true.

A *register* is one thing that clients write and requests show: the message of a Plugin, the path of a
Service, the Consumer to whom a key belongs.
Each write of a register has an *effect*, a name that no other write has, but for attempts to remove the same
entity; the *truth* is the order in which effects were committed, as a trigger in the database has noted it.
What an answer of the proxy *shows* is compared with that order, so no clock of the database and no guess
about concurrent writers decides anything.
Times are seconds of one monotonic clock, the observer's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Outcome = Literal["done", "refused", "unknown"]
# What a request shows where the entity is not there.
ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Write:
    """One write as its writer saw it.

    ``done`` was acknowledged, ``refused`` was answered with the word that nothing was changed, ``unknown``
    is everything else: an answer that leaves it open, or none.
    """

    register: str
    effect: str
    node: str
    began: float
    ended: float
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Read:
    """One request to the proxy of a node, and what its answer showed."""

    register: str
    node: str
    began: float
    ended: float
    shown: str


@dataclass(frozen=True, slots=True)
class State:
    """One entry of the truth: the effect of a committed write, and what is to be shown from then on.

    ``entity`` tells the entities apart that a register consists of, one after the other.
    """

    effect: str
    shown: str
    entity: str = ""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A time in which no node, or not this one, owes it to anybody to be up to date."""

    began: float
    ended: float
    node: str | None = None


@dataclass(frozen=True)
class History:
    """All that is known of a run.

    ``nodes`` are named anew with each start of the process.
    ``settled`` are reads made when everything had come to rest.
    ``bound`` is after how many seconds every node has to show an acknowledged write.
    """

    writes: Sequence[Write]
    reads: Sequence[Read]
    settled: Sequence[Read]
    truth: Mapping[str, Sequence[State]]
    bound: float
    troubles: Sequence[Trouble] = field(default=())
