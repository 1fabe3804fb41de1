"""What stands in a snapshot, on a database in memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kit.small_kinds import SmallKinds
from tests.kit.write_context import write_context
from twisted_kong.db.documents import encode
from twisted_kong.db.interfaces import Stored
from twisted_kong.db.last_good.contents import (
    Account,
    Contents,
    account_of,
    is_whole,
    prepare,
    set_account,
    touch,
)
from twisted_kong.db.schemas import tables_of
from twisted_kong.db.strategies.sqlite.migrations import migrate

TABLES = tables_of(SmallKinds(), lambda schema, new, old: (), write_context)
SERVICES = TABLES["services"]


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    """An empty snapshot in memory."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection, Path("config.cache"))
    prepare(connection, TABLES.values())
    yield connection
    connection.close()


def service(key: str, name: str | None = None, expires: float | None = None) -> Stored:
    """A row."""
    entity: dict[str, Any] = {"id": key, "name": name or f"name of {key}", "tags": ["a", "b"]}
    return Stored(entity, encode(entity), expires)


def names(connection: sqlite3.Connection) -> dict[str, str]:
    """Who holds which name."""
    return dict(connection.execute("select id, value from unique_values order by id"))


def test_rows_come_change_and_go_with_what_stands_beside_them(connection: sqlite3.Connection) -> None:
    """The sum follows every change, so what is there is always whole; the sum of nothing is 0."""
    contents = Contents(connection, 0)
    assert contents.take([(SERVICES, "1", service("1")), (SERVICES, "2", service("2", expires=9.0))]) == 2
    assert is_whole(connection, TABLES, contents.sum)
    assert contents.take([(SERVICES, "1", service("1", "other")), (SERVICES, "2", service("2"))]) == 2
    assert is_whole(connection, TABLES, contents.sum)
    assert contents.take([(SERVICES, "1", service("1", "other")), (SERVICES, "3", None)]) == 0
    contents.take([(SERVICES, "1", None), (SERVICES, "2", None)])
    assert (contents.sum, names(connection)) == (0, {})


def test_all_of_it_can_go(connection: sqlite3.Connection) -> None:
    """A copy begins with nothing, whatever was there."""
    contents = Contents(connection, 5)
    contents.take([(SERVICES, key, service(key)) for key in "abc"])
    contents.clear()
    assert (contents.sum, names(connection)) == (0, {})
    contents.take([(SERVICES, "b", service("b"))])
    assert is_whole(connection, TABLES, contents.sum)


def test_what_has_ended_by_itself(connection: sqlite3.Connection) -> None:
    """Rows whose time is over go with all that stands beside them, though no change tells of it."""
    contents = Contents(connection, 0)
    contents.take([(SERVICES, key, service(key, expires=end)) for key, end in (("1", 5.0), ("2", 9.0))])
    contents.take([(SERVICES, "3", service("3"))])
    assert (contents.forget(TABLES, 8.0), contents.forget(TABLES, 8.0)) == (1, 0)
    assert set(names(connection)) == {"2", "3"}
    assert is_whole(connection, TABLES, contents.sum)


def test_a_value_that_changes_hands(connection: sqlite3.Connection) -> None:
    """A name taken over from a row that is read later, or has ended by itself, stands in nobody's way."""
    contents = Contents(connection, 0)
    contents.take([(SERVICES, "1", service("1", "x")), (SERVICES, "2", service("2", "y"))])
    contents.take([(SERVICES, "1", service("1", "y")), (SERVICES, "2", service("2", "x"))])
    assert names(connection) == {"1": '["y"]', "2": '["x"]'}
    assert is_whole(connection, TABLES, contents.sum)


@pytest.mark.parametrize(
    "damage",
    [
        'update entities set document = cast(\'{"id":"1","name":"y","tags":[]}\' as blob)',
        "update entities set expires = 1.0",
        "delete from entities",
        "update unique_values set id = '2'",
        "delete from tags where ordinal = 2",
        "insert into foreign_keys values ('routes', 'service', '1', '9')",
    ],
)
def test_damage_is_seen(connection: sqlite3.Connection, damage: str) -> None:
    """A changed row, document or index entry does not go with the sum."""
    contents = Contents(connection, 0)
    contents.take([(SERVICES, "1", service("1"))])
    assert is_whole(connection, TABLES, contents.sum)
    connection.execute(damage)
    assert not is_whole(connection, TABLES, contents.sum)


def test_the_account(connection: sqlite3.Connection) -> None:
    """A snapshot says of which database it is, up to where and until when; before it is complete, nothing."""
    assert account_of(connection) is None
    account = Account("of this", "7-00c0ffee", 1.5, 2**127)
    set_account(connection, account)
    assert account_of(connection) == account
    touch(connection, 31.25)
    assert account_of(connection) == Account("of this", "7-00c0ffee", 31.25, 2**127)
    connection.execute("update snapshot set value = '2' where name = 'format'")
    assert account_of(connection) is None
    connection.execute("drop table snapshot")
    assert account_of(connection) is None
