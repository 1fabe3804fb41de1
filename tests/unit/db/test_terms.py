from __future__ import annotations

import pytest

from twisted_kong.core.changes import Entity
from twisted_kong.core.errors import PreconditionFailed
from twisted_kong.db.terms import NO_TERMS, Terms


class Wanted:
    """A precondition that wants there to be nothing, and notes what it was shown."""

    def __init__(self) -> None:
        self.shown: list[Entity | None] = []

    def check(self, current: Entity | None) -> None:
        """Raise if there is something."""
        self.shown.append(current)
        if current is not None:
            raise PreconditionFailed("there is something", '"x"')


def test_terms_without_a_precondition_allow_everything() -> None:
    """Nobody who says nothing is refused, and nobody is named."""
    NO_TERMS.check(None)
    NO_TERMS.check({"id": "1"})
    assert NO_TERMS.author is None


def test_the_precondition_is_asked_each_time() -> None:
    """After a lost race it is shown what is there then."""
    wanted = Wanted()
    terms = Terms("10.0.0.1", wanted)
    terms.check(None)
    with pytest.raises(PreconditionFailed, match="there is something"):
        terms.check({"id": "1"})
    assert wanted.shown == [None, {"id": "1"}]


def test_a_further_write_is_made_in_the_same_name_without_the_precondition() -> None:
    """What was said of one entity is not asked of another that is written with it."""
    terms = Terms("10.0.0.1", Wanted()).without_precondition()
    assert terms == Terms("10.0.0.1")
    terms.check({"id": "2"})
