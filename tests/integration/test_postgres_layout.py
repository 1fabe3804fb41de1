"""The layout on a real server: many processes at once, faults, and other programs' tables."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, TypeVar

import pytest

from tests.kit.ports import free_port
from tests.kit.postgres import (
    PASSWORD,
    USER,
    PostgresDatabase,
    new_server,
    requires_postgres,
    shared_server,
)
from tests.kit.site import PATIENCE, ROOT
from twisted_kong.core.errors import DatabaseError, DatabaseUnavailable
from twisted_kong.db.migrations import Step
from twisted_kong.db.strategies.postgres import kinds, migrations
from twisted_kong.db.strategies.postgres.blocking import blocking_pool
from twisted_kong.db.strategies.postgres.exclusive import exclusively
from twisted_kong.db.strategies.postgres.layout import PostgresLayout
from twisted_kong.db.strategies.postgres.migrations import STEPS, TABLES
from twisted_kong.db.strategies.postgres.pool import Pool
from twisted_kong.db.strategies.postgres.settings import Settings
from twisted_kong.db.strategies.postgres.transaction import Transaction
from twisted_kong.db.tables import Table, Unique
from twisted_kong.db.transaction import run_unsuspended

pytestmark = [pytest.mark.integration, requires_postgres]

NAMES = tuple(step.name for step in STEPS)
NEXT = Step(f"{len(STEPS) + 1:04}_next", "create table later (x integer)")
BROKEN = Step(f"{len(STEPS) + 1:04}_broken", "create table later (x integer); insert into missing values (1)")
NAME, CODE = Unique(("name",)), Unique(("code",))

T = TypeVar("T")


@pytest.fixture
def database() -> PostgresDatabase:
    """An empty database."""
    return shared_server().fresh_database()


def settings_of(database: PostgresDatabase, **rest: Any) -> Settings:
    """How a node reaches it."""
    settings = Settings((("127.0.0.1", database.server.port),), database.name, USER, PASSWORD)
    return replace(settings, **rest)


def layout_of(database: PostgresDatabase, **rest: Any) -> PostgresLayout:
    """Its layout."""
    return PostgresLayout(settings_of(database, **rest), lock_seconds=10)


def run(database: PostgresDatabase, work: Callable[[Pool], Coroutine[Any, Any, T]], **rest: Any) -> T:
    """What some work with a pool returns."""
    with blocking_pool(settings_of(database, **rest)) as pool:
        return run_unsuspended(work(pool))


def tables_of(database: PostgresDatabase) -> set[str]:
    """The tables outside of the system's schemas, with their schemas."""
    query = (
        "select schemaname || '.' || tablename from pg_tables"
        " where schemaname not in ('pg_catalog', 'information_schema')"
    )
    return {name for (name,) in database.query(query)}


def test_every_step_runs_once(database: PostgresDatabase) -> None:
    """From nothing to all; the second time there is nothing to do."""
    layout = layout_of(database)
    state = layout.state()
    assert (state.executed, state.pending) == ((), NAMES)
    assert tables_of(database) == set()
    assert layout.migrate() == NAMES
    assert layout.migrate() == ()
    assert layout.state().executed == NAMES
    assert tables_of(database) == {f"public.{name}" for name in TABLES}
    assert database.query("select number from changes") == [(0,)]


def test_four_processes_at_once(database: PostgresDatabase) -> None:
    """Of four processes that start together one runs each step, and all of them succeed."""
    program = f"""
import sys
from twisted_kong.db.strategies.postgres.layout import PostgresLayout
from twisted_kong.db.strategies.postgres.settings import Settings
print("here", flush=True)
sys.stdin.readline()
print(PostgresLayout({settings_of(database)!r}, 30).migrate())
""".replace("timeout=5.0", f"password={PASSWORD!r}, timeout=30.0")
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
    with ThreadPoolExecutor(4) as together:
        answers = list(together.map(lambda process: process.communicate("\n", PATIENCE)[0], processes))
    assert [process.returncode for process in processes] == [0] * 4
    assert sorted(answers, key=len) == ["()\n"] * 3 + [f"{NAMES!r}\n"]
    assert database.query("select count(*) from changes") == [(1,)]
    assert database.query("select name from migrations") == [(name,) for name in NAMES]


def test_a_failing_step_rolls_back_whole(database: PostgresDatabase) -> None:
    """When a step fails none of those that were to run has run, and one line names the step."""
    with pytest.raises(DatabaseError) as caught:
        run(database, lambda pool: migrations.migrate(pool, [*STEPS, BROKEN]))
    port = database.server.port
    assert caught.value.message == (
        f"the database {database.name} at 127.0.0.1:{port}: step {BROKEN.name} failed:"
        ' relation "missing" does not exist'
    )
    assert tables_of(database) == set()
    layout_of(database).migrate()
    with pytest.raises(DatabaseError):
        run(database, lambda pool: migrations.migrate(pool, [*STEPS, BROKEN]))
    assert "public.later" not in tables_of(database)
    assert layout_of(database).state().pending == ()


def test_a_later_version_is_refused(database: PostgresDatabase) -> None:
    """A database that has been through steps we do not know is neither used, nor migrated, nor reset."""
    run(database, lambda pool: migrations.migrate(pool, [*STEPS, NEXT]))
    layout = layout_of(database)
    for attempt in (layout.state, layout.migrate, layout.reset):
        with pytest.raises(DatabaseError, match=f"was used by a later version.* step {NEXT.name}"):
            attempt()


def test_a_node_requires_what_commands_do(database: PostgresDatabase) -> None:
    """A node refuses a database that lacks steps, with the command that runs them."""
    with pytest.raises(DatabaseError, match="needs bootstrapping; run 'kong migrations bootstrap'"):
        run(database, migrations.require)
    layout_of(database).migrate()
    run(database, migrations.require)
    with pytest.raises(DatabaseError, match="new migrations available; run 'kong migrations up'"):
        run(database, lambda pool: migrations.require(pool, [*STEPS, NEXT]))


def test_schema_is_made_where_that_is_allowed(database: PostgresDatabase) -> None:
    """A schema that is not there is made by the first migration, and two of them share a database."""
    for schema in ('it\'s "own" %s', "other"):
        layout = layout_of(database, schema=schema)
        assert layout.state().executed == ()
        assert layout.migrate() == NAMES
        assert f"{schema}.entities" in tables_of(database)
    layout_of(database, schema="other").reset()
    assert {name.partition(".")[0] for name in tables_of(database)} == {'it\'s "own" %s'}


def test_rights_that_are_wanting(database: PostgresDatabase) -> None:
    """Who may not make the schema, or tables in it, is told what is wanting."""
    database.query("create role stranger login password 'x'")
    try:
        stranger: dict[str, Any] = {"user": "stranger", "password": "x"}
        with pytest.raises(DatabaseError, match="no such schema, and the user stranger may not make it"):
            layout_of(database, schema="new", **stranger).migrate()
        with pytest.raises(DatabaseError, match="the user stranger may not make tables there"):
            layout_of(database, **stranger).migrate()
    finally:
        database.query("drop role stranger")


def test_a_database_that_cannot_hold_every_text() -> None:
    """It is refused before anything is made; else a key that a client sends would be an error to look for."""
    server, name = shared_server(), "of_few_letters"
    server.query(f"create database {name} owner {USER} template template0 encoding 'LATIN1' locale 'C'")
    database = PostgresDatabase(server, name)
    with pytest.raises(DatabaseError, match=r"is encoded in LATIN1.*UTF8"):
        layout_of(database, schema="gate").migrate()
    assert tables_of(database) == set()
    assert server.query("select 1 from pg_namespace where nspname = 'gate'", database=name) == []


def test_reset_leaves_what_is_not_ours(database: PostgresDatabase) -> None:
    """Reset drops our tables and no other, and the steps can run again."""
    database.query("create table theirs (x integer)")
    layout = layout_of(database)
    layout.migrate()
    layout.reset()
    assert tables_of(database) == {"public.theirs"}
    assert layout.state().executed == ()
    layout.reset()
    assert layout.migrate() == NAMES


@pytest.mark.parametrize(
    "table", ["migrations (id integer, migration text)", "tags (name text)", "entities ()"]
)
def test_another_programs_tables(database: PostgresDatabase, table: str) -> None:
    """Where another program has tables of our names nothing is made and nothing dropped."""
    database.query(f"create table {table}")
    layout = layout_of(database)
    assert layout.state().executed == ()
    name = table.partition(" ")[0]
    with pytest.raises(DatabaseError, match=f"another program: there is a table {name} already"):
        layout.migrate()
    layout.reset()
    assert tables_of(database) == {f"public.{name}"}


def test_reset_under_running_nodes(database: PostgresDatabase) -> None:
    """A database on which nodes report is not reset; one that was forgotten to leave does not count."""
    layout = layout_of(database)
    layout.migrate()
    report = "insert into members values ('i', 'id', 'a-host', '1', 0, {}, 0, '')"
    database.query(report.format("clock_timestamp()"))
    with pytest.raises(DatabaseError, match=r"nodes are running on .* \(a-host\): stop them first"):
        layout.reset()
    database.query("update members set seen = clock_timestamp() - interval '1 minute'")
    layout.reset()
    assert tables_of(database) == set()


def test_who_waits_too_long_is_told(database: PostgresDatabase) -> None:
    """While another process is at work one waits, and gives up after the time that was given."""

    async def held(pool: Pool) -> None:
        async def work(_: Transaction) -> None:
            with pytest.raises(DatabaseUnavailable, match="another node is performing database changes"):
                PostgresLayout(settings_of(database), lock_seconds=0.2).migrate()

        await exclusively(pool, work)

    run(database, held)
    assert layout_of(database).migrate() == NAMES


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"password": "wrong"}, "password authentication failed"),
        ({"database": "nowhere"}, 'database "nowhere" does not exist'),
        ({"user": "nobody"}, "password authentication failed"),
        ({"ssl": True}, "server does not support SSL"),
    ],
)
def test_refusals_are_one_line(database: PostgresDatabase, changed: dict[str, Any], reason: str) -> None:
    """What the server refuses is told in its own words, with its address."""
    with pytest.raises(DatabaseError) as caught:
        PostgresLayout(replace(settings_of(database), **changed)).state()
    assert reason in caught.value.message
    assert f"127.0.0.1:{database.server.port}" in caught.value.message
    assert "\n" not in caught.value.message


def test_server_that_is_away_or_silent() -> None:
    """No server, and one that says nothing, are told within the time that was given."""
    settings = Settings((("127.0.0.1", free_port()),), timeout=1)
    with pytest.raises(DatabaseUnavailable, match="Connection refused"):
        PostgresLayout(settings).state()
    with new_server() as server:
        database = server.fresh_database()
        layout = layout_of(database, timeout=0.5)
        layout.migrate()
        server.pause()
        try:
            with pytest.raises(DatabaseUnavailable, match=r"no answer within 0\.5 seconds"):
                layout.state()
        finally:
            server.resume()


def test_a_standby_is_passed_over() -> None:
    """Of several servers the one that takes writes is migrated."""
    with new_server() as server:
        database = server.fresh_database()
        replica = server.make_replica()
        replica.wait_replayed(server)
        hosts = (("127.0.0.1", replica.port), ("localhost", server.port))
        assert layout_of(database, hosts=hosts).migrate() == NAMES
        with pytest.raises(DatabaseUnavailable, match="is a standby, which takes no writes"):
            layout_of(database, hosts=hosts[:1]).migrate()


def things(*uniques: Unique, **rest: Any) -> Table:
    """A version of the kind ``things``."""
    return Table("things", ("id",), uniques, (), (), lambda new, old: (), **rest)


def bring(database: PostgresDatabase, table: Table) -> tuple[str, ...]:
    """Bring one kind up to date."""
    return run(database, lambda pool: kinds.bring_up_to_date(pool, [table]))


def put(database: PostgresDatabase, *documents: str) -> None:
    """Write documents of things as a version before has written them."""
    for document in documents:
        database.query("insert into entities values ('things', (%s::json)->>'id', %s)", (document, document))


def test_new_rules_reach_old_rows(database: PostgresDatabase) -> None:
    """Rows of an older version are completed and indexed anew, however many there are, once."""
    layout_of(database).migrate()
    assert bring(database, things(NAME, version="1")) == ("things",)
    database.query(
        "insert into entities select 'things', to_char(n, 'FM0000'),"
        ' format(\'{"id":"%s","name":"n%s","tags":["t"]}\', to_char(n, \'FM0000\'), n), 5.0'
        " from generate_series(0, 1202) n"
    )
    new = things(NAME, version="2", complete=lambda entity: {"added": 1, **entity})
    assert bring(database, new) == ("things",)
    assert bring(database, new) == ()
    assert database.query("select count(*) from entities where document::json->>'added' = '1'") == [(1203,)]
    assert database.query("select count(*) from entities where expires = 5.0") == [(1203,)]
    assert database.query("select id from unique_values where value = '[\"n1202\"]'") == [("1202",)]
    assert database.query("select count(*) from tags where tag = 't'") == [(1203,)]


def test_rows_that_do_not_fit(database: PostgresDatabase) -> None:
    """Where entities conflict by a new rule it is refused without telling the value, and nothing changed."""
    layout_of(database).migrate()
    bring(database, things(NAME))
    put(database, '{"id":"1","name":"a","code":"secret"}', '{"id":"2","name":"b","code":"secret"}')
    with pytest.raises(DatabaseError) as caught:
        bring(database, things(CODE))
    assert caught.value.message.endswith("holds two things with a value that must be unique now (code)")
    assert "secret" not in caught.value.message
    assert bring(database, things(NAME)) == ()


def test_writers_wait_while_rows_are_indexed(database: PostgresDatabase) -> None:
    """While kinds are brought up to date nobody looks at a row in order to write it."""
    layout_of(database).migrate()
    put(database, '{"id":"1","name":"a"}')
    connection = database.connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute("begin; select document from entities where id = '1' for update")
            with pytest.raises(DatabaseUnavailable, match="another node is performing database changes"):
                run(database, lambda pool: kinds.bring_up_to_date(pool, [things(NAME)], 0.1))
            cursor.execute("commit")
    finally:
        connection.close()
    assert bring(database, things(NAME)) == ("things",)


def test_an_emptied_log_is_begun_anew(database: PostgresDatabase) -> None:
    """Who migrates puts the first row back, with a new tag; a node without it is refused."""
    layout = layout_of(database)
    layout.migrate()
    [(before,)] = database.query("select tag from changes")
    database.query("truncate changes")
    assert layout.state().pending == ()
    with (
        blocking_pool(settings_of(database)) as pool,
        pytest.raises(DatabaseError, match=r"log of changes is empty.*; run 'kong migrations up'"),
    ):
        run_unsuspended(migrations.require(pool))
    assert layout.migrate() == (migrations.LOG_BEGUN,)
    [(number, after, *_)] = database.query("select * from changes")
    assert (number, after != before, len(after)) == (0, True, 8)
    assert layout.migrate() == ()
