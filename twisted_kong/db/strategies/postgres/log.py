"""The log of changes in the database.

The order of numbers is the order of commits, and no number is ever missing: who writes takes an advisory lock
last of all, reads the greatest number there is, adds one, and commits.
All of that is one message, which the server carries out to its end: whatever becomes of the node, it never
holds the lock while it thinks.
Each statement of the message has a snapshot of its own, taken when its turn comes; so the greatest number is
read after the lock was given, and thus after whoever had it before has committed.
A standby replays commits in this order too.

The notification belongs to the transaction: it is sent when that commits, and not if it does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zlib import crc32

import orjson

from twisted_kong.core.changes import Change, ChangeBatch
from twisted_kong.db.interfaces import Commit
from twisted_kong.db.positions import LogPosition, batch_from, beginning_of
from twisted_kong.db.strategies.postgres.statement import Rows, Statement
from twisted_kong.db.transaction import Draft

# How many rows one step of forgetting removes: a few milliseconds' work.
TRIM_STEP = 500

# Of a name in PostgreSQL, in bytes.
_LONGEST_NAME = 63

_COLUMNS = "number, tag, kind, operation, id, keys, origin, at, author"
# A lock for each log: that of another schema in the same database is another table.
_LOCK = "select pg_advisory_xact_lock(%s + 'changes'::regclass::oid::bigint)"
# Beside the locks of other programs: "KONG", and room for the table's number.
LOCKS = 0x4B4F4E47 << 32
# The number is kept in the session, where it is found after the commit without a look for it.
_APPEND = f"""
    with written as (
        insert into changes ({_COLUMNS})
        select last.number + new.place, new.tag, new.kind, new.operation, new.id, new.keys, %s, %s, %s
        from (select max(number) as number from changes) as last,
            (values {{rows}}) as new (place, tag, kind, operation, id, keys)
        returning number, tag
    ), newest as (select number, tag from written order by number desc limit 1)
    select set_config('twisted_kong.written', number::text, false), pg_notify(%s, number || '-' || tag)
    from newest
"""
# The same of many drafts, which were sent before in portions: what is waited for with the lock stays short.
# Each portion is a setting: one that all are added to would be copied for each of them, and ever longer.
_PORTION = "twisted_kong.drafts_"
_NOTE = "select set_config(%s, %s, true)"
_NOTED = f"""
    with new as (
        select drafts.* from generate_series(1, %s) as portion,
            json_to_recordset(current_setting('{_PORTION}' || portion)::json)
            as drafts (place bigint, tag text, kind text, operation text, id text, keys text)
    ), written as (
        insert into changes ({_COLUMNS})
        select last.number + new.place, new.tag, new.kind, new.operation, new.id, new.keys, %s, %s, %s
        from (select max(number) as number from changes) as last, new
        returning number, tag
    ), newest as (select number, tag from written order by number desc limit 1)
    select set_config('twisted_kong.written', number::text, false), pg_notify(%s, number || '-' || tag)
    from newest
"""
_WRITTEN = "select current_setting('twisted_kong.written')::bigint as written"
_NOTHING_WRITTEN = "select null::bigint as written"
_READ = f"select {_COLUMNS} from changes where number >= %s order by number limit %s"
# Only from the old end, and never the newest: what remains has no gap. One node at a time, and only so much.
_TRIM = """
    with oldest as (select number, at from changes order by number limit %s), gone as (
        delete from changes where number < (
            select min(number) from (
                select number from oldest where at >= %s
                union all select max(number) from changes
                union all select min(number) + %s from oldest
            ) as bounds
        ) returning number
    ) select count(*) from gone
"""


def append(drafts: Sequence[Draft], tags: Sequence[str], commit: Commit, channel: str) -> list[Statement]:
    """What logs drafts, as the last part of the transaction that wrote what they tell of."""
    rows = [
        (place, tag, draft.table, draft.operation, draft.key, orjson.dumps(draft.cache_keys).decode())
        for place, (draft, tag) in enumerate(zip(drafts, tags, strict=True), 1)
    ]
    text = _APPEND.format(rows=", ".join(["%s"] * len(rows)))
    values = (commit.origin, commit.at, commit.author, *rows, channel)
    return [Statement(_LOCK, (LOCKS,)), Statement(text, values)]


def note(drafts: Sequence[Draft], tags: Sequence[str], first: int, portion: int) -> Statement:
    """Sends some of many drafts ahead, those from a place on, to be logged by :func:`noted`.

    They are kept in a setting of the transaction: that takes no privilege and no table.

    :param first: the place of the first of them among all, counted from 1.
    :param portion: how many times this makes, counted from 1.
    """
    rows = [
        {
            "place": place,
            "tag": tag,
            "kind": draft.table,
            "operation": draft.operation,
            "id": draft.key,
            "keys": orjson.dumps(draft.cache_keys).decode(),
        }
        for place, (draft, tag) in enumerate(zip(drafts, tags, strict=True), first)
    ]
    return Statement(_NOTE, (f"{_PORTION}{portion}", orjson.dumps(rows).decode()))


def noted(commit: Commit, channel: str, portions: int) -> list[Statement]:
    """What logs all that was sent ahead, in so many portions, as the last part of the transaction."""
    values = (portions, commit.origin, commit.at, commit.author, channel)
    return [Statement(_LOCK, (LOCKS,)), Statement(_NOTED, values)]


def written(drafts: Sequence[Draft]) -> Statement:
    """Asks, behind the commit, for the number that the last of the drafts was given."""
    return Statement(_WRITTEN if drafts else _NOTHING_WRITTEN)


def changes_of(drafts: Sequence[Draft], tags: Sequence[str], commit: Commit, last: int) -> tuple[Change, ...]:
    """Drafts as the changes they have become, the last of them with a number."""
    return tuple(
        draft.logged(LogPosition(number, tag), commit)
        for number, (draft, tag) in enumerate(zip(drafts, tags, strict=True), last - len(drafts) + 1)
    )


def changes_after(position: LogPosition, limit: int) -> Statement:
    """Asks for the row at a position and those after it."""
    return Statement(_READ, (position.number, limit + 2), order="number")


def beginning(limit: int) -> Statement:
    """Asks for the oldest rows there are."""
    return Statement(_READ, (0, limit + 2), order="number")


def batch_after(position: LogPosition, rows: Rows, limit: int) -> ChangeBatch | None:
    """What follows a position, from what was asked for; None when continuity cannot be shown."""
    return batch_from(position, [_change(row) for row in rows], limit)


def beginning_from(rows: Rows, limit: int) -> ChangeBatch:
    """The oldest changes, from what was asked for."""
    return beginning_of([_change(row) for row in rows], limit)


def trim(before: float) -> Statement:
    """Forgets some of the changes older than an epoch second, and tells how many."""
    return Statement(_TRIM, (TRIM_STEP, before, TRIM_STEP))


def channel_of(schema: str) -> str:
    """Where word of commits to the log in a schema is sent; names of channels are short."""
    channel = f"kong_changes:{schema}"
    return channel if len(channel.encode()) <= _LONGEST_NAME else f"kong_changes:{crc32(schema.encode()):08x}"


def _change(row: tuple[Any, ...]) -> Change:
    number, tag, kind, operation, key, keys, origin, at, author = row
    return Change(
        position=LogPosition(number, tag),
        entity=kind,
        operation=operation,
        id=key,
        keys=tuple(orjson.loads(keys)),
        origin=origin,
        at=at,
        author=author,
    )
