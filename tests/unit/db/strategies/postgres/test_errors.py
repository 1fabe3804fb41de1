"""PostgreSQL's complaints as ours."""

from __future__ import annotations

import psycopg2
import pytest

from tests.kit.postgres_driver import server_error
from twisted_kong.core.errors import DatabaseError, DatabaseUnavailable, OutcomeUnknown
from twisted_kong.db.interfaces import LostRace
from twisted_kong.db.strategies.postgres.errors import (
    Refusal,
    again,
    is_connection_lost,
    refused,
    settled,
    translated,
)


@pytest.mark.parametrize(
    ("sqlstate", "kind"),
    [
        ("23505", LostRace),
        ("40001", LostRace),
        ("40P01", LostRace),
        ("08006", DatabaseUnavailable),
        ("25006", DatabaseUnavailable),
        ("25P03", DatabaseUnavailable),
        ("42P01", DatabaseUnavailable),
        ("53100", DatabaseUnavailable),
        ("53300", DatabaseUnavailable),
        ("55P03", DatabaseUnavailable),
        ("57014", DatabaseUnavailable),
        ("57P01", DatabaseUnavailable),
        ("57P03", DatabaseUnavailable),
        ("28P01", Refusal),
        ("3D000", Refusal),
        ("42501", Refusal),
        ("42601", DatabaseError),
        ("XX001", DatabaseError),
        (None, DatabaseUnavailable),
    ],
)
def test_kinds(sqlstate: str | None, kind: type[Exception]) -> None:
    """A race is to be run again, what may pass is unavailable, and the rest is an error."""
    assert type(translated(server_error(sqlstate))) is kind


@pytest.mark.parametrize(
    ("sqlstate", "lost"),
    [
        ("08006", True),
        ("57P01", True),
        ("25P03", True),
        (None, True),
        ("55P03", False),
        ("40001", False),
        ("57014", False),
        ("53300", False),
        ("25006", False),
    ],
)
def test_what_ends_a_connection(sqlstate: str | None, lost: bool) -> None:
    """A lock that was not to be had, or a query that took too long, drops no healthy connection."""
    assert is_connection_lost(server_error(sqlstate)) is lost


def test_trouble_without_a_name_ends_a_connection() -> None:
    """What libpq says itself is about the connection."""
    assert is_connection_lost(psycopg2.DatabaseError("error with no message from the libpq"))
    assert is_connection_lost(psycopg2.InterfaceError("connection already closed"))


def test_what_is_wrong_with_a_query_is_no_lost_connection() -> None:
    """A value that no query can hold says nothing about the server."""
    error = ValueError("A string literal cannot contain NUL (0x00) characters.")
    assert not is_connection_lost(error)
    assert type(translated(error)) is DatabaseError
    assert not is_connection_lost(psycopg2.ProgrammingError("can't adapt type 'dict'"))


def test_our_own_errors_stay() -> None:
    """What was translated is not translated once more, unless it left a commit open."""
    error = DatabaseUnavailable("away")
    assert translated(error) is error
    assert isinstance(translated(error, outcome_unknown=True), OutcomeUnknown)


def test_a_read_loses_no_race() -> None:
    """On a standby a conflict with what it replays comes in the words of a race."""
    assert type(settled(server_error("40001", "conflict with recovery"))) is DatabaseUnavailable


def test_one_line() -> None:
    """Hints and positions are left out."""
    assert str(translated(server_error("42601", "syntax error\nLINE 1: x\n"))) == "PostgreSQL: syntax error"
    assert str(translated(server_error(None, ""))) == "PostgreSQL: ServerError"


@pytest.mark.parametrize(
    ("message", "kind", "line"),
    [
        (
            'connection to server at "db" (10.0.0.1), port 5432 failed: '
            'FATAL:  password authentication failed for user "kong"\n',
            Refusal,
            'PostgreSQL at db:5432: FATAL: password authentication failed for user "kong"',
        ),
        (
            'connection to server at "db", port 5432 failed: Connection refused\n\tIs the server running',
            DatabaseUnavailable,
            "PostgreSQL at db:5432: Connection refused",
        ),
        (
            'connection to server at "db", port 5432 failed: FATAL:  the database system is starting up',
            DatabaseUnavailable,
            "PostgreSQL at db:5432: FATAL: the database system is starting up",
        ),
        (
            'connection to server at "db", port 5432 failed: FATAL:  sorry, too many clients already',
            DatabaseUnavailable,
            "PostgreSQL at db:5432: FATAL: sorry, too many clients already",
        ),
        (
            'connection to server at "db", port 5432 failed: FATAL:  database "kong" does not exist',
            Refusal,
            'PostgreSQL at db:5432: FATAL: database "kong" does not exist',
        ),
    ],
)
def test_refused(message: str, kind: type[Exception], line: str) -> None:
    """The reason for which there is no connection is one line that names the server."""
    error = refused("db:5432", server_error(None, message))
    assert type(error) is kind
    assert str(error) == line


def test_no_number_follows_an_emptied_log() -> None:
    """A write to it changes nothing and says how it is repaired; another null is an error of ours."""
    null = 'null value in column "{}" of relation "{}" violates not-null constraint'
    error = translated(server_error("23502", null.format("number", "changes")))
    assert type(error) is DatabaseUnavailable
    assert "run 'kong migrations up'" in str(error)
    assert type(translated(server_error("23502", null.format("tag", "changes")))) is DatabaseError


def test_a_refusal_is_no_unknown_outcome() -> None:
    """Whoever meets one while the node runs may try again later: nothing was written."""
    assert issubclass(Refusal, DatabaseUnavailable)
    assert not issubclass(Refusal, OutcomeUnknown)


def test_again() -> None:
    """Who else is told the same thing gets an error of his own."""
    error = OutcomeUnknown("x")
    other = again(error)
    assert other is not error
    assert (type(other), other.message) == (OutcomeUnknown, "x")
