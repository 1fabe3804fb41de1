"""The proxy that tests put before servers does to connections what it says."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import psycopg2
import psycopg2.extensions
import pytest

from tests.kit.postgres import PASSWORD, USER, PostgresDatabase, requires_postgres, shared_server
from tests.kit.tcp_proxy import Notifications, TcpProxy, tcp_proxy
from tests.kit.waiting import wait_for

pytestmark = pytest.mark.integration

# Seconds in which something would have come.
A_WHILE = 0.1


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a server that sends back what it gets."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

        def answer(connection: socket.socket) -> None:
            with connection:
                try:
                    while data := connection.recv(4096):
                        connection.sendall(data)
                except OSError:
                    return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.fixture
def proxy(echo: int) -> Iterator[TcpProxy]:
    with tcp_proxy(echo) as proxy:
        yield proxy


@pytest.fixture
def client(proxy: TcpProxy) -> Iterator[socket.socket]:
    with connected(proxy) as client:
        assert said(client, b"hello") == b"hello"
        yield client


def connected(proxy: TcpProxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), 5)


def said(client: socket.socket, text: bytes) -> bytes:
    client.sendall(text)
    return client.recv(4096)


def test_a_cut_resets_what_is_there_and_not_what_comes(proxy: TcpProxy, client: socket.socket) -> None:
    """Unless new connections are to be refused as well, until it is healed."""
    assert proxy.connections == 1
    proxy.cut()
    with pytest.raises(ConnectionResetError):
        client.recv(1)
    with connected(proxy) as other:
        assert said(other, b"again") == b"again"
    proxy.cut(refuse=True)
    with pytest.raises(ConnectionResetError), connected(proxy) as refused:
        refused.recv(1)
    proxy.heal()
    with connected(proxy) as other:
        assert said(other, b"again") == b"again"


def test_a_black_hole_takes_everything_and_says_nothing(proxy: TcpProxy, client: socket.socket) -> None:
    """Nobody is told; what was sent meanwhile arrives when it is healed."""
    proxy.swallow()
    client.sendall(b"late")
    client.settimeout(A_WHILE)
    with pytest.raises(TimeoutError):
        client.recv(1)
    proxy.heal()
    client.settimeout(5)
    assert client.recv(4096) == b"late"


def test_a_delay_is_added_each_way(proxy: TcpProxy, client: socket.socket) -> None:
    """There and back."""
    proxy.delay(A_WHILE)
    begun = time.monotonic()
    assert said(client, b"slow") == b"slow"
    assert time.monotonic() - begun >= 2 * A_WHILE


def test_half_closed_is_closed_one_way(proxy: TcpProxy, client: socket.socket) -> None:
    """The client reads the end, and may go on sending."""
    proxy.half_close()
    assert client.recv(1) == b""
    client.sendall(b"still there")
    assert proxy.connections == 1


def test_a_server_that_is_away_is_a_reset_connection(proxy: TcpProxy) -> None:
    """As soon as the target changes, so do new connections."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        proxy.target = nobody.getsockname()[1]
        with pytest.raises(ConnectionResetError), connected(proxy) as refused:
            refused.recv(1)


def test_only_notifications_are_taken_out() -> None:
    """However the bytes are cut, and however many come at once."""
    ready, notice = b"Z\0\0\0\5I", b"A\0\0\0\6ab"
    stream = ready + notice + ready
    for size in range(1, len(stream) + 1):
        filtered = Notifications()
        pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
        assert b"".join(filtered.without(piece, dropping=True) for piece in pieces) == ready * 2
        filtered = Notifications()
        assert b"".join(filtered.without(piece, dropping=False) for piece in pieces) == stream


@requires_postgres
def test_a_deafened_client_of_postgres_hears_nothing_else_is_lost() -> None:
    """Queries go on; notifications of that time never come, later ones do."""
    database = shared_server().fresh_database()
    with (
        tcp_proxy(database.server.port, postgres=True) as proxy,
        closing(through(proxy, database)) as listening,
        listening.cursor() as cursor,
    ):
        cursor.execute("listen x")
        proxy.deafen()
        database.query("notify x, 'lost'")
        cursor.execute("select 1")
        assert (cursor.fetchall(), listening.notifies) == ([(1,)], [])
        proxy.heal()
        database.query("notify x, 'heard'")

        def heard() -> list[str]:
            listening.poll()
            return [each.payload for each in listening.notifies]

        assert wait_for(heard) == ["heard"]


def through(proxy: TcpProxy, database: PostgresDatabase) -> psycopg2.extensions.connection:
    """A connection to the database by way of the proxy."""
    connection = psycopg2.connect(
        host="127.0.0.1",
        port=proxy.port,
        dbname=database.name,
        user=USER,
        password=PASSWORD,
        sslmode="disable",
    )
    connection.autocommit = True
    return connection


def test_nothing_is_left_open(echo: int) -> None:
    """Neither a connection that was not passed on yet, nor one whose last bytes nobody takes."""
    proxy = TcpProxy(echo)
    with closing(connected(proxy)) as client:
        client.sendall(b"x")
        assert client.recv(1) == b"x"
        proxy.swallow()
        with closing(connected(proxy)):
            wait_for(lambda: len(proxy._ends) == 3)
            ends = list(proxy._ends)
            proxy.close()
    assert all(end.get_extra_info("socket").fileno() == -1 for end in ends)


@pytest.mark.parametrize("turns", range(8))
def test_an_end_as_a_connection_comes_in_is_quiet(echo: int, turns: int) -> None:
    """However many turns of its loop after the client was let in."""
    proxy, told = TcpProxy(echo), []
    proxy._loop.set_exception_handler(lambda loop, context: told.append(context))

    async def end() -> None:
        # In the loop's own thread, so that the loop has not seen of it yet: the system lets clients in.
        with closing(connected(proxy)):
            for _ in range(turns):
                await asyncio.sleep(0)
            await proxy._finish()

    proxy._do(end)
    proxy.close()
    assert told == []
