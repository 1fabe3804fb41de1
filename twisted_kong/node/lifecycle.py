"""The life of the node as a process: started, ready or failed, reloaded, drained, stopped.

Signals are those of Kong's master process: TERM and INT stop at once (the reactor's own handlers), QUIT
stops once the requests under way are answered, HUP reads the configuration again, USR1 opens the logs
anew, USR2 does nothing. A node that does not come up ends with one line that says why.
"""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import FrameType
from typing import Any, Protocol

from twisted.application.service import MultiService, Service
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.error import CannotListenError
from twisted.logger import Logger
from twisted.python.failure import Failure
from typing_extensions import override

from twisted_kong.core.conf.conf import Conf
from twisted_kong.core.conf.loading import Loaded
from twisted_kong.core.conf.problems import ConfError
from twisted_kong.core.errors import EntityError
from twisted_kong.node.notify import ServiceManager
from twisted_kong.node.prefix import PrefixError


class CannotStart(Exception):
    """The node cannot come up for a reason outside of it, told in one line."""


# Failures that one line explains; anything else is a fault of ours and shows its traceback.
EXPLAINED = (CannotStart, ConfError, EntityError, PrefixError, CannotListenError, OSError)

# Seconds for which a node that waits is given credit each time it says so.
WAITING = 60.0

SignalHandler = Callable[[int, FrameType | None], Any]


class Node(Protocol):
    """What the lifecycle needs of a node, beside being a Twisted ``Service``."""

    def when_ready(self) -> Deferred[None]:
        """Fires once every listener listens, fails with the reason when the node cannot come up.

        Called after ``startService``; an error that one line explains is one of ``EXPLAINED``.
        """

    def on_waiting(self, tell: Callable[[str], object]) -> None:
        """Have a function called with the reason whenever the node cannot come up yet and will try again.

        While that lasts it is called at least every :data:`WAITING` seconds.
        """

    async def drain(self) -> None:
        """Accept nothing new and return when all requests under way are answered."""

    async def reload(self, conf: Conf) -> None:
        """Take over what can change in a running node; log what needs a restart."""

    def reopen_logs(self) -> None:
        """Open log files anew, as they may have been moved away."""


class NodeService(Service, Node):
    """A node as it is handed over: a Twisted ``Service`` and a :class:`Node`."""


class LifecycleReactor(Protocol):
    """The few things the lifecycle needs of a reactor."""

    def callWhenRunning(self, callable: Callable[..., Any]) -> Any:  # noqa: N802 - Twisted's name
        """Call at once if running, else as soon as it runs."""

    def callFromThread(self, callable: Callable[..., Any], *args: Any) -> Any:  # noqa: N802 - Twisted's name
        """Call in the next turn; the only thing allowed in a signal handler."""

    def stop(self) -> Any:
        """End the process after the services have stopped."""


@dataclass(frozen=True, slots=True)
class World:
    """The process around the node, as arguments."""

    reactor: LifecycleReactor
    manager: ServiceManager
    set_signal: Callable[[int, SignalHandler], Any]
    """``signal.signal``."""
    complain: Callable[[str], Any]
    """Write one line where the operator sees it, beside the log."""
    set_exit_code: Callable[[int], Any]
    """Remember how the process shall end."""
    note_waiting: Callable[[str | None], Any]
    """Keep for ``kong health`` why the node waits; None when it does not."""


class Lifecycle(MultiService):
    """Runs one node and speaks for it to the outside.

    :param reread: reads the configuration again; may raise :class:`ConfError`.
    """

    _log = Logger()

    def __init__(self, node: NodeService, reread: Callable[[], Loaded], world: World) -> None:
        super().__init__()
        self._node = node
        self._reread = reread
        self._world = world
        self._up = False
        self._leaving = False
        self._reloading = False
        self._again = False
        node.on_waiting(self._waits)
        node.setServiceParent(self)

    @override
    def startService(self) -> None:
        """Start the node; whether it comes up is told later."""
        for number, act in self._signals().items():
            self._world.set_signal(number, self._handler(act))
        try:
            super().startService()
            ready = self._node.when_ready()
        except EXPLAINED:
            self._failed(Failure())
            return
        ready.addCallbacks(self._came_up, self._failed)

    @override
    def stopService(self) -> Deferred[None]:
        """Stop the node."""
        self._leaving = True
        self._world.manager.stopping()
        self._world.note_waiting(None)
        stopped: Deferred[None] = super().stopService()
        return stopped

    def quit(self) -> None:
        """Stop after the requests under way; at once while starting. A second time changes nothing."""
        if self._leaving:
            return
        self._leaving = True
        self._world.manager.stopping()
        if not self._up:
            self._world.reactor.callWhenRunning(self._world.reactor.stop)
            return
        self._log.info("quitting: waiting for the requests under way")
        self._run(self._node.drain()).addBoth(lambda _: self._world.reactor.stop())

    def reload(self) -> None:
        """Read the configuration and hand it to the node.

        Asked while the node starts or reloads, it is done afterwards.
        """
        if self._leaving:
            return
        if self._reloading or not self._up:
            self._again = True
            return
        self._reloading = True
        self._world.manager.reloading()
        self._run(self._reload()).addBoth(self._reloaded)

    def reopen_logs(self) -> None:
        """Open log files anew."""
        self._node.reopen_logs()

    async def _reload(self) -> None:
        # As nginx does: a configuration that cannot be used changes nothing.
        try:
            loaded = self._reread()
            for warning in loaded.warnings:
                self._log.warn("{warning}", warning=warning)
            await self._node.reload(loaded.conf)
        except ConfError as error:
            for problem in error.problems:
                self._log.error("not reloaded: {problem}", problem=problem)
        except PrefixError as error:
            self._log.error("not reloaded: {problem}", problem=error)
        else:
            self._log.info("configuration reloaded")

    def _reloaded(self, _: object) -> None:
        self._reloading = False
        self._world.manager.ready()
        self._make_up()

    def _waits(self, reason: str) -> None:
        if not self._leaving:
            line = " ".join(reason.split())
            self._world.manager.waiting(line, WAITING)
            self._world.note_waiting(line)

    def _came_up(self, _: object) -> None:
        if self._leaving:
            return
        self._up = True
        self._log.info("ready")
        self._world.note_waiting(None)
        self._world.manager.ready()
        self._make_up()

    def _make_up(self) -> None:
        """Do a reload that was asked for when it could not be done."""
        if self._again:
            self._again = False
            self.reload()

    def _failed(self, failure: Failure) -> None:
        if self._leaving:
            # Told to stop while starting: that the start was broken off is no news.
            return
        reason = " ".join(str(failure.value).split()) or type(failure.value).__name__
        if not isinstance(failure.value, EXPLAINED):
            self._log.failure("the node could not start", failure=failure)
        self._log.critical("cannot start: {reason}", reason=reason)
        self._world.complain(f"Error: {reason}")
        self._world.manager.failed(reason)
        self._world.set_exit_code(1)
        self._world.reactor.callWhenRunning(self._world.reactor.stop)

    def _run(self, work: Awaitable[None]) -> Deferred[None]:
        done: Deferred[None] = ensureDeferred(work)  # type: ignore[arg-type]  # coroutines are awaitables
        return done.addErrback(lambda failure: self._log.failure("unexpected error", failure=failure))

    def _signals(self) -> Mapping[int, Callable[[], None]]:
        return {
            signal.SIGQUIT: self.quit,
            signal.SIGHUP: self.reload,
            signal.SIGUSR1: self.reopen_logs,
            # Kong: nginx replaces its binary; here it must not end the process.
            signal.SIGUSR2: lambda: None,
        }

    def _handler(self, act: Callable[[], None]) -> SignalHandler:
        return lambda number, frame: self._world.reactor.callFromThread(act)
