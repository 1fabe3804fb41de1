"""Which nodes run on a database file, as they report themselves."""

from __future__ import annotations

import sqlite3

from twisted_kong.db.interfaces import Member
from twisted_kong.db.positions import LogPosition, parse

_REPORT = "insert or replace into members values (?, ?, ?, ?, ?, ?, ?, ?)"
_READ = """
    select instance, id, hostname, version, started, number, tag, seen from members order by instance
"""


def report(connection: sqlite3.Connection, member: Member, now: float) -> None:
    """Note a node and that it was seen now."""
    at = None if member.position is None else parse(str(member.position))
    number, tag = (None, None) if at is None else (at.number, at.tag)
    row = (member.instance, member.id, member.hostname, member.version, member.started, now, number, tag)
    connection.execute(_REPORT, row)


def leave(connection: sqlite3.Connection, instance: str) -> None:
    """Forget one node."""
    connection.execute("delete from members where instance = ?", (instance,))


def members(connection: sqlite3.Connection, now: float) -> tuple[Member, ...]:
    """All nodes that are noted."""
    return tuple(_member(row, now) for row in connection.execute(_READ))


def forget(connection: sqlite3.Connection, before: float) -> int:
    """Forget the nodes last seen at an epoch second or before; how many."""
    return connection.execute("delete from members where seen <= ?", (before,)).rowcount


def _member(row: tuple[str, str, str, str, float, int | None, str | None, float], now: float) -> Member:
    instance, node, hostname, version, started, number, tag, seen = row
    position = None if number is None or tag is None else LogPosition(number, tag)
    # the clock on the wall may have been set back since
    age = max(0.0, now - seen)
    return Member(instance, node, hostname, version, started, position, age)
