"""Names to addresses: through the reactor's resolver, remembered for a short time.

Many requests may wait for one lookup.  An expired answer is served while the new one is fetched
(``dns_stale_ttl``), so a slow name server delays nobody; a failed lookup is remembered for a moment
(``dns_error_ttl``).
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from twisted_kong.core.hosts import is_address
from twisted_kong.db.names import addresses_of


class NameFailure(Exception):
    """A name leads to no address; ``missing`` tells whether it does not exist or could not be asked."""

    def __init__(self, host: str, missing: bool = True) -> None:
        super().__init__(host)
        self.host = host
        self.missing = missing


class _Entry:
    """What is known of one name."""

    __slots__ = ("addresses", "expires", "waiting")

    def __init__(self) -> None:
        self.addresses: tuple[str, ...] = ()
        self.expires = 0.0
        self.waiting: list[Deferred[tuple[str, ...]]] | None = None


class Resolver:
    """Looks names up for the data path.

    :param names: an ``IHostnameResolver`` (``reactor.nameResolver``).
    :param ttl: seconds for which an answer is fresh (``dns_valid_ttl``); the system's resolver tells none.
    :param stale_ttl: seconds for which an old answer may be served while it is refreshed.
    :param error_ttl: seconds for which a failure is remembered.
    :param size: names remembered (``dns_cache_size``); the oldest goes first.
    """

    def __init__(
        self,
        names: Any,
        clock: IReactorTime,
        *,
        ttl: float = 30.0,
        stale_ttl: float = 3600.0,
        error_ttl: float = 1.0,
        size: int = 10_000,
    ) -> None:
        self._names = names
        self._clock = clock
        self._ttl = ttl
        self._stale_ttl = stale_ttl
        self._error_ttl = error_ttl
        self._size = size
        self._entries: dict[str, _Entry] = {}

    def __call__(self, host: str) -> tuple[str, ...] | Deferred[tuple[str, ...]]:
        """The addresses of a host, at once where they are known.

        Fails with, or raises, :exc:`NameFailure` where there are none.
        """
        entry = self._entries.get(host)
        if entry is None:
            if is_address(host):
                return (host,)
            entry = self._remember(host)
        now = self._clock.seconds()
        if now < entry.expires:
            if not entry.addresses:
                raise NameFailure(host)
            return entry.addresses
        if entry.waiting is None:
            self._look_up(host, entry)
        if entry.addresses and now < entry.expires + self._stale_ttl:
            return entry.addresses
        if entry.waiting is None:
            # The resolver answered at once.
            return self._outcome(host, entry)
        waiter: Deferred[tuple[str, ...]] = Deferred()
        entry.waiting.append(waiter)
        return waiter

    def _outcome(self, host: str, entry: _Entry) -> tuple[str, ...]:
        if not entry.addresses:
            raise NameFailure(host)
        return entry.addresses

    def _remember(self, host: str) -> _Entry:
        while len(self._entries) >= self._size:
            del self._entries[next(iter(self._entries))]
        entry = self._entries[host] = _Entry()
        return entry

    def _look_up(self, host: str, entry: _Entry) -> None:
        entry.waiting = []
        done = addresses_of(host, self._names)
        done.addErrback(lambda _: ())
        done.addCallback(self._found, host, entry)

    def _found(self, found: tuple[str, ...], host: str, entry: _Entry) -> None:
        # Kong: AAAA is not in dns_order, so a "localhost" that is ::1 too means 127.0.0.1 alone.
        addresses = tuple(each for each in found if ":" not in each) or found
        entry.addresses = addresses
        entry.expires = self._clock.seconds() + (self._ttl if addresses else self._error_ttl)
        waiting, entry.waiting = entry.waiting or [], None
        for waiter in waiting:
            if addresses:
                waiter.callback(addresses)
            else:
                waiter.errback(NameFailure(host))
