"""On what terms a write is made: in whose name, and what must hold of the entity that it finds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from twisted_kong.core.changes import Entity


class IPrecondition(Protocol):
    """What must hold of an entity, or of there being none, at the moment it is written."""

    def check(self, current: Entity | None) -> None:
        """Raise an :class:`~twisted_kong.core.errors.EntityError` if it does not hold.

        :param current: the entity that is there, in all its fields and without ``ttl``; None where there is
            none.  Asked again after a lost race.
        """


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of one write.

    ``author`` is who asked for it, for the log of changes; None where nobody did.
    ``caught_up`` says that the caller has seen to it that what is read is not behind what was written before
    (:meth:`~twisted_kong.db.interfaces.IStrategy.catch_up`), so that it need not be seen to once more.
    """

    author: str | None = None
    precondition: IPrecondition | None = None
    caught_up: bool = False

    def check(self, current: Entity | None) -> None:
        """Raise what the precondition raises, if there is one and it does not hold."""
        if self.precondition is not None:
            self.precondition.check(current)

    def without_precondition(self) -> Terms:
        """The terms of a further write that goes with one, of an entity that nothing was said of."""
        return replace(self, precondition=None)


NO_TERMS = Terms()
