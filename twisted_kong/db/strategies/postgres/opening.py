"""Making a connection to the first server that will do.

Servers stand in for each other: the one that did last is tried first, then the others in their order, each
at every address that its name has; name servers like to tell these in another order each time.
One that is written to must not be a standby; that is asked anew for each connection, so a promotion is
followed as soon as the old server is given up.
All of the attempts together take no longer than the timeout: each has an equal part of what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import CancelledError, Deferred

from twisted_kong.core.errors import DatabaseError, DatabaseUnavailable
from twisted_kong.db.strategies.postgres.connection import Connection, IClock, NoAnswer
from twisted_kong.db.strategies.postgres.driver import IDriver
from twisted_kong.db.strategies.postgres.errors import Refusal, refused
from twisted_kong.db.strategies.postgres.settings import Settings

Resolve = Callable[[str], Deferred[tuple[str, ...]]]

APPLICATION = "twisted_kong"
# Seconds for an attempt when others, or a clock that was set, have used up the time.
_SHORTEST = 0.1
# Seconds: an unreachable peer is noticed in three times the interval after so much silence, even by a
# connection that only listens.
_KEEPALIVE_IDLE = 5
_KEEPALIVE_INTERVAL = 2
_KEEPALIVE_COUNT = 3


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place where a server may be; the address is None for a Unix socket."""

    host: str
    port: int
    address: str | None

    @property
    def where(self) -> str:
        """How it is called in messages, with the address where that is not the name."""
        if self.address is None:
            return f"{self.host}/.s.PGSQL.{self.port}"
        text = f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
        return text if self.address == self.host else f"{text} ({self.address})"


class Opener:
    """Opens connections, one at a time or several.

    :param writable: whether a standby will not do.
    :param make_driver: a new, closed connection of the driver.
    :param resolve: the addresses of a name.
    """

    def __init__(
        self,
        settings: Settings,
        clock: IClock,
        make_driver: Callable[[], IDriver],
        resolve: Resolve,
        *,
        writable: bool,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._make_driver = make_driver
        self._resolve = resolve
        self._writable = writable
        self._last: Candidate | None = None

    async def open(self) -> Connection:
        """A connection ready for use; DatabaseError with each server's reason if there is none."""
        deadline = self._clock.seconds() + self._settings.timeout
        errors: list[DatabaseError] = []
        hosts = self._in_order()
        for number, (host, port) in enumerate(hosts):
            seconds = self._share(deadline, len(hosts) - number)
            connection = await self._open_host(host, port, seconds, errors)
            if connection is not None:
                return connection
        raise _combined(errors)

    def _in_order(self) -> list[tuple[str, int]]:
        last = self._last and (self._last.host, self._last.port)
        return sorted(self._settings.hosts, key=lambda host: host != last)

    async def _open_host(
        self, host: str, port: int, seconds: float, errors: list[DatabaseError]
    ) -> Connection | None:
        deadline = self._clock.seconds() + seconds
        try:
            candidates = await self._candidates(host, port, seconds)
        except DatabaseError as error:
            errors.append(error)
            return None
        for number, candidate in enumerate(candidates):
            seconds = self._share(deadline, len(candidates) - number)
            try:
                connection = await self._open_candidate(candidate, seconds)
            except DatabaseError as error:
                errors.append(error)
            else:
                self._last = candidate
                return connection
        return None

    def _share(self, deadline: float, count: int) -> float:
        """The time for the next of so many attempts: an equal part of what is left, but something."""
        return max(_SHORTEST, (deadline - self._clock.seconds()) / count)

    async def _candidates(self, host: str, port: int, seconds: float) -> list[Candidate]:
        if host.startswith("/"):
            return [Candidate(host, port, None)]
        lookup = self._resolve(host)
        addresses = await lookup.addTimeout(seconds, self._clock, _late)  # type: ignore[arg-type]
        if not addresses:
            what = "was not found in time" if addresses is None else "has no address"
            raise DatabaseUnavailable(f"PostgreSQL at {host}:{port}: the name {what}")
        candidates = [Candidate(host, port, address) for address in addresses]
        return sorted(candidates, key=lambda candidate: candidate != self._last)

    async def _open_candidate(self, candidate: Candidate, seconds: float) -> Connection:
        connection = Connection(self._make_driver(), self._clock, self._settings, candidate.where)
        try:
            await connection.open(connect_parameters(self._settings, candidate), seconds)
        except (NoAnswer, CancelledError):
            # closed already
            raise
        except Exception as error:
            connection.close()
            raise refused(candidate.where, error) from error
        if self._writable and connection.is_standby:
            connection.close()
            raise DatabaseUnavailable(f"PostgreSQL at {candidate.where} is a standby, which takes no writes")
        return connection


def connect_parameters(settings: Settings, candidate: Candidate) -> dict[str, Any]:
    """What libpq is told; None where it is left to its own default, as the password to ``.pgpass``."""
    parameters = {
        "host": candidate.host,
        "hostaddr": candidate.address,
        "port": candidate.port,
        "dbname": settings.database,
        "user": settings.user,
        "password": settings.password,
        "application_name": APPLICATION,
        "client_encoding": "UTF8",
        "target_session_attrs": "any",
        # it would look for tickets, and ask name servers, before anything else
        "gssencmode": "disable",
        "keepalives_idle": _KEEPALIVE_IDLE,
        "keepalives_interval": _KEEPALIVE_INTERVAL,
        "keepalives_count": _KEEPALIVE_COUNT,
        "tcp_user_timeout": int(settings.timeout * 1000),
        **_tls_parameters(settings),
    }
    return {name: value for name, value in parameters.items() if value is not None}


def _tls_parameters(settings: Settings) -> dict[str, Any]:
    if not settings.ssl:
        return {"sslmode": "disable"}
    if not settings.ssl_verify:
        return {"sslmode": "require"}
    return {"sslmode": "verify-full", "sslrootcert": settings.ca_file or "system"}


def _combined(errors: Iterable[DatabaseError]) -> DatabaseError:
    """All reasons in one line; lasting only if none of them may pass."""
    reasons = list(dict.fromkeys(error.message for error in errors))
    lasting = all(isinstance(error, Refusal) for error in errors)
    kind = Refusal if lasting else DatabaseUnavailable
    return kind("; ".join(reasons))


def _late(_: object, __: float) -> None:
    pass
