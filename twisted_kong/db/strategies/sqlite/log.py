"""The log of changes in a database file.

SQLite lets one process write at a time and shows a transaction to readers as a whole, so the next number is
one more than the greatest there is, order of numbers is order of commits, and no number is ever missing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import orjson

from twisted_kong.core.changes import Change, ChangeBatch
from twisted_kong.db.interfaces import Commit
from twisted_kong.db.positions import LogPosition, batch_from, beginning_of
from twisted_kong.db.transaction import Draft

# How many rows one step of forgetting removes: a few milliseconds' work.
TRIM_STEP = 500

_APPEND = """
    insert into changes
    select max(number) + 1, lower(hex(randomblob(4))), ?, ?, ?, ?, ?, ?, ? from changes
    returning number, tag
"""
_READ = """
    select number, tag, kind, operation, id, keys, origin, at, author from changes
    where number >= ? order by number limit ?
"""
# Only from the old end, and never the newest: what remains has no gap. No more is read than may be removed.
_TRIM = """
    delete from changes where number < (
        select min(number) from (
            select number from (select number, at from changes order by number limit :step)
            where at >= :before
            union all select max(number) from changes
            union all select min(number) + :step from changes
        )
    )
"""


def append(connection: sqlite3.Connection, drafts: Sequence[Draft], commit: Commit) -> tuple[Change, ...]:
    """Write drafts at the end of the log, within the transaction that wrote what they tell of."""
    return tuple(_append(connection, draft, commit) for draft in drafts)


def _append(connection: sqlite3.Connection, draft: Draft, commit: Commit) -> Change:
    keys = orjson.dumps(draft.cache_keys).decode()
    parameters = (draft.table, draft.operation, draft.key, keys, commit.origin, commit.at, commit.author)
    number, tag = connection.execute(_APPEND, parameters).fetchone()
    return draft.logged(LogPosition(number, tag), commit)


def head(connection: sqlite3.Connection) -> LogPosition:
    """The position of the newest row."""
    number, tag = connection.execute(
        "select number, tag from changes order by number desc limit 1"
    ).fetchone()
    return LogPosition(number, tag)


def changes_after(connection: sqlite3.Connection, position: LogPosition, limit: int) -> ChangeBatch:
    """What follows a position; one query reads the row at the position and those after it."""
    rows = [_change(row) for row in connection.execute(_READ, (position.number, limit + 2))]
    batch = batch_from(position, rows, limit)
    if batch is None:
        return ChangeBatch(changes=(), position=head(connection), continuous=False, more=False)
    return batch


def history(connection: sqlite3.Connection, after: LogPosition | None, limit: int) -> ChangeBatch:
    """What follows a position, or the oldest changes there are."""
    if after is not None:
        return changes_after(connection, after, limit)
    return beginning_of([_change(row) for row in connection.execute(_READ, (0, limit + 2))], limit)


def trim(connection: sqlite3.Connection, before: float) -> int:
    """Forget some of the changes older than an epoch second; how many went."""
    return connection.execute(_TRIM, {"before": before, "step": TRIM_STEP}).rowcount


def _change(row: tuple[int, str, str, str, str, str, str, float, str | None]) -> Change:
    number, tag, kind, operation, key, keys, origin, at, author = row
    return Change(
        position=LogPosition(number, tag),
        entity=kind,
        operation=operation,  # type: ignore[arg-type]  # only append() writes it
        id=key,
        keys=tuple(orjson.loads(keys)),
        origin=origin,
        at=at,
        author=author,
    )
