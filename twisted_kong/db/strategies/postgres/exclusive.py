"""Work on the layout, which only one process may do at a time.

The lock is the server's and ends with the transaction, so no process that dies or is stopped keeps it.
Who waits for it asks again and again, each time for a part of the time that the server has for an answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from math import ceil
from typing import TypeVar

from twisted_kong.core.errors import DatabaseError, DatabaseUnavailable
from twisted_kong.db.strategies.postgres.errors import sqlstate
from twisted_kong.db.strategies.postgres.pool import Pool
from twisted_kong.db.strategies.postgres.transaction import Transaction

T = TypeVar("T")

# Seconds to wait for others, where nothing else was said. Kong: ``--lock-timeout``.
LOCK_SECONDS = 60.0
# "KONG": the space of our lock among the advisory locks of the database; within it one for each schema.
_SPACE = 0x4B4F4E47
_NOT_AVAILABLE = "55P03"
_BEGIN = """
    set local lock_timeout = %s;
    select pg_advisory_xact_lock(%s, hashtext(coalesce(%s, current_schema(), '')))
"""


class LayoutBusy(DatabaseUnavailable):
    """Another process is at work on the layout, or a writer keeps it from being changed."""


async def exclusively(
    pool: Pool, work: Callable[[Transaction], Awaitable[T]], seconds: float = LOCK_SECONDS
) -> T:
    """What some work on the layout returns, done in one transaction while no other process does any.

    It may be done more than once, but only once with effect.

    :param seconds: how long to wait for others; :class:`LayoutBusy` then.
    """
    wait = max(0.001, min(seconds, pool.settings.timeout / 2))
    for _ in range(max(1, ceil(seconds / wait))):
        try:
            async with pool.transaction() as transaction:
                await transaction.run(_BEGIN, (f"{ceil(wait * 1000)}ms", _SPACE, pool.settings.schema))
                result = await work(transaction)
                await transaction.finish("commit")
                return result
        except DatabaseError as error:
            if error.__cause__ is None or sqlstate(error.__cause__) != _NOT_AVAILABLE:
                raise
    raise LayoutBusy(f"another node is performing database changes, and was for {seconds:g} seconds")
