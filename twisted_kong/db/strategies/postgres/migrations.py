"""Runs the steps of the layout in a schema: each once, however many processes start at the same time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from twisted_kong.core.errors import DatabaseError
from twisted_kong.db.interfaces import LostRace, MigrationState
from twisted_kong.db.migrations import Step, load_steps, state_of
from twisted_kong.db.strategies.postgres.driver import Rows
from twisted_kong.db.strategies.postgres.errors import EMPTY_LOG, one_line, sqlstate
from twisted_kong.db.strategies.postgres.exclusive import LOCK_SECONDS, exclusively
from twisted_kong.db.strategies.postgres.pool import Pool
from twisted_kong.db.strategies.postgres.settings import Settings
from twisted_kong.db.strategies.postgres.transaction import Transaction

STEPS = load_steps("twisted_kong.db.strategies.postgres.steps", ".sql")

# All that the steps have made, and what remembers them.
TABLES = ("entities", "unique_values", "foreign_keys", "tags", "changes", "kinds", "members", "migrations")

# By its columns our table is told from that of another program, many of which have one of this name.
_COLUMNS = ["name", "at"]
_TABLE = "create table migrations (name text primary key, at timestamp with time zone not null default now())"
_FIND = """
    select array(
        select attname::text from pg_attribute
        where attrelid = to_regclass('migrations') and attnum > 0 and not attisdropped order by attnum
    )
"""
_TAKEN = """
    select relname from pg_class
    where relnamespace = to_regnamespace(quote_ident(current_schema())) and relname = any(%s) order by relname
"""
# What can hold every text: the second takes bytes as they come, and ours are UTF-8.
_ENCODINGS = ("UTF8", "SQL_ASCII")
# Seconds without a report after which a node counts as gone.
_GONE = 30
_LIVING = f"""
    select distinct hostname from members where seen > clock_timestamp() - interval '{_GONE} seconds'
    order by hostname
"""
_HAS_LOG = "select exists (select from changes)"
# As the step does. With a tag of its own no node takes it for what it knew, and so all read anew.
_BEGIN_LOG = """
    insert into changes (number, tag, kind, operation, id, keys, origin, at)
    values (0, lpad(to_hex(floor(random() * 4294967296)::bigint), 8, '0'), '', 'create', '', '[]', '', 0)
"""
# What repairs a log that somebody has emptied is told of as a step.
LOG_BEGUN = "log_of_changes_begun_anew"
_NO_RIGHT = "42501"


class IRunner(Protocol):
    """A pool, or a transaction of it."""

    async def run(self, query: str, parameters: Sequence[Any] = ()) -> Rows:
        """The rows of a statement."""


def where(settings: Settings) -> str:
    """A database as the operator knows it."""
    servers = ", ".join(
        f"{host}/.s.PGSQL.{port}" if host.startswith("/") else f"{host}:{port}"
        for host, port in settings.hosts
    )
    schema = f", schema {settings.schema}" if settings.schema is not None else ""
    return f"the database {settings.database} at {servers}{schema}"


async def state(runner: IRunner, place: str, steps: Sequence[Step] = STEPS) -> MigrationState:
    """Which steps have run in the schema; DatabaseError when a later version has been at it.

    :param place: the database, by :func:`where`.
    """
    executed: Sequence[str] = ()
    if await _is_ours(runner):
        executed = [name for (name,) in await runner.run("select name from migrations order by name")]
    return state_of(steps, executed, place)


async def migrate(
    pool: Pool, steps: Sequence[Step] = STEPS, lock_seconds: float = LOCK_SECONDS
) -> tuple[str, ...]:
    """Run what remains, all in one transaction, while no other process does so; the names of what ran.

    A log of changes that somebody has emptied is begun anew.
    """
    place = where(pool.settings)
    if not (await state(pool, place, steps)).pending and await _has_log(pool):
        return ()

    async def work(transaction: Transaction) -> tuple[str, ...]:
        # another process that started at the same time may have done it by now
        pending = await _begin(transaction, pool.settings, steps)
        for step in steps:
            if step.name in pending:
                await _run(transaction, place, step)
        if await _has_log(transaction):
            return pending
        await transaction.run(_BEGIN_LOG)
        return (*pending, LOG_BEGUN)

    return await exclusively(pool, work, lock_seconds)


async def require(pool: Pool, steps: Sequence[Step] = STEPS) -> None:
    """DatabaseError with the command to run unless every step has run."""
    found = await state(pool, where(pool.settings), steps)
    # Kong's texts
    if not found.executed:
        raise DatabaseError("database needs bootstrapping; run 'kong migrations bootstrap'")
    if found.pending:
        raise DatabaseError("new migrations available; run 'kong migrations up' to proceed")
    if not await _has_log(pool):
        raise DatabaseError(EMPTY_LOG)


async def reset(pool: Pool, lock_seconds: float = LOCK_SECONDS) -> None:
    """Drop what is ours in the schema, and nothing else; DatabaseError while nodes are at work on it."""
    place = where(pool.settings)

    async def work(transaction: Transaction) -> None:
        if (await state(transaction, place)).executed:
            living = [hostname for (hostname,) in await transaction.run(_LIVING)]
            if living:
                raise DatabaseError(
                    f"nodes are running on {place} ({', '.join(living)}): stop them first;"
                    f" one that has died is forgotten {_GONE} seconds later"
                )
            await transaction.run(f"drop table if exists {', '.join(TABLES)}")

    await exclusively(pool, work, lock_seconds)


async def _has_log(runner: IRunner) -> bool:
    [(there,)] = await runner.run(_HAS_LOG)
    return bool(there)


async def _is_ours(runner: IRunner) -> bool:
    [(columns,)] = await runner.run(_FIND)
    return bool(columns == _COLUMNS)


async def _begin(transaction: Transaction, settings: Settings, steps: Sequence[Step]) -> tuple[str, ...]:
    """What remains, when there is a table to remember what ran."""
    place = where(settings)
    if not await _is_ours(transaction):
        [(encoding,)] = await transaction.run("select current_setting('server_encoding')")
        if encoding not in _ENCODINGS:
            raise DatabaseError(
                f"{place} is encoded in {encoding}, which not every text fits: make it in UTF8"
            )
        await _make_schema(transaction, settings)
        taken = [name for (name,) in await transaction.run(_TAKEN, (list(TABLES),))]
        if taken:
            raise DatabaseError(
                f"{place} is used by another program: there is a table {taken[0]} already;"
                " set pg_schema or pg_database to one that is not"
            )
        try:
            await transaction.run(_TABLE)
        except DatabaseError as error:
            raise _explained(error, f"{place}: the user {settings.user} may not make tables there") from error
    return (await state(transaction, place, steps)).pending


async def _make_schema(transaction: Transaction, settings: Settings) -> None:
    if settings.schema is None:
        return
    [(there,)] = await transaction.run(
        "select exists (select from pg_namespace where nspname = %s)", (settings.schema,)
    )
    if there:
        return
    quoted = '"' + settings.schema.replace('"', '""') + '"'
    try:
        await transaction.run(f"create schema {quoted}")
    except DatabaseError as error:
        reason = f"{where(settings)}: there is no such schema, and the user {settings.user} may not make it"
        raise _explained(error, reason) from error


def _explained(error: DatabaseError, reason: str) -> DatabaseError:
    """An error for want of a right with what the operator needs to know."""
    if error.__cause__ is None or sqlstate(error.__cause__) != _NO_RIGHT:
        return error
    return DatabaseError(f"{reason} ({one_line(error.__cause__)})")


async def _run(transaction: Transaction, place: str, step: Step) -> None:
    try:
        await transaction.run(step.text)
    except (DatabaseError, LostRace) as error:
        # a server that goes away says nothing about the step
        if error.__cause__ is None or not sqlstate(error.__cause__).startswith(("42", "23", "22")):
            raise
        raise DatabaseError(f"{place}: step {step.name} failed: {one_line(error.__cause__)}") from error
    await transaction.run("insert into migrations (name) values (%s)", (step.name,))
