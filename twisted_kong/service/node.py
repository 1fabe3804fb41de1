"""A node as a Twisted service: it comes up, drains, takes over a configuration and goes down.

What it is made of, and in which order, is :mod:`twisted_kong.service.build`'s business; here each step that
was done is undone, in the reverse order, when the node stops, is stopped while it comes up, or cannot.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure
from typing_extensions import override

from twisted_kong.admin.log_level import LogLevel
from twisted_kong.core.conf.conf import Conf
from twisted_kong.node.error_log import ErrorLog
from twisted_kong.node.known_secrets import KnownSecrets
from twisted_kong.node.lifecycle import NodeService
from twisted_kong.node.prefix import node_id
from twisted_kong.node.reloading import restart_notes
from twisted_kong.service.build import Builder, OpenDatabase, Parts
from twisted_kong.service.ground import Ground
from twisted_kong.service.host import Host
from twisted_kong.service.logs import AccessLogs
from twisted_kong.service.store import make_database

# Seconds that requests under way have to end when the node quits; who is less patient sends TERM after QUIT.
DRAIN_SECONDS = 3600.0


class KongNode(NodeService):
    """One node; what it does when it comes and goes is told in :mod:`twisted_kong.node.lifecycle`.

    :param error_log: whose level the Admin API may change; None where twistd logs elsewhere.
    :param make_database: makes the database, not started.
    :param polling: False for tests of what holds when no change is ever heard of.
    """

    _log = Logger()

    def __init__(
        self,
        conf: Conf,
        reactor: Any,
        *,
        host: Host,
        error_log: ErrorLog | None = None,
        make_database: OpenDatabase = make_database,
        polling: bool = True,
    ) -> None:
        self._conf, self._reactor, self._host = conf, reactor, host
        self._error_log, self._make_database, self._polling = error_log, make_database, polling
        self._undo = AsyncExitStack()
        self._coming_up: Deferred[None] | None = None
        self._tell_waiting: Callable[[str], object] = lambda reason: None
        # How coming up has ended: an error, or that it succeeded; None before.
        self._outcome: Failure | bool | None = None
        self._waiting: list[Deferred[None]] = []
        self._known = KnownSecrets()
        if error_log is not None:
            error_log.hide = self._known.hide
        self._logs = AccessLogs(conf, reactor)
        self._log_level = LogLevel(reactor, conf.log_level, self._use_level)
        # What the node is made of, while it is up.
        self.parts: Parts | None = None

    @override
    def startService(self) -> None:
        """Begin to come up; :meth:`when_ready` tells how that ends."""
        super().startService()
        self._outcome = None
        self._coming_up = Deferred.fromCoroutine(self._come_up()).addBoth(self._came_up)

    @override
    def stopService(self) -> Deferred[None]:
        """Stop at once: connections are closed, what was written is safe; fires when all is closed."""
        super().stopService()
        return Deferred.fromCoroutine(self._go_down())

    @override
    def when_ready(self) -> Deferred[None]:
        """Fires when every listener listens; fails with the reason when the node cannot come up."""
        if isinstance(self._outcome, Failure):
            return fail(self._outcome)
        if self._outcome is not None:
            return succeed(None)
        waiter: Deferred[None] = Deferred()
        self._waiting.append(waiter)
        return waiter

    @override
    def on_waiting(self, tell: Callable[[str], object]) -> None:
        """Have a function called with the reason each time the database is to be tried again."""
        self._tell_waiting = tell

    @override
    async def drain(self) -> None:
        """Accept nothing new and return when all requests under way are answered.

        The APIs are there until the proxy has answered everything, so that one can see how far it is.
        """
        parts = self.parts
        if parts is not None:
            parts.readiness.draining = True
            await parts.proxy.stop()
            await parts.gateway.drain(self._reactor, DRAIN_SECONDS)
            await parts.admin.drain()

    @override
    async def reload(self, conf: Conf) -> None:
        """Take over what can change in a running node, all or nothing; log what needs a restart."""
        if self.parts is not None and self.parts.tls.renew(conf):
            self.parts.admin.cut_off()
        self._log_level.configure(conf.log_level)
        for note in restart_notes(self._conf, conf):
            self._log.warn("{note}", note=note)

    @override
    def reopen_logs(self) -> None:
        """Open the access logs anew; the error log is its owner's business."""
        self._logs.reopen()

    async def _come_up(self) -> None:
        self._undo.callback(self._logs.close)
        self._undo.callback(self._log_level.stop)
        try:
            ground = Ground(self._conf, self._reactor, self._host, node_id(self._conf, self._host.new_uuid))
            builder = Builder(
                ground,
                self._undo,
                logs=self._logs,
                log_level=self._log_level,
                make_database=self._make_database,
                waiting=self._tell_waiting,
                known=self._known,
                polling=self._polling,
            )
            self.parts = await builder.build()
        except BaseException:
            await self._undo_all()
            raise

    def _came_up(self, result: Failure | None) -> None:
        self._outcome = result if isinstance(result, Failure) else True
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            if isinstance(result, Failure):
                waiter.errback(result)
            else:
                waiter.callback(None)

    async def _go_down(self) -> None:
        if self._coming_up is not None and self._outcome is None:
            self._coming_up.cancel()
            await self._coming_up
        await self._undo_all()

    async def _undo_all(self) -> None:
        """Undo what was done; one step that fails is logged and keeps no other from being undone."""
        self.parts = None
        try:
            await self._undo.aclose()
        except Exception:
            self._log.failure("a part of the node could not be stopped in order")

    def _use_level(self, level: str) -> None:
        if self._error_log is not None:
            self._error_log.set_level(level)
