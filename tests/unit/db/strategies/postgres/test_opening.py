"""The first server that will do."""

from __future__ import annotations

from functools import partial

import pytest

from tests.kit.deferreds import failure_of, no_result, started, success_of
from tests.kit.postgres_driver import FakeServer, PostgresClock, server_error
from twisted_kong.core.errors import DatabaseUnavailable
from twisted_kong.db.names import addresses_of
from twisted_kong.db.strategies.postgres.connection import Connection
from twisted_kong.db.strategies.postgres.errors import Refusal
from twisted_kong.db.strategies.postgres.opening import Candidate, Opener, connect_parameters
from twisted_kong.db.strategies.postgres.settings import Settings

TWO = Settings(hosts=(("10.0.0.1", 5432), ("10.0.0.2", 5433)), timeout=4.0)
REFUSED = server_error(None, "connection refused")


@pytest.fixture
def clock() -> PostgresClock:
    """The time, and the addresses of one name."""
    return PostgresClock(db=["10.0.0.1", "10.0.0.2"])


@pytest.fixture
def server() -> FakeServer:
    """Whatever answers at any address."""
    return FakeServer()


def opener(settings: Settings, clock: PostgresClock, server: FakeServer, writable: bool = True) -> Opener:
    """What is tested."""
    resolve = partial(addresses_of, names=clock.nameResolver)
    return Opener(settings, clock, server.make, resolve, writable=writable)


def address(connection: Connection) -> str:
    """Where it leads."""
    return connection.server


def test_the_first_that_answers(clock: PostgresClock, server: FakeServer) -> None:
    """Servers are tried in the order they were told."""
    assert address(success_of(opener(TWO, clock, server).open())) == "10.0.0.1:5432"
    server.refusal = lambda address: REFUSED if address == "10.0.0.1" else None
    assert address(success_of(opener(TWO, clock, server).open())) == "10.0.0.2:5433"


def test_the_last_good_one_comes_first(clock: PostgresClock, server: FakeServer) -> None:
    """After a failover nobody waits for the old server again."""
    opening = opener(TWO, clock, server)
    server.silent = lambda address: address == "10.0.0.1"
    first = started(opening.open())
    clock.advance(2.0)
    assert address(success_of(first)) == "10.0.0.2:5433"
    assert address(success_of(opening.open())) == "10.0.0.2:5433"


def test_a_standby_takes_no_writes(clock: PostgresClock, server: FakeServer) -> None:
    """It is passed over, and closed, by who wants to write, and does for who reads."""
    server.standbys.add("10.0.0.1")
    assert address(success_of(opener(TWO, clock, server).open())) == "10.0.0.2:5433"
    assert len(server.open) == 1
    assert address(success_of(opener(TWO, clock, server, writable=False).open())) == "10.0.0.1:5432"


def test_all_attempts_take_no_longer_than_the_timeout(clock: PostgresClock, server: FakeServer) -> None:
    """Each server has an equal part of the time that is left."""
    server.silent = lambda _: True
    opening = started(opener(TWO, clock, server).open())
    clock.advance(2.0)
    assert len(server.drivers) == 2
    clock.advance(1.9)
    no_result(opening)
    clock.advance(0.1)
    failure_of(opening, DatabaseUnavailable)
    assert clock.getDelayedCalls() == []


def test_every_reason_in_one_line(clock: PostgresClock, server: FakeServer) -> None:
    """Who reads the log sees what is wrong with each; if any may come back, so may the whole."""
    server.refusal = lambda _: REFUSED
    server.standbys.add("10.0.0.2")
    server.refusal = lambda address: REFUSED if address == "10.0.0.1" else None
    assert str(failure_of(opener(TWO, clock, server).open(), DatabaseUnavailable)) == (
        "PostgreSQL at 10.0.0.1:5432: connection refused;"
        " PostgreSQL at 10.0.0.2:5433 is a standby, which takes no writes"
    )
    server.refusal = lambda _: server_error(None, "FATAL:  password authentication failed for user")
    failure_of(opener(TWO, clock, server).open(), Refusal)


def test_every_address_of_a_name(clock: PostgresClock, server: FakeServer) -> None:
    """libpq is told the address, and the name for the certificate."""
    server.refusal = lambda address: REFUSED if address == "10.0.0.1" else None
    settings = Settings(hosts=(("db", 5432),))
    connection = success_of(opener(settings, clock, server).open())
    assert address(connection) == "db:5432 (10.0.0.2)"
    parameters = server.open[0].parameters
    assert (parameters["host"], parameters["hostaddr"]) == ("db", "10.0.0.2")


def test_the_last_good_address_comes_first(clock: PostgresClock, server: FakeServer) -> None:
    """A name whose addresses change their order does not lead to another server each time."""
    opening = opener(Settings(hosts=(("db", 5432),)), clock, server)
    assert address(success_of(opening.open())) == "db:5432 (10.0.0.1)"
    clock.nameResolver.table["db"].reverse()
    assert address(success_of(opening.open())) == "db:5432 (10.0.0.1)"


def test_no_such_name(clock: PostgresClock, server: FakeServer) -> None:
    """A name without address may get one."""
    error = failure_of(opener(Settings(hosts=(("other", 1),)), clock, server).open(), DatabaseUnavailable)
    assert str(error) == "PostgreSQL at other:1: the name has no address"


def test_a_resolver_that_does_not_answer(clock: PostgresClock, server: FakeServer) -> None:
    """Looking the name up counts as part of connecting."""
    clock.nameResolver.is_silent = True
    opening = started(opener(Settings(hosts=(("db", 1),), timeout=3.0), clock, server).open())
    clock.advance(3.0)
    error = failure_of(opening, DatabaseUnavailable)
    assert str(error) == "PostgreSQL at db:1: the name was not found in time"
    assert clock.getDelayedCalls() == []


def test_a_clock_that_is_set_forward(clock: PostgresClock, server: FakeServer) -> None:
    """Every server is tried all the same."""
    server.silent = lambda _: True
    opening = started(opener(TWO, clock, server).open())
    clock.advance(3600)
    assert len(server.drivers) == 2
    server.silent = lambda _: False
    clock.advance(0.1)
    failure_of(opening, DatabaseUnavailable)


def test_what_libpq_is_told() -> None:
    """Nothing is left to libpq that could block, and no TLS to chance."""
    there = Candidate("db", 5432, "10.0.0.1")
    plain = connect_parameters(Settings(hosts=(), timeout=2.5), there)
    assert plain["sslmode"] == "disable"
    assert "password" not in plain
    assert plain["gssencmode"] == "disable"
    assert plain["tcp_user_timeout"] == 2500
    assert connect_parameters(Settings(hosts=(), ssl=True), there)["sslmode"] == "require"
    verified = connect_parameters(Settings(hosts=(), ssl=True, ssl_verify=True, ca_file="/ca"), there)
    assert (verified["sslmode"], verified["sslrootcert"]) == ("verify-full", "/ca")
    socket = connect_parameters(Settings(hosts=()), Candidate("/run", 5432, None))
    assert "hostaddr" not in socket


def test_where() -> None:
    """Servers are called so that an operator finds them."""
    assert Candidate("db", 1, "::1").where == "db:1 (::1)"
    assert Candidate("::1", 1, "::1").where == "[::1]:1"
    assert Candidate("/run", 1, None).where == "/run/.s.PGSQL.1"
