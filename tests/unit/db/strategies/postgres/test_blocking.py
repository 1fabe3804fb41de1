"""The pool of commands, where there is no server; with one it is the integration tests'."""

from __future__ import annotations

import psycopg2
import pytest

from tests.kit.deferreds import failure_of
from twisted_kong.core.errors import DatabaseUnavailable
from twisted_kong.db.strategies.postgres.blocking import BlockingDriver, blocking_pool
from twisted_kong.db.strategies.postgres.settings import Settings
from twisted_kong.db.transaction import run_unsuspended


def test_everything_has_happened_when_a_call_returns() -> None:
    """No coroutine suspends, also where each of several servers is away; each tells its reason."""
    hosts = (("/nowhere", 1), ("/nowhere", 2))
    with blocking_pool(Settings(hosts)) as pool, pytest.raises(DatabaseUnavailable) as caught:
        run_unsuspended(pool.run("select 1"))
    assert "/nowhere/.s.PGSQL.1" in caught.value.message
    assert "/nowhere/.s.PGSQL.2" in caught.value.message


def test_closed_driver() -> None:
    """One that never was open is closed, and may be closed again."""
    driver = BlockingDriver(1.0)
    assert driver.closed
    assert not driver.is_idle
    failure_of(driver.connect(host="/nowhere", port=1), psycopg2.OperationalError)
    driver.close()
    assert driver.closed
