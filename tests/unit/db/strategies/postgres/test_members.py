"""Members as rows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from twisted_kong.core.errors import DatabaseUnavailable
from twisted_kong.db.interfaces import Member
from twisted_kong.db.positions import LogPosition
from twisted_kong.db.strategies.postgres import members

ALPHA = Member("aaa", "node-1", "alpha.example", "1.0", 5.0, LogPosition(7, "cccccccc"))


def test_reports() -> None:
    """A report holds all that a node says of itself, and no age."""
    statement = members.report(replace(ALPHA, age=9.0))
    assert statement.parameters == ("aaa", "node-1", "alpha.example", "1.0", 5.0, 7, "cccccccc")
    assert members.report(replace(ALPHA, position=None)).parameters[-2:] == (None, None)


def test_members() -> None:
    """A row is the member that reported, with its age; nobody is younger than new."""
    row = ("aaa", "node-1", "alpha.example", "1.0", 5.0, 7, "cccccccc")
    assert members.members_of([(*row, 2.5)]) == (replace(ALPHA, age=2.5),)
    assert members.members_of([(*row[:5], None, None, -1.0)]) == (replace(ALPHA, position=None),)


def test_an_emptied_log_has_no_head() -> None:
    """Somebody has truncated it: a database that is away until it is repaired."""
    assert members.head_of([(7, "cccccccc")]) == LogPosition(7, "cccccccc")
    for rows in ([], [(None, None)]):
        with pytest.raises(DatabaseUnavailable, match="run 'kong migrations up'"):
            members.head_of(rows)
