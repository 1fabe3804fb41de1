"""Ports that are told of in the words of kong.conf, not in those of the classes that serve them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from twisted.internet import tcp
from twisted.internet.interfaces import IListeningPort, IProtocolFactory
from twisted.internet.posixbase import PosixReactorBase
from twisted.logger import Logger, LogLevel
from twisted.python.log import callWithContext  # noqa: TID251 - what Twisted itself logs to
from typing_extensions import override

from twisted_kong.core.conf.listeners import Listener

_log = Logger()

# Connections that may wait to be accepted where a listener names no number: nginx's default on Linux.
BACKLOG = 511


class QuietPort(tcp.Port):
    """A listening port that does not name its factory in the log."""

    @override
    def startListening(self) -> None:
        """Bind and listen; Twisted's line about it is for those who debug."""
        callWithContext({"log_level": LogLevel.debug}, super().startListening)

    @override
    def _logConnectionLostMsg(self) -> None:
        """Nothing: a node that stops closes its ports."""


def listen_quietly(
    reactor: Any, port: int, factory: IProtocolFactory, backlog: int, interface: str
) -> IListeningPort:
    """Listen; on a reactor that has no descriptors (a test's) with what it offers."""
    if isinstance(reactor, PosixReactorBase):
        listening = QuietPort(port, factory, backlog, interface, reactor)
        listening.startListening()
        return listening
    stock: IListeningPort = reactor.listenTCP(port, factory, backlog, interface)
    return stock


def announce(what: str, listener: Listener, number: int) -> None:
    """Tell the error log that somebody listens, at level notice.

    :param number: of the port, which the system has chosen if the listener names none.
    """
    address = replace(listener, port=number).address
    flags = " ".join(name for name in ("http2", "ssl") if getattr(listener, name))
    shown = f" ({flags})" if flags else ""
    _log.info("{what} listens on {address}{flags}", what=what, address=address, flags=shown)
