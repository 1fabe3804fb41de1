"""Errors that last, as the log tells of them."""

from __future__ import annotations

from twisted.logger import Logger
from twisted.python.failure import Failure

from tests.kit.logs import caught_errors, caught_failures, caught_infos
from twisted_kong.core.errors import DatabaseUnavailable
from twisted_kong.db.trouble import Trouble


def away(reason: str = "gone") -> Failure:
    return Failure(DatabaseUnavailable(reason))


def test_the_same_error_is_told_once() -> None:
    """However often it is tried while the database is away."""
    trouble = Trouble(Logger())
    with caught_errors() as told:
        for _ in range(3):
            trouble.met(away(), "could not read {kinds}", kinds="routes")
    assert told == ["could not read routes: gone"]


def test_another_error_is_news() -> None:
    """The reason may have changed meanwhile, and back."""
    trouble = Trouble(Logger())
    with caught_errors() as told:
        for reason in ("gone", "locked", "gone"):
            trouble.met(away(reason), "could not read")
    assert told == ["could not read: gone", "could not read: locked", "could not read: gone"]


def test_a_fault_of_ours_shows_its_traceback() -> None:
    """Only what lies outside of us is explained by its text."""
    trouble = Trouble(Logger())
    with caught_failures() as failures, caught_errors() as told:
        trouble.met(Failure(ZeroDivisionError("oops")), "could not read")
        trouble.met(Failure(ZeroDivisionError("oops")), "could not read")
    assert (failures, told) == (["oops"], [])


def test_the_end_is_told_where_there_was_a_beginning() -> None:
    """Success is no news unless it had failed before; the next failure is news again."""
    trouble = Trouble(Logger())
    with caught_infos() as infos, caught_errors() as errors:
        trouble.over("can be read again")
        for _ in range(2):
            trouble.met(away(), "could not read")
            trouble.over("can be read again")
            trouble.over("can be read again")
    assert infos == ["can be read again"] * 2
    assert len(errors) == 2
