"""Brings the rows of a schema up to what their kinds say of themselves now; see :mod:`db.definitions`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from twisted_kong.core.errors import DatabaseError
from twisted_kong.db.definitions import changed, completed, layout_of, require_newest
from twisted_kong.db.documents import decode
from twisted_kong.db.interfaces import LostRace, Stored
from twisted_kong.db.strategies.postgres import members
from twisted_kong.db.strategies.postgres.errors import sqlstate
from twisted_kong.db.strategies.postgres.exclusive import LOCK_SECONDS, exclusively
from twisted_kong.db.strategies.postgres.migrations import IRunner, where
from twisted_kong.db.strategies.postgres.pool import Pool
from twisted_kong.db.strategies.postgres.rows import index
from twisted_kong.db.strategies.postgres.statement import Statement, together
from twisted_kong.db.strategies.postgres.transaction import Transaction
from twisted_kong.db.tables import Table

# Writers wait until this is over, lest a row be changed between a look at it and its index.  They look at a
# row first (``for update``), which this lock keeps out already; who only reads goes on.
_LOCK = "lock table entities in exclusive mode"
_FORGET = """
    delete from unique_values where kind = %s;
    delete from foreign_keys where kind = %s;
    delete from tags where kind = %s
"""
_BATCH = """
    select id, document, expires from entities where kind = %s and id > %s order by id limit 500
"""
_UPDATE = "update entities set document = %s where kind = %s and id = %s"
_REMEMBER = """
    insert into kinds values (%s, %s) on conflict (name) do update set layout = excluded.layout
"""
_NOT_UNIQUE = "23505"
# Of the detail of such an error only the constraint: the value may be a secret.
_CONSTRAINT = re.compile(r"=\([^,]*, ([\w,]+), ")


async def bring_up_to_date(
    pool: Pool, tables: Iterable[Table], lock_seconds: float = LOCK_SECONDS, version: str | None = None
) -> tuple[str, ...]:
    """Complete and index anew the kinds that have changed, in one transaction; their names.

    DatabaseError, and nothing is changed, when entities that are there do not fit the new rules, or a newer
    node goes by what would be brought back.

    :param version: our own; None never to be refused for it.
    """
    tables = tuple(tables)
    if not changed(tables, await _known(pool)):
        return ()
    return await make_current(pool, tables, lock_seconds, version)


async def make_current(
    pool: Pool, tables: Iterable[Table], lock_seconds: float = LOCK_SECONDS, version: str | None = None
) -> tuple[str, ...]:
    """The same, waiting for others that are at it, even if nothing has changed so far."""
    tables, place = tuple(tables), where(pool.settings)

    async def work(transaction: Transaction) -> tuple[str, ...]:
        # another process that started at the same time may have done it by now
        known = await _known(transaction)
        stale = changed(tables, known)
        if not stale:
            return ()
        statement = members.members()
        living = members.members_of(await transaction.run(statement.text, statement.parameters))
        require_newest(stale, known, living, version)
        await transaction.run(_LOCK)
        for table in stale:
            await _index_anew(transaction, place, table)
            await transaction.run(_REMEMBER, (table.name, layout_of(table)))
        return tuple(table.name for table in stale)

    return await exclusively(pool, work, lock_seconds)


async def _known(runner: IRunner) -> dict[str, str]:
    return dict(await runner.run("select name, layout from kinds"))


async def _index_anew(transaction: Transaction, place: str, table: Table) -> None:
    await transaction.run(_FORGET, (table.name,) * 3)
    after = ""
    while batch := await transaction.run(_BATCH, (table.name, after)):
        statements = [each for row in batch for each in _statements(table, *row)]
        if statements:
            await _send(transaction, place, table, statements)
        after = batch[-1][0]


def _statements(table: Table, key: str, document: str, expires: float | None) -> list[Statement]:
    old = Stored(decode(document), document.encode(), expires)
    new = completed(table, old)
    statements = index(table, key, new, None)
    if new.document != old.document:
        statements.append(Statement(_UPDATE, (new.document.decode(), table.name, key)))
    return statements


async def _send(transaction: Transaction, place: str, table: Table, statements: Sequence[Statement]) -> None:
    message = together(*statements)
    try:
        await transaction.run(message.text, message.parameters)
    except LostRace as error:
        cause = error.__cause__
        if cause is None or sqlstate(cause) != _NOT_UNIQUE:
            raise
        found = _CONSTRAINT.search(str(cause))
        of_what = f" ({found[1]})" if found else ""
        raise DatabaseError(
            f"{place} holds two {table.name} with a value that must be unique now{of_what}"
        ) from error
