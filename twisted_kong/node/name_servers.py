"""Questions to name servers, by twisted.names: over UDP, and over TCP where an answer does not fit."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.names import dns
from twisted.names.client import Resolver as Client
from twisted.names.error import DNSNameError

from twisted_kong.core.names.records import Reply, Service
from twisted_kong.core.names.system_files import ResolvConf
from twisted_kong.node.lookups import NoAnswer, NoSuchName

_KINDS = {"A": dns.A, "AAAA": dns.AAAA, "SRV": dns.SRV}
# resolv.conf(5): who is asked where nobody is named.
_NOBODY_NAMED = (("127.0.0.1", 53),)
# How many CNAMEs are followed that a server did not follow itself.
_ALIASES = 8


class _Timed:
    """A reactor whose timers can be told from those of others: twisted.names never cancels one."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._timers: list[IDelayedCall] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reactor, name)

    def callLater(self, *call: Any, **more: Any) -> IDelayedCall:  # noqa: N802 - Twisted's name
        """Call something later."""
        self._timers = [timer for timer in self._timers if timer.active()]
        self._timers.append(self._reactor.callLater(*call, **more))
        return self._timers[-1]

    def stop(self) -> None:
        """Call nothing any more."""
        for timer in self._timers:
            if timer.active():
                timer.cancel()


class NameServers:
    """Asks the servers of a configuration, one after the other.

    :param reactor: with UDP and TCP.
    """

    def __init__(self, conf: ResolvConf, reactor: Any) -> None:
        self._timed = _Timed(reactor)
        self._client: Any = Client(servers=list(conf.servers or _NOBODY_NAMED), reactor=self._timed)
        self._timeouts = [conf.timeout] * conf.attempts
        self._asking: set[Deferred[Any]] = set()
        self._stopped = False

    def stop(self) -> None:
        """Ask no more: whoever waits, or asks from now on, gets no answer."""
        self._stopped = True
        for asking in list(self._asking):
            asking.cancel()
        self._timed.stop()

    async def ask(self, name: str, kind: str) -> Reply:
        """The records; raises :exc:`NoSuchName` where there are none and :exc:`NoAnswer` where none came."""
        for _ in range(_ALIASES):
            records = await self._records(name, kind)
            wanted = [each for each in records if each.type == _KINDS[kind]]
            if wanted:
                ttl = min(each.ttl for each in records)
                return Reply(tuple(_read(each.payload) for each in wanted), float(ttl))
            aliases = [each.payload.name.name.decode("latin-1") for each in records if each.type == dns.CNAME]
            if not aliases:
                break
            name = aliases[-1]
        raise NoSuchName(name)

    async def _records(self, name: str, kind: str) -> list[Any]:
        try:
            query = dns.Query(name.encode("idna"), _KINDS[kind], dns.IN)
        except UnicodeError:
            raise NoSuchName(name) from None
        if self._stopped:
            raise NoAnswer("nobody is asked any more")
        asking: Deferred[Any] = self._client.query(query, timeout=list(self._timeouts))
        self._asking.add(asking)
        try:
            answers, _, _ = await asking
        except DNSNameError:
            raise NoSuchName(name) from None
        except Exception as error:
            # Of many kinds: time-outs, refusals, servers that fail, answers that cannot be read.
            raise NoAnswer(f"{name} {kind}: {type(error).__name__}") from error
        finally:
            self._asking.discard(asking)
        return list(answers)


def _read(payload: Any) -> str | Service:
    if payload.TYPE == dns.SRV:
        target = payload.target.name.decode("latin-1")
        return Service(payload.priority, payload.weight, payload.port, target)
    return str(ip_address(payload.address))
