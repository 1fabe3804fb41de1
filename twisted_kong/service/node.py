"""A node: its parts built in order, started, drained, and stopped in the reverse order.

The order of the start is a promise: nothing listens before the database is open, everything that requests
need is loaded, and the plugins know their configurations.  What fails on the way undoes what came before.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure
from typing_extensions import override

from twisted_kong.admin.log_level import LogLevel
from twisted_kong.core.conf.conf import Conf
from twisted_kong.node.error_log import ErrorLog
from twisted_kong.node.lifecycle import NodeService
from twisted_kong.service.build import Builder, Parts
from twisted_kong.service.host import Host
from twisted_kong.service.logs import AccessLogs

# Seconds that requests under way have to end when the node quits; who is less patient sends TERM after QUIT.
DRAIN_SECONDS = 3600.0
# The properties that a reload takes over; the others need a restart.
RELOADABLE = frozenset({"log_level"})


class KongNode(NodeService):
    """One node; what it does when it comes and goes is told in :mod:`twisted_kong.node.lifecycle`.

    :param error_log: whose level the Admin API may change; None where twistd logs elsewhere.
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
        polling: bool = True,
    ) -> None:
        self._conf, self._reactor, self._host = conf, reactor, host
        self._error_log, self._polling = error_log, polling
        self._undo = AsyncExitStack()
        self._coming_up: Deferred[None] | None = None
        self._outcome: Failure | bool = False
        self._waiting: list[Deferred[None]] = []
        self._logs: AccessLogs | None = None
        self._log_level = LogLevel(reactor, conf.log_level, self._use_level)
        # What the node is made of, once it is up.
        self.parts: Parts | None = None

    @override
    def startService(self) -> None:
        """Begin to come up; :meth:`when_ready` tells how that ends."""
        super().startService()
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
        if self._outcome:
            return succeed(None)
        waiter: Deferred[None] = Deferred()
        self._waiting.append(waiter)
        return waiter

    @override
    async def drain(self) -> None:
        """Accept nothing new on the proxy and return when all requests under way are answered."""
        if self.parts is not None:
            self.parts.readiness.draining = True
            await self.parts.proxy.stop()
            await self.parts.gateway.drain(self._reactor, DRAIN_SECONDS)

    @override
    async def reload(self, conf: Conf) -> None:
        """Take over what can change in a running node; log what needs a restart."""
        changed = {
            name
            for name, setting in conf.settings.items()
            if setting.text != self._conf.settings[name].text and name not in RELOADABLE
        }
        self._log_level.configure(conf.log_level)
        if self.parts is not None:
            self.parts.renew_certificates(conf)
        for name in sorted(changed):
            self._log.warn("{name} has changed: restart the node for it to take effect", name=name)

    @override
    def reopen_logs(self) -> None:
        """Open the access logs anew; the error log is its owner's business."""
        if self._logs is not None:
            self._logs.reopen()

    async def _come_up(self) -> None:
        try:
            self._logs = AccessLogs(self._conf, self._reactor)
            self._undo.callback(self._logs.close)
            self._undo.callback(self._log_level.stop)
            builder = Builder(
                self._conf,
                self._reactor,
                self._host,
                self._undo,
                logs=self._logs,
                log_level=self._log_level,
                polling=self._polling,
            )
            self.parts = await builder.build()
        except BaseException:
            await self._undo.aclose()
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
        if self._coming_up is not None and self._outcome is False:
            self._coming_up.cancel()
            await self._coming_up
        await self._undo.aclose()

    def _use_level(self, level: str) -> None:
        if self._error_log is not None:
            self._error_log.set_level(level)
