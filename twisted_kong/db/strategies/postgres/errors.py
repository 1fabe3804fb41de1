"""What PostgreSQL complains of, as our errors: by SQLSTATE where there is one.

The driver tells none for a connection that could not be made; there the server's words must do, and those
that we do not know count as a passing trouble.
A lock that was not to be had, a lost race and a query that took too long say nothing about the connection:
it is lost if it is closed, or if the server says that it is going.
"""

from __future__ import annotations

import psycopg2

from twisted_kong.core.errors import DatabaseError, DatabaseUnavailable, OutcomeUnknown
from twisted_kong.db.interfaces import LostRace

READ_ONLY = "25006"
# No write can follow it and no read can be proved by it; a row 0 is all that it needs.
EMPTY_LOG = (
    "PostgreSQL: the log of changes is empty, which it never is unless by hand;"
    " run 'kong migrations up' to begin it anew"
)
_NULL = "23502"
RACES = frozenset({"23505", "40001", "40P01"})

# SQLSTATEs, or the classes they begin with, of what only an operator can mend.
_REFUSING = (
    "28",  # invalid authorization: a wrong password, a role that is gone
    "3D000",  # invalid_catalog_name: no such database
    "42501",  # insufficient_privilege
)
# SQLSTATEs, or the classes they begin with, of what may pass by itself.
_PASSING = (
    "08",  # connection exceptions
    "25006",  # read_only_sql_transaction: a standby, or made one
    "25P03",  # idle_in_transaction_session_timeout
    "25P04",  # transaction_timeout
    "53",  # insufficient resources: disk full, out of memory, too many connections
    "55P03",  # lock_not_available
    "57014",  # query_canceled: statement_timeout
    "57P",  # operator intervention: shutdown, crash, starting up, dropped
    "58030",  # io_error
)
_LOST = ("08", "25P03", "25P04", "57P")
_NO_TABLES = ("42P01", "3F000")

# Of a refused connection: the beginning of a reason that no waiting will change.
_LASTING = (
    "authentication failed",
    "no password supplied",
    "no pg_hba.conf entry",
    "pg_hba.conf rejects connection",
    " does not exist",
    "permission denied",
    "is not permitted to log in",
    "certificate verify failed",
    "does not support SSL",
    "server certificate for",
    "root certificate file",
    "could not read root certificate",
    "authentication method",
)


class Refusal(DatabaseUnavailable):
    """The server is there and refuses us, which waiting alone does not mend.

    To a node that runs the database is away until somebody has mended it; one that starts ends, since whoever
    starts it is there to read why: see :func:`plain`.
    """


def sqlstate(error: BaseException) -> str:
    """The SQLSTATE of an error; empty where there is none."""
    return getattr(error, "pgcode", None) or ""


def is_connection_lost(error: BaseException) -> bool:
    """Whether the server has left, or is about to, as far as the error tells."""
    state = sqlstate(error)
    if state:
        return state.startswith(_LOST)
    # libpq's own trouble, which psycopg2 sometimes gives no closer name
    return type(error) is psycopg2.DatabaseError or isinstance(
        error, psycopg2.OperationalError | psycopg2.InterfaceError
    )


def translated(error: BaseException, *, outcome_unknown: bool = False) -> DatabaseError | LostRace:
    """The error of a query as ours.

    :param outcome_unknown: whether the query may have been carried out nevertheless.
    """
    message, state = one_line(error), sqlstate(error)
    if outcome_unknown:
        return OutcomeUnknown(f"PostgreSQL did not confirm a commit, which may have happened: {message}")
    if isinstance(error, DatabaseError | LostRace):
        return error
    if state in RACES:
        return LostRace(message)
    if state in _NO_TABLES:
        return DatabaseUnavailable(
            f"PostgreSQL has no tables of ours, as after 'kong migrations reset': {message}"
        )
    if state == _NULL and '"number"' in message and '"changes"' in message:
        # the number after the greatest there is, where there is none
        return DatabaseUnavailable(EMPTY_LOG)
    if state.startswith(_REFUSING):
        return Refusal(f"PostgreSQL: {message}")
    if state.startswith(_PASSING) if state else is_connection_lost(error):
        return DatabaseUnavailable(f"PostgreSQL: {message}")
    return DatabaseError(f"PostgreSQL: {message}")


def settled(error: BaseException) -> DatabaseError:
    """The error of something that stands by itself, and so has no race that it could lose."""
    found = translated(error)
    return DatabaseUnavailable(f"PostgreSQL: {found}") if isinstance(found, LostRace) else found


def refused(where: str, error: BaseException) -> DatabaseError:
    """Why no connection could be made to a server, as ours."""
    message = one_line(error)
    # libpq says once more where it wanted to go
    if message.startswith("connection to server ") and " failed: " in message:
        message = message.partition(" failed: ")[2]
    kind = Refusal if any(reason in message for reason in _LASTING) else DatabaseUnavailable
    return kind(f"PostgreSQL at {where}: {message}")


def plain(error: DatabaseError) -> DatabaseError:
    """The same error for who starts: a refusal is one that is not to be waited for."""
    return DatabaseError(error.message) if isinstance(error, Refusal) else error


def again(error: DatabaseError) -> DatabaseError:
    """The same error for somebody else; one that is raised twice would hold the frames of both."""
    return type(error)(error.message)


def one_line(error: BaseException) -> str:
    """The first line of an error, which is its message; hints and positions follow."""
    lines = str(error).strip().splitlines()
    return " ".join(lines[0].split()) if lines else type(error).__name__
