"""``twistd kong``: reads the configuration, chooses the reactor and hands both to the node.

twistd imports this module only when ``kong`` is on its command line, after ``--reactor`` has been obeyed
and before it imports a reactor itself: the one moment at which the lean reactor can be installed.
"""

from __future__ import annotations

import atexit
import gc
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from random import random
from typing import Any, Protocol, TextIO
from uuid import uuid4

from twisted.application.service import IServiceCollection
from twisted.logger import ILogObserver, Logger
from twisted.python.usage import Options as UsageOptions
from twisted.python.usage import UsageError
from typing_extensions import override

from twisted_kong.core.conf.availability import require_available
from twisted_kong.core.conf.conf import Conf
from twisted_kong.core.conf.exposure import require_protected
from twisted_kong.core.conf.loading import Loaded
from twisted_kong.core.conf.problems import ConfError
from twisted_kong.node.conf_files import require_files
from twisted_kong.node.configuration import ConfSource
from twisted_kong.node.error_log import ErrorLog
from twisted_kong.node.lifecycle import Lifecycle, NodeService, SignalHandler, World
from twisted_kong.node.notify import ServiceManager, Watchdog, watchdog_timeout
from twisted_kong.node.open_files import raise_open_files
from twisted_kong.node.prefix import PrefixError, prepare_prefix
from twisted_kong.node.waiting_mark import WaitingMark

_log = Logger()

_STREAMS = {"/dev/stdout": 1, "/dev/stderr": 2}


class Options(UsageOptions):
    """The command line behind ``twistd kong``."""

    synopsis = "[-c kong.conf] [-p prefix] [--set name=value]..."
    longdesc = "Run a node in this process. See kong.conf.default for what can be configured."

    optParameters = [
        ["config", "c", None, "the kong.conf to read (else /etc/kong/kong.conf or /etc/kong.conf, if any)"],
        ["prefix", "p", None, "the working directory, whatever kong.conf says"],
        ["kong-env", None, None, "the merged settings that kong start wrote: the only source then"],
    ]
    optFlags = [
        ["log-files", None, "write the error log where kong.conf says, even without daemonizing"],
    ]

    def __init__(self) -> None:
        super().__init__()
        self.settings: dict[str, str] = {}

    def opt_set(self, setting: str) -> None:
        """Set one property, whatever kong.conf says: --set log_level=debug"""
        name, equals, value = setting.partition("=")
        if not equals:
            raise UsageError(f"--set takes name=value, not '{setting}'")
        self.settings[name.strip()] = value

    @override
    def postOptions(self) -> None:
        """Refuse what cannot go together."""
        if self["kong-env"] and (self["config"] or self.settings):
            raise UsageError("--kong-env is the only source: neither --config nor --set can be with it")

    def source(self) -> ConfSource:
        """Where the configuration comes from."""
        if self["kong-env"]:
            return ConfSource(self["kong-env"], merged=True)
        options = dict(self.settings)
        if self["prefix"]:
            options["prefix"] = self["prefix"]
        return ConfSource(self["config"], options)

    def twistd(self, name: str, otherwise: Any) -> Any:
        """An option of twistd itself; ``otherwise`` where there is no twistd."""
        parent = getattr(self, "parent", None)
        return otherwise if parent is None else parent.get(name, otherwise)


class MakeNode(Protocol):
    """``twisted_kong.service.make_service``."""

    def __call__(self, conf: Conf, reactor: Any, *, error_log: ErrorLog | None) -> NodeService:
        """The node with all its parts, not started.

        :param error_log: for changes of its level; already in use, and not to be closed. None when twistd
            was told of another log.
        """


class Application(Lifecycle):
    """The lifecycle, which also gives twistd the log to write: unless twistd was told of another one."""

    def __init__(
        self,
        node: NodeService,
        reread: Callable[[], Loaded],
        world: World,
        error_log: ErrorLog | None,
    ) -> None:
        super().__init__(node, reread, world)
        self._error_log = error_log

    @override
    def setServiceParent(self, parent: IServiceCollection) -> None:
        """Join the application; twistd looks for its log there right afterwards."""
        if self._error_log is not None:
            parent.setComponent(ILogObserver, self._error_log)  # type: ignore[attr-defined]
        super().setServiceParent(parent)

    @override
    def startService(self) -> None:
        """Start the node, in the process that it stays in: twistd has forked by now."""
        if self._error_log is not None:
            self._error_log.pid = os.getpid()
        super().startService()

    @override
    def reopen_logs(self) -> None:
        """Open the log files of the node and of twistd anew."""
        if self._error_log is not None:
            try:
                self._error_log.reopen()
            except OSError as why:
                _log.error("cannot open the error log anew, the old one stays: {why}", why=why)
        super().reopen_logs()


class ExitCode:
    """How the process ends once the reactor has stopped.

    twistd always ends with 0, or by a signal. So this is registered with ``atexit``, early and thus called
    late, when the pid file is gone and the logs are written.
    """

    def __init__(self, leave: Callable[[int], Any] = os._exit) -> None:
        self.code = 0
        self._leave = leave

    def set(self, code: int) -> None:
        """End with this code."""
        self.code = code

    def apply(self) -> None:
        """End now, if there is something to tell."""
        if self.code:
            for stream in (sys.__stdout__, sys.__stderr__):
                if stream is not None:
                    stream.flush()
            self._leave(self.code)


def makeService(options: Options) -> Application:
    """The service that twistd runs; a configuration that cannot be used ends the process with one line."""
    install_reactor()
    from twisted.internet import reactor

    from twisted_kong.service import make_service
    from twisted_kong.service.host import Host
    from twisted_kong.service.memory import LongLived

    exit_code = ExitCode()
    atexit.register(exit_code.apply)
    memory = LongLived(gc)
    memory.loading()
    host = Host(
        socket.gethostname(),
        os.getpid,
        lambda: str(uuid4()),
        os.urandom,
        memory.loaded,
        random,
        dict(os.environ),
    )

    def make_node(conf: Conf, reactor: Any, *, error_log: ErrorLog | None) -> NodeService:
        return make_service(conf, reactor, host=host, error_log=error_log)

    return make_application(options, make_node, reactor, os.environ, exit_code)


def make_application(
    options: Options,
    make_node: MakeNode,
    reactor: Any,
    environment: Mapping[str, str],
    exit_code: ExitCode,
    set_signal: Callable[[int, SignalHandler], Any] = signal.signal,
) -> Application:
    """Put the node and what surrounds it together; raises SystemExit with one line when it cannot be."""

    def read() -> Loaded:
        loaded = options.source().read(environment)
        require_available(loaded.conf)
        require_protected(loaded.conf)
        require_files(loaded.conf)
        return loaded

    try:
        loaded = read()
        prepare_prefix(loaded.conf, datetime.now(UTC), lambda: str(uuid4()))
        observer = open_error_log(options, loaded.conf)
    except (ConfError, PrefixError) as error:
        raise SystemExit(f"Error: {error}") from None
    refused = raise_open_files(
        loaded.conf.nginx_main_worker_rlimit_nofile,
        partial(resource.getrlimit, resource.RLIMIT_NOFILE),
        partial(resource.setrlimit, resource.RLIMIT_NOFILE),
    )
    for warning in [*loaded.warnings, *([refused] if refused else [])]:
        _log.warn("{warning}", warning=warning)
    node = make_node(loaded.conf, reactor, error_log=observer)
    manager = ServiceManager(environment.get("NOTIFY_SOCKET"), time.monotonic)
    mark = WaitingMark(loaded.conf.paths.waiting)
    world = World(reactor, manager, set_signal, complain, exit_code.set, mark.note)
    application = Application(node, read, world, observer)
    timeout = watchdog_timeout(environment, os.getpid())
    if timeout is not None:
        Watchdog(manager, timeout, reactor).setServiceParent(application)
    return application


def install_reactor() -> None:
    """Install the lean reactor unless another one was chosen with ``--reactor`` or is there already."""
    if "twisted.internet.reactor" in sys.modules:
        return
    from twisted_kong.proxy.reactor import install

    install()


def open_error_log(options: Options, conf: Conf) -> ErrorLog | None:
    """The error log; None when twistd was told of a logger of its own.

    twistd's ``--logfile`` wins; in the foreground it is the standard output, else what kong.conf says.
    """
    if options.twistd("logger", None) or options.twistd("syslog", False):
        return None
    path = _target(options, conf)
    try:
        return ErrorLog(path, conf.log_level, os.getpid(), _duplicate if path in _STREAMS else None)
    except OSError as why:
        raise PrefixError(f"cannot open the error log {path}: {why.strerror}") from None


def complain(line: str) -> None:
    """Write one line to the standard error of whoever started the node."""
    if sys.__stderr__ is not None:
        sys.__stderr__.write(f"{line}\n")
        sys.__stderr__.flush()


def _target(options: Options, conf: Conf) -> str:
    path: str | None = options.twistd("logfile", None)
    if path and path != "-":
        return os.path.abspath(path)
    if path == "-" or (options.twistd("nodaemon", True) and not options["log-files"]):
        return "/dev/stdout"
    return "/dev/null" if conf.proxy_error_log is None else conf.proxy_error_log.path


def _duplicate(path: str) -> TextIO:
    # Not sys.stdout: twistd puts a log of what is printed in its place.
    return open(os.dup(_STREAMS[path]), "w", encoding="utf-8", errors="backslashreplace")
