"""Which nodes run on a database, as they report themselves; ages are told by the server's clock."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.errors import DatabaseUnavailable
from twisted_kong.db.interfaces import Member
from twisted_kong.db.positions import LogPosition, parse
from twisted_kong.db.strategies.postgres.errors import EMPTY_LOG
from twisted_kong.db.strategies.postgres.statement import Rows, Statement

_REPORT = """
    insert into members (instance, id, hostname, version, started, number, tag, seen)
    values (%s, %s, %s, %s, %s, %s, %s, clock_timestamp())
    on conflict (instance) do update set
        id = excluded.id, hostname = excluded.hostname, version = excluded.version,
        started = excluded.started, number = excluded.number, tag = excluded.tag, seen = excluded.seen
    returning (select number from changes order by number desc limit 1) as number,
        (select tag from changes order by number desc limit 1) as tag
"""
_AGE = "extract(epoch from clock_timestamp() - seen)::double precision"
_MEMBERS = f"""
    select instance, id, hostname, version, started, number, tag, {_AGE} from members order by instance
"""
_FORGET = f"with gone as (delete from members where {_AGE} >= %s returning 1) select count(*) from gone"


def report(member: Member) -> Statement:
    """Notes a node and that it was seen now, and tells the head of the log."""
    at = None if member.position is None else parse(str(member.position))
    number, tag = (None, None) if at is None else (at.number, at.tag)
    row = (member.instance, member.id, member.hostname, member.version, member.started, number, tag)
    return Statement(_REPORT, row)


def head() -> Statement:
    """Asks for the head of the log, as a report does."""
    return Statement("select number, tag from changes order by number desc limit 1")


def head_of(rows: Rows) -> LogPosition:
    """The head that was told; DatabaseUnavailable where somebody has emptied the log."""
    number, tag = rows[0] if rows else (None, None)
    if number is None:
        raise DatabaseUnavailable(EMPTY_LOG)
    return LogPosition(number, tag)


def leave(instance: str) -> Statement:
    """Forgets one node."""
    return Statement("delete from members where instance = %s", (instance,))


def members() -> Statement:
    """Asks for all nodes that are noted."""
    return Statement(_MEMBERS)


def members_of(rows: Rows) -> tuple[Member, ...]:
    """The nodes that were asked for."""
    return tuple(_member(*row) for row in rows)


def forget(age: float) -> Statement:
    """Forgets nodes that were not seen for so many seconds, and tells how many."""
    return Statement(_FORGET, (age,))


def _member(
    instance: str, id_: str, hostname: str, version: str, started: float, number: Any, tag: Any, age: float
) -> Member:
    position = None if number is None else LogPosition(number, tag)
    # a server's clock that was set back makes nobody younger than new
    return Member(instance, id_, hostname, version, started, position, max(0.0, age))
