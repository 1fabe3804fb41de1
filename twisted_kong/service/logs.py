"""The access logs of a node: where each goes, and all of them opened anew or closed together."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, BinaryIO, TypeVar

from twisted.internet.interfaces import IReactorTime

from twisted_kong.core.conf.conf import Conf
from twisted_kong.core.conf.problems import ConfError, Problem
from twisted_kong.core.conf.values import LogTarget
from twisted_kong.core.context import RequestContext
from twisted_kong.proxy.access_log import AccessLog
from twisted_kong.proxy.log_format import FORMATS, compile_format

_DEFAULT_FORMAT = "kong_log_format"

T = TypeVar("T")


class AccessLogs:
    """The access logs of one node.

    :param opener: opens a file for appending.
    """

    def __init__(
        self, conf: Conf, clock: IReactorTime, opener: Callable[[str], BinaryIO] | None = None
    ) -> None:
        self._conf = conf
        self._clock = clock
        self._opener = opener or append_to
        self._logs: list[AccessLog[Any]] = []

    def proxy(self) -> Callable[[RequestContext], None] | None:
        """What notes the requests of the proxy; None when ``proxy_access_log`` is off."""
        target = self._conf.proxy_access_log
        if target is None:
            return None
        line = compile_format(proxy_log_format(self._conf), self._clock.seconds)
        return self._keep(AccessLog(self._opened("proxy_access_log", target), line, self._clock))

    def admin(self) -> Callable[[str], None] | None:
        """What notes the requests of the Admin API, a line each."""
        return self._lines("admin_access_log", self._conf.admin_access_log)

    def status(self) -> Callable[[str], None] | None:
        """What notes the requests of the Status API, a line each."""
        return self._lines("status_access_log", self._conf.status_access_log)

    def reopen(self) -> None:
        """Open every file anew: it may have been moved away."""
        for log in self._logs:
            log.reopen()

    def close(self) -> None:
        """Write what is gathered, and end."""
        for log in self._logs:
            log.close()
        self._logs.clear()

    def _lines(self, name: str, target: LogTarget | None) -> Callable[[str], None] | None:
        if target is None:
            return None
        return self._keep(AccessLog(self._opened(name, target), str, self._clock))

    def _opened(self, name: str, target: LogTarget) -> Callable[[], BinaryIO]:
        try:
            self._opener(target.path).close()
        except OSError as why:
            raise _refused(self._conf, name, f"cannot open {target.path}: {why.strerror}") from None
        return lambda: self._opener(target.path)

    def _keep(self, log: AccessLog[T]) -> AccessLog[T]:
        self._logs.append(log)
        return log


def proxy_log_format(conf: Conf) -> str:
    """The format that ``proxy_access_log`` names, else Kong's; ConfError for one that does not exist."""
    target = conf.proxy_access_log
    name = (target.format if target is not None else None) or _DEFAULT_FORMAT
    if name not in FORMATS:
        known = ", ".join(sorted(FORMATS))
        raise _refused(conf, "proxy_access_log", f"there is no log format '{name}' ({known})")
    return FORMATS[name]


def append_to(path: str) -> BinaryIO:
    """Open a log file for appending; owner and group may read it."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
    return open(descriptor, "ab", buffering=0)


def _refused(conf: Conf, name: str, why: str) -> ConfError:
    return ConfError([Problem(f"{name}: {why}", conf.settings[name].origin)])
