"""Looks a name up: in the hosts file, then at name servers, kind by kind in the order of ``dns_order``.

Kong: each kind is asked for under each name of the search list before the next kind is; ``LAST`` is the kind
that succeeded last time for this name.  An SRV record leads to the addresses of its target.  CNAMEs are
followed whatever the order says, as name servers do it themselves.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final

from twisted_kong.core.hosts import is_address
from twisted_kong.core.names.records import Found, Looked, Place, Reply, Service, preferred
from twisted_kong.core.names.system_files import ResolvConf

Ask = Callable[[str, str], Awaitable[Reply]]
"""The records of a name and kind (``A``, ``AAAA``, ``SRV``); raises :exc:`NoSuchName` or :exc:`NoAnswer`."""

# Names of which the last kind is remembered; all forgotten when full.
_REMEMBERED: Final = 10_000
# SRV records may name what is itself an alias, but not another Service.
_ADDRESSES: Final = ("A", "AAAA")


class NoSuchName(Exception):
    """A name, or the records of that kind, do not exist."""


class NoAnswer(Exception):
    """Nobody could say: no name server answered, or it failed."""


class Lookup:
    """Finds what names lead to.

    :param hosts: the hosts file.
    :param conf: of the system, for the search list.
    :param order: ``dns_order``.
    """

    def __init__(
        self, ask: Ask, hosts: Mapping[str, tuple[str, ...]], conf: ResolvConf, order: Iterable[str]
    ) -> None:
        self._ask = ask
        self._hosts = hosts
        self._conf = conf
        self._order = tuple(order)
        self._last: dict[str, str] = {}

    async def __call__(self, host: str) -> Looked:
        """All that a name leads to; raises :exc:`NoSuchName`, or :exc:`NoAnswer` if nobody could say."""
        host = host.lower()
        known = self._hosts.get(host.rstrip("."))
        if known is not None:
            # Kong: AAAA is not in dns_order, so a "localhost" that is ::1 too means 127.0.0.1 alone.
            plain = tuple(each for each in known if ":" not in each)
            return Looked(known if "AAAA" in self._order else plain or known, None)
        last = self._last.get(host)
        kinds = [last if kind == "LAST" else kind for kind in self._order]
        return await self._look(host, list(dict.fromkeys(kind for kind in kinds if kind is not None)))

    async def _look(self, host: str, kinds: list[str]) -> Looked:
        trouble: NoAnswer | None = None
        for kind in kinds:
            if kind == "CNAME":
                continue
            for name in self._conf.candidates(host):
                try:
                    looked = await self._one(name, kind)
                except NoSuchName:
                    continue
                except NoAnswer as error:
                    trouble = error
                    continue
                self._remember(host, kind)
                return looked
        if trouble is not None:
            raise trouble
        raise NoSuchName(host)

    async def _one(self, name: str, kind: str) -> Looked:
        reply = await self._ask(name, kind)
        if kind != "SRV":
            return Looked(tuple(each for each in reply.records if isinstance(each, str)), reply.ttl)
        found: list[Found] = []
        ttl = reply.ttl
        for service in preferred(each for each in reply.records if isinstance(each, Service)):
            looked = await self._target(service.target)
            ttl = ttl if looked.ttl is None else min(ttl, looked.ttl)
            found += [
                Place(ip, service.port, service.weight, service.target)
                for ip in looked.found
                if isinstance(ip, str)
            ]
        if not found:
            raise NoSuchName(name)
        return Looked(tuple(found), ttl)

    async def _target(self, target: str) -> Looked:
        """The addresses of an SRV record's target; none if it has none, so that others may serve."""
        if is_address(target):
            return Looked((target,), None)
        known = self._hosts.get(target.lower())
        if known is not None:
            return Looked(tuple(each for each in known if ":" not in each) or known, None)
        for kind in [kind for kind in self._order if kind in _ADDRESSES] or ["A"]:
            try:
                reply = await self._ask(target, kind)
            except (NoSuchName, NoAnswer):
                continue
            return Looked(reply.records, reply.ttl)  # type: ignore[arg-type] # these are addresses
        return Looked((), None)

    def _remember(self, host: str, kind: str) -> None:
        if len(self._last) >= _REMEMBERED:
            self._last.clear()
        self._last[host] = kind
