"""Names to addresses, remembered for as long as the answers are good.

Many requests may wait for one lookup.  An expired answer is served while the new one is fetched
(``dns_stale_ttl``), so a slow name server delays nobody, and for so long it also bridges an outage of the
name servers; that a name does not exist counts at once.  Failures are remembered too.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from twisted_kong.core.hosts import is_address
from twisted_kong.core.names.records import Found, Looked
from twisted_kong.node.lookups import NoAnswer, NoSuchName

Addresses = tuple[Found, ...]


class NameFailure(Exception):
    """A name leads to no address; ``missing`` tells whether it does not exist or could not be asked."""

    def __init__(self, host: str, missing: bool = True) -> None:
        super().__init__(host)
        self.host = host
        self.missing = missing


class _Entry:
    """What is known of one name: good until ``expires``, and asked again from ``retry`` on."""

    __slots__ = ("addresses", "expires", "missing", "retry", "waiting")

    def __init__(self) -> None:
        self.addresses: Addresses = ()
        self.missing = True
        self.expires = 0.0
        self.retry = 0.0
        self.waiting: list[Deferred[Addresses]] | None = None


class Resolver:
    """Looks names up for the data path.

    :param look_up: see :class:`~twisted_kong.node.lookups.Lookup`.
    :param ttl: seconds for which an answer that says nothing of it is fresh, as one of the hosts file.
    :param valid_ttl: seconds for which any answer is fresh, whatever it says (``dns_valid_ttl``).
    :param stale_ttl: seconds for which an old answer may be served beyond that.
    :param not_found_ttl: seconds for which it is remembered that a name does not exist.
    :param error_ttl: seconds for which a failure is remembered.
    :param size: names remembered (``dns_cache_size``); the oldest goes first.
    """

    _log = Logger()

    def __init__(
        self,
        look_up: Callable[[str], Awaitable[Looked]],
        clock: IReactorTime,
        *,
        ttl: float = 30.0,
        valid_ttl: float | None = None,
        stale_ttl: float = 3600.0,
        not_found_ttl: float = 30.0,
        error_ttl: float = 1.0,
        size: int = 10_000,
    ) -> None:
        self._look_it_up = look_up
        self._clock = clock
        self._ttl = ttl
        self._valid_ttl = valid_ttl
        self._stale_ttl = stale_ttl
        self._not_found_ttl = not_found_ttl
        self._error_ttl = error_ttl
        self._size = size
        self._entries: dict[str, _Entry] = {}

    def __call__(self, host: str) -> Addresses | Deferred[Addresses]:
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
            return self._outcome(host, entry)
        if entry.waiting is None and now >= entry.retry:
            self._look_up(host, entry)
        if entry.addresses and now < entry.expires + self._stale_ttl:
            return entry.addresses
        if entry.waiting is None:
            # The answer was there at once.
            return self._outcome(host, entry)
        waiter: Deferred[Addresses] = Deferred()
        entry.waiting.append(waiter)
        return waiter

    def _outcome(self, host: str, entry: _Entry) -> Addresses:
        if not entry.addresses:
            raise NameFailure(host, entry.missing)
        return entry.addresses

    def _remember(self, host: str) -> _Entry:
        while len(self._entries) >= self._size:
            del self._entries[next(iter(self._entries))]
        entry = self._entries[host] = _Entry()
        return entry

    def _look_up(self, host: str, entry: _Entry) -> None:
        entry.waiting = []
        done: Deferred[Looked] = Deferred.fromCoroutine(self._looked(host))
        done.addCallbacks(self._found, self._not_found, (host, entry), errbackArgs=(host, entry))
        done.addBoth(lambda _: self._answer(host, entry))

    async def _looked(self, host: str) -> Looked:
        return await self._look_it_up(host)

    def _found(self, looked: Looked, host: str, entry: _Entry) -> None:
        ttl = self._ttl if looked.ttl is None else looked.ttl
        entry.addresses = tuple(dict.fromkeys(looked.found))
        entry.missing = True
        fresh = ttl if self._valid_ttl is None else self._valid_ttl
        entry.expires = self._clock.seconds() + (fresh if entry.addresses else self._not_found_ttl)

    def _not_found(self, failure: Failure, host: str, entry: _Entry) -> None:
        now = self._clock.seconds()
        if failure.check(NoSuchName):
            entry.addresses, entry.missing = (), True
            entry.expires = now + self._not_found_ttl
            return
        if not failure.check(NoAnswer):
            self._log.failure("cannot look up {host}", failure, host=host)
        entry.retry = now + self._error_ttl
        if not entry.addresses or now >= entry.expires + self._stale_ttl:
            entry.addresses, entry.missing = (), False
            entry.expires = entry.retry

    def _answer(self, host: str, entry: _Entry) -> None:
        waiting, entry.waiting = entry.waiting or [], None
        for waiter in waiting:
            if entry.addresses:
                waiter.callback(entry.addresses)
            else:
                waiter.errback(NameFailure(host, entry.missing))
