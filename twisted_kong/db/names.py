"""The addresses of a host, found without blocking, through the reactor's resolver."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IResolutionReceiver
from zope.interface import implementer

from twisted_kong.core.hosts import is_address


@implementer(IResolutionReceiver)
class _Receiver:
    """Collects the addresses of one lookup."""

    def __init__(self, done: Deferred[tuple[str, ...]]) -> None:
        self._done = done
        self._found: list[str] = []

    def resolutionBegan(self, resolution: Any) -> None:  # noqa: N802 - Twisted's name
        pass

    def addressResolved(self, address: Any) -> None:  # noqa: N802 - Twisted's name
        self._found.append(address.host)

    def resolutionComplete(self) -> None:  # noqa: N802 - Twisted's name
        # nobody may wait any longer
        if not self._done.called:
            self._done.callback(tuple(dict.fromkeys(self._found)))


def addresses_of(host: str, names: Any) -> Deferred[tuple[str, ...]]:
    """The addresses of a host, each once, in the resolver's order; none if there is no such name.

    :param names: an ``IHostnameResolver`` (``reactor.nameResolver``); fails with whatever that raises.
    """
    done: Deferred[tuple[str, ...]] = Deferred()
    if is_address(host):
        done.callback((host,))
        return done
    try:
        names.resolveHostName(_Receiver(done), host)
    except Exception:
        done.errback()
    return done
