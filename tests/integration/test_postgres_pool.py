"""The pool on real servers: what is asked, what is refused, what is heard."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import deferLater

from tests.kit.certificates import make_certificate
from tests.kit.postgres import (
    PASSWORD,
    USER,
    PostgresDatabase,
    PostgresServer,
    new_server,
    requires_postgres,
    shared_server,
)
from tests.kit.tcp_proxy import tcp_proxy
from twisted_kong.core.errors import DatabaseError, DatabaseUnavailable
from twisted_kong.db.interfaces import LostRace
from twisted_kong.db.strategies.postgres.errors import Refusal
from twisted_kong.db.strategies.postgres.listener import Listener
from twisted_kong.db.strategies.postgres.pool import Pool
from twisted_kong.db.strategies.postgres.settings import Settings

pytestmark = [pytest.mark.integration, requires_postgres]


def settings(at: PostgresDatabase, **chosen: Any) -> Settings:
    """How the owner of a database reaches it."""
    values: dict[str, Any] = {
        "hosts": (("127.0.0.1", at.server.port),),
        "database": at.name,
        "user": USER,
        "password": PASSWORD,
        "timeout": 2.0,
    }
    return Settings(**(values | chosen))


@asynccontextmanager
async def pooled(at: PostgresDatabase, *, writable: bool = True, **chosen: Any) -> AsyncIterator[Pool]:
    """A pool that is closed in the end."""
    from twisted.internet import reactor

    pool = Pool(settings(at, **chosen), reactor, writable=writable)
    try:
        yield pool
    finally:
        await pool.close()


async def breath(seconds: float = 0.1) -> None:
    """Let the reactor turn for a while."""
    from twisted.internet import reactor

    await deferLater(reactor, seconds, lambda: None)  # type: ignore[arg-type]


async def until(condition: Any, seconds: float = 10.0) -> None:
    """Let the reactor turn until a condition is true."""
    for _ in range(int(seconds / 0.02)):
        if condition():
            return
        await breath(0.02)
    pytest.fail("waited in vain")


async def refusal(pool: Pool, query: str = "select 1") -> DatabaseError:
    """Why a statement is refused."""
    with pytest.raises(DatabaseError) as raised:
        await pool.run(query)
    return raised.value


def backends(database: PostgresDatabase) -> list[tuple[Any, ...]]:
    """What the sessions of the node do."""
    return database.query(
        "select state, query from pg_stat_activity where datname = %s and application_name = 'twisted_kong'",
        [database.name],
    )


async def test_statements_and_transactions() -> None:
    """What is committed is there, what is left is not, and values are passed as they are."""
    async with pooled(shared_server().fresh_database()) as pool:
        await pool.run("create table t (a text, b double precision)")
        async with pool.transaction() as transaction:
            await transaction.run("insert into t values (%s, %s)", ("it's 100%", 0.1))
            rows = await transaction.finish("commit; select a, b from t")
        assert rows == [("it's 100%", 0.1)]
        async with pool.transaction() as transaction:
            await transaction.run("delete from t")
        assert await pool.run("select count(*) from t where a like '%%' || %s", ("%",)) == [(1,)]
        assert pool.statistics.open == 1


async def test_session() -> None:
    """The server gives up before the node does, and looks after its clients."""
    database = shared_server().fresh_database()
    database.query(f'create schema "a ""b"" c" authorization {USER}')
    async with pooled(database, schema='a "b" c') as pool:
        names = (
            "statement_timeout",
            "idle_in_transaction_session_timeout",
            "client_connection_check_interval",
            "synchronous_commit",
            "TimeZone",
            "application_name",
            "client_encoding",
        )
        [found] = await pool.run(f"select {', '.join(f'current_setting({n!r})' for n in names)}")
        assert found == ("1800ms", "1800ms", "500ms", "on", "UTC", "twisted_kong", "UTF8")
        assert await pool.run("select current_schema()") == [('a "b" c',)]
    database.query(f"alter database {database.name} set synchronous_commit = off")
    async with pooled(database) as pool:
        assert await pool.run("select current_setting('synchronous_commit')") == [("on",)]


async def test_races_are_told() -> None:
    """A value that another writer has taken, and a deadlock, are races that were lost."""
    async with pooled(shared_server().fresh_database()) as pool:
        await pool.run("create table t (a int primary key)")
        await pool.run("insert into t values (1), (2)")
        with pytest.raises(LostRace):
            async with pool.transaction() as transaction:
                await transaction.finish("insert into t values (1); commit")

        async def lock(first: int, second: int) -> None:
            async with pool.transaction() as transaction:
                await transaction.run(f"select a from t where a = {first} for update")
                await breath(0.1)
                await transaction.finish(f"select a from t where a = {second} for update; commit")

        both = [Deferred.fromCoroutine(lock(*order)) for order in ((1, 2), (2, 1))]
        outcomes = await gatherResults([each.addErrback(lambda failure: failure.value) for each in both])
        assert sum(isinstance(each, LostRace) for each in outcomes) == 1
        assert pool.statistics.open == 2


async def test_a_slow_query_costs_no_connection() -> None:
    """The server gives it up by itself, in time."""
    async with pooled(shared_server().fresh_database(), timeout=0.5) as pool:
        error = await refusal(pool, "select pg_sleep(5)")
        assert type(error) is DatabaseUnavailable
        assert "statement timeout" in str(error)
        assert (pool.statistics.open, pool.unreachable_since) == (1, None)


async def test_a_query_given_up_ends_on_the_server() -> None:
    """Nobody cancels it; the server finds that its client has gone."""
    database = shared_server().fresh_database()
    async with pooled(database, timeout=20.0) as pool:
        asked = Deferred.fromCoroutine(pool.run("select pg_sleep(15)"))
        await until(lambda: ("active", "select pg_sleep(15)") in backends(database))
        asked.addErrback(lambda _: None)
        asked.cancel()
        await until(lambda: backends(database) == [])


async def test_who_falls_silent_in_a_transaction_loses_it() -> None:
    """A node that was stopped holds no lock for long; it learns that nothing was written."""
    database = shared_server().fresh_database()
    async with pooled(database, timeout=1.0) as pool:
        await pool.run("create table t (a int)")
        await pool.run("insert into t values (1)")

        async def write() -> None:
            async with pool.transaction() as transaction:
                await transaction.run("select a from t for update")
                await breath(1.2)
                await transaction.finish("update t set a = 2; commit")

        with pytest.raises(DatabaseUnavailable) as raised:
            await write()
        assert type(raised.value) is DatabaseUnavailable
        assert await pool.run("select a from t for update nowait") == [(1,)]


async def test_notifications_keep_their_order() -> None:
    """A burst of several writers is heard as the server has ordered it."""
    from twisted.internet import reactor

    database = shared_server().fresh_database()
    heard: list[str] = []
    async with pooled(database) as pool:
        listener = Listener(pool, "burst", heard.append, reactor)
        listener.start()
        await until(lambda: heard == [""])
        with closing(database.connect()) as connection, connection.cursor() as cursor:
            for start in range(0, 5000, 500):
                cursor.execute(
                    f"select pg_notify('burst', n::text) from generate_series({start}, {start + 499}) n"
                )
        await until(lambda: len(heard) == 5001)
        assert heard[1:] == [str(number) for number in range(5000)]
        await listener.stop()


async def test_listening_goes_on_beside_queries() -> None:
    """What is notified comes at once, and again after its connection was ended."""
    from twisted.internet import reactor

    database = shared_server().fresh_database()
    heard: list[str] = []
    async with pooled(database, pool_size=2) as pool:
        listener = Listener(pool, "c", heard.append, reactor)
        listener.start()
        await until(lambda: heard == [""])
        for number in range(5):
            await pool.run("select pg_notify('c', %s)", (str(number),))
        await until(lambda: len(heard) == 6)
        assert pool.statistics.open == 2
        database.query(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = %s and query like 'listen%%'",
            [database.name],
        )
        await until(lambda: heard[-1] == "")
        await pool.run("select pg_notify('c', 'again')")
        await until(lambda: heard[-1] == "again")
        await listener.stop()


async def test_one_connection_does_for_everything() -> None:
    """With pg_pool_size = 1 a crowd takes turns."""
    database = shared_server().fresh_database()
    async with pooled(database, pool_size=1) as pool:
        found = await gatherResults(
            [Deferred.fromCoroutine(pool.run("select %s", (number,))) for number in range(50)]
        )
        assert found == [[(number,)] for number in range(50)]
        assert len(backends(database)) == 1


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"password": "wrong"}, 'password authentication failed for user "kong"'),
        ({"password": None}, "no password supplied"),
        ({"database": "nowhere"}, 'database "nowhere" does not exist'),
        ({"ssl": True}, "server does not support SSL, but SSL was required"),
    ],
)
async def test_refused_for_good(chosen: dict[str, Any], words: str) -> None:
    """What no waiting will change is one clear line, and no reason to try again at once."""
    server = shared_server()
    async with pooled(server.fresh_database(), **chosen) as pool:
        error = await refusal(pool)
        assert type(error) is Refusal
        assert str(error).startswith(f"PostgreSQL at 127.0.0.1:{server.port}: ")
        assert words in str(error)
        assert "\n" not in str(error)
        before = server.log_text.count("FATAL")
        for _ in range(20):
            assert str(await refusal(pool)) == str(error)
        assert server.log_text.count("FATAL") == before


async def test_nobody_listens() -> None:
    """A server that is not there is told at once."""
    async with pooled(shared_server().fresh_database(), hosts=(("127.0.0.1", 1), ("localhost", 1))) as pool:
        error = await refusal(pool)
        assert type(error) is DatabaseUnavailable
        assert str(error).startswith("PostgreSQL at 127.0.0.1:1: Connection refused")
        assert "PostgreSQL at localhost:1 (127.0.0.1): Connection refused" in str(error)


async def test_connections_run_out() -> None:
    """When the server gives no more, those that there are are shared, and otherwise it counts as away."""
    database = shared_server().fresh_database()
    database.query(f"alter database {database.name} connection limit 2")
    async with pooled(database, pool_size=4) as pool:
        found = await gatherResults(
            [Deferred.fromCoroutine(pool.run("select 1 from pg_sleep(0.05)")) for _ in range(12)]
        )
        assert found == [[(1,)]] * 12
        assert pool.statistics.open == 2
        async with pooled(database) as other:
            error = await refusal(other)
            assert type(error) is DatabaseUnavailable
            assert "too many connections" in str(error)


async def test_names_and_sockets(tmp_path: Path) -> None:
    """A name is resolved by Twisted, and a directory holds a Unix socket."""
    database = shared_server().fresh_database()
    async with pooled(database, hosts=(("localhost", database.server.port),)) as pool:
        assert await pool.run("select inet_server_addr()::text") == [("127.0.0.1/32",)]
    socket = ((str(database.server.directory), database.server.port),)
    async with pooled(database, hosts=socket, user="postgres", password=None) as pool:
        assert await pool.run("select inet_server_addr()") == [(None,)]
    async with pooled(database, hosts=((str(tmp_path), 5432),)) as pool:
        assert str(await refusal(pool)) == (
            f"PostgreSQL at {tmp_path}/.s.PGSQL.5432: No such file or directory"
        )
    async with pooled(database, hosts=(("name.invalid", 5432),)) as pool:
        assert str(await refusal(pool)) == "PostgreSQL at name.invalid:5432: the name has no address"


async def test_tls(tmp_path: Path) -> None:
    """Encrypted where it is wanted, verified where that is wanted, by authority and by name."""
    certificate, key = make_certificate("localhost")
    stranger, _ = make_certificate("stranger")
    good, bad = tmp_path / "good.pem", tmp_path / "bad.pem"
    good.write_text(certificate + stranger)
    bad.write_text(stranger)
    with new_server() as server:
        server.configure(
            ssl="on",
            ssl_cert_file=str(server.write("server.crt", certificate)),
            ssl_key_file=str(server.write("server.key", key)),
        )
        server.reload()
        database = server.fresh_database()
        asked = "select ssl from pg_stat_ssl where pid = pg_backend_pid()"
        named = (("localhost", server.port),)
        for chosen in ({}, {"ssl_verify": True, "ca_file": str(good), "hosts": named}):
            async with pooled(database, ssl=True, **chosen) as pool:
                assert await pool.run(asked) == [(True,)]
        async with pooled(database) as pool:
            assert await pool.run(asked) == [(False,)]
        for chosen, words in (
            ({"ca_file": str(good)}, "server certificate for"),
            ({"ca_file": str(bad), "hosts": named}, "certificate verify failed"),
            ({"ca_file": str(tmp_path / "none.pem"), "hosts": named}, "root certificate file"),
        ):
            async with pooled(database, ssl=True, ssl_verify=True, **chosen) as pool:
                error = await refusal(pool)
                assert type(error) is Refusal
                assert words in str(error)


async def test_cut_off() -> None:
    """A connection that is cut while idle costs nobody an error, one that is cut in use only its own."""
    database = shared_server().fresh_database()
    with tcp_proxy(database.server.port, postgres=True) as proxy:
        async with pooled(database, hosts=(("127.0.0.1", proxy.port),)) as pool:
            for _ in range(10):
                assert await pool.run("select 1") == [(1,)]
                proxy.cut()
            for _ in range(5):
                asked = Deferred.fromCoroutine(refusal(pool, "select pg_sleep(1)"))
                await breath()
                proxy.cut()
                assert type(await asked) is DatabaseUnavailable
            assert await pool.run("select 1") == [(1,)]
            proxy.half_close()
            assert await pool.run("select 1") == [(1,)]


async def test_a_network_that_swallows_everything() -> None:
    """Queries and connections end at the deadline; when it is over all is well."""
    from twisted.internet import reactor

    database = shared_server().fresh_database()
    with tcp_proxy(database.server.port, postgres=True) as proxy:
        async with pooled(database, hosts=(("127.0.0.1", proxy.port),), timeout=0.5, pool_size=3) as pool:
            heard: list[str] = []
            listener = Listener(pool, "c", heard.append, reactor)
            listener.start()
            await until(lambda: heard == [""])
            await pool.run("select 1")
            proxy.swallow()
            begun = reactor.seconds()  # type: ignore[attr-defined]
            for _ in range(2):
                assert "did not answer within 500 milliseconds" in str(await refusal(pool))
            assert 0.9 < reactor.seconds() - begun < 1.5  # type: ignore[attr-defined]
            assert pool.unreachable_since is not None
            proxy.cut()
            proxy.heal()
            await until(lambda: heard == ["", ""])
            await breath(0.6)
            assert await pool.run("select 1") == [(1,)]
            assert pool.unreachable_since is None
            await listener.stop()


async def test_a_server_that_shuts_down_lets_nobody_in() -> None:
    """Who is in may go on; who comes hears of it as of something that passes."""
    with new_server() as server:
        database = server.fresh_database()
        async with pooled(database) as pool:
            connection = await pool.acquire()
            os.kill(server.pid, signal.SIGTERM)
            await breath(0.3)
            async with pooled(database) as other:
                error = await refusal(other)
            assert type(error) is DatabaseUnavailable
            assert "the database system is shutting down" in str(error)
            assert await connection.run("select 1") == [(1,)]
            pool.release(connection)
        server.stop()


async def test_a_session_that_became_read_only() -> None:
    """All of its pool's connections are replaced; the next write finds one that takes it."""
    async with pooled(shared_server().fresh_database()) as pool:
        await pool.run("create table t (a int)")
        await pool.run("set session characteristics as transaction read only")
        error = await refusal(pool, "insert into t values (1)")
        assert type(error) is DatabaseUnavailable
        assert pool.statistics.open == 0
        await pool.run("insert into t values (1)")


def two_servers(primary: PostgresServer, replica: PostgresServer) -> tuple[tuple[str, int], ...]:
    """Both, the replica first."""
    return ("127.0.0.1", replica.port), ("127.0.0.1", primary.port)


async def test_a_standby_takes_no_writes_until_it_is_promoted() -> None:
    """Of two servers that are told the primary is found; after it dies, the promoted one, listening too."""
    from twisted.internet import reactor

    with new_server() as primary:
        database = primary.fresh_database()
        database.query("create table t (a int)")
        database.query(f"grant all on t to {USER}")
        replica = primary.make_replica()
        hosts = two_servers(primary, replica)
        heard: list[str] = []
        async with pooled(database, writable=False, hosts=hosts) as reading:
            assert await reading.run("select pg_is_in_recovery()") == [(True,)]
        async with pooled(database, hosts=hosts[:1]) as pool:
            assert "is a standby, which takes no writes" in str(await refusal(pool))
        async with pooled(database, hosts=hosts) as pool:
            listener = Listener(pool, "c", heard.append, reactor)
            listener.start()
            await pool.run("insert into t values (1)")
            await until(lambda: heard == [""])
            replica.wait_replayed(primary)
            primary.kill9()
            assert type(await refusal(pool)) is DatabaseUnavailable
            replica.promote()
            await until(lambda: len(heard) == 2)
            await breath(0.5)
            await pool.run("insert into t values (2)")
            assert await pool.run("select a from t order by a") == [(1,), (2,)]
            await pool.run("select pg_notify('c', 'x')")
            await until(lambda: heard[-1] == "x")
            await listener.stop()


async def test_a_primary_that_comes_back_is_left() -> None:
    """Once another was promoted nothing goes to the old one, although its connections are alive again."""
    from twisted.internet import reactor

    with new_server() as primary:
        database = primary.fresh_database()
        replica = primary.make_replica()
        heard: list[str] = []
        async with pooled(database, hosts=two_servers(primary, replica), timeout=1.0) as pool:
            listener = Listener(pool, "c", heard.append, reactor)
            listener.start()
            await until(lambda: heard == [""])
            replica.wait_replayed(primary)
            primary.pause()
            try:
                replica.promote()
                assert await pool.run("select inet_server_port()") == [(replica.port,)]
                await until(lambda: len(heard) == 2)
            finally:
                primary.resume()
            await pool.run("select pg_notify('c', 'x')")
            await until(lambda: heard[-1] == "x")
            ports = {port for [(port,)] in [await pool.run("select inet_server_port()") for _ in range(5)]}
            assert ports == {replica.port}
            await listener.stop()


async def test_closing_in_the_middle_harms_no_other_connection() -> None:
    """The descriptor's number is free for the next connection, on every reactor."""
    async with pooled(shared_server().fresh_database(), pool_size=1) as pool:
        for _ in range(30):
            asked = Deferred.fromCoroutine(pool.run("select pg_sleep(1)"))
            await breath(0.01)
            asked.addErrback(lambda _: None)
            asked.cancel()
            assert await pool.run("select 1") == [(1,)]


async def test_what_a_database_sets_for_all_sessions() -> None:
    """Transactions keep the isolation that they rely on and wait for locks, whatever sessions begin with."""
    database = shared_server().fresh_database()
    for setting in ("default_transaction_isolation = serializable", "lock_timeout = '1ms'"):
        database.query(f"alter database {database.name} set {setting}")
    async with pooled(database) as pool:
        shown = "select current_setting('transaction_isolation'), current_setting('lock_timeout')"
        assert await pool.run(shown) == [("read committed", "0")]


async def test_a_standby_of_a_serializable_server() -> None:
    """It is read from, although it shows nothing to transactions as its configuration would have them."""
    with new_server() as primary:
        database = primary.fresh_database()
        replica = primary.make_replica()
        # for this database only: the superuser has to get in
        database.query(f"alter database {database.name} set default_transaction_isolation = serializable")
        replica.wait_replayed(primary)
        async with pooled(database.on(replica), writable=False) as pool:
            assert await pool.run("select pg_is_in_recovery()") == [(True,)]
