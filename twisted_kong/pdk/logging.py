"""``kong.log``: lines for the node's log, and the entry that logging plugins send."""

from __future__ import annotations

import sys
from typing import Any, Literal

from twisted.logger import LogLevel

from twisted_kong.pdk.call import Call
from twisted_kong.pdk.phase import CERTIFICATE, FROM_REWRITE, LOG, wrong_phase
from twisted_kong.pdk.serializer import Custom, serialize

LEVELS = {
    "debug": (0, LogLevel.debug),
    "info": (1, LogLevel.info),
    "notice": (2, LogLevel.info),
    "warn": (3, LogLevel.warn),
    "error": (4, LogLevel.error),
    "err": (4, LogLevel.error),
    "crit": (5, LogLevel.critical),
    "alert": (6, LogLevel.critical),
    "emerg": (7, LogLevel.critical),
}
"""Kong's levels in order, and what Twisted calls them."""

Mode = Literal["set", "add", "replace"]


class Log:
    """Writes for the running plugin; also callable, which writes at level notice."""

    __slots__ = ("_call", "_custom")

    def __init__(self, call: Call) -> None:
        self._call = call
        self._custom: list[Custom] = []

    def __call__(self, *parts: object) -> None:
        """Write at level notice."""
        self._write("notice", parts)

    def debug(self, *parts: object) -> None:
        """Write what only a developer wants to see."""
        self._write("debug", parts)

    def info(self, *parts: object) -> None:
        """Write what is normal."""
        self._write("info", parts)

    def notice(self, *parts: object) -> None:
        """Write what is normal and worth knowing."""
        self._write("notice", parts)

    def warn(self, *parts: object) -> None:
        """Write what should be looked at."""
        self._write("warn", parts)

    def err(self, *parts: object) -> None:
        """Write what failed."""
        self._write("err", parts)

    def crit(self, *parts: object) -> None:
        """Write what needs somebody soon."""
        self._write("crit", parts)

    def alert(self, *parts: object) -> None:
        """Write what needs somebody now."""
        self._write("alert", parts)

    def emerg(self, *parts: object) -> None:
        """Write that the node is unusable."""
        self._write("emerg", parts)

    def inspect(self, *parts: object) -> None:
        """Write values as Python shows them, at level debug."""
        self._write("debug", [repr(part) for part in parts])

    def deprecation(self, *parts: object, after: str | None = None, removal: str | None = None) -> None:
        """Warn that what was used is on its way out.

        :param after: the version that deprecated it.
        :param removal: the version that will not have it.
        """
        terms = [f"deprecated after {after}"] if after else []
        terms += [f"scheduled for removal in {removal}"] if removal else []
        self._write("warn", (*parts, f" ({', '.join(terms)})" if terms else ""))

    def _write(self, level: str, parts: Any) -> None:
        gateway = self._call.gateway
        rank, twisted_level = LEVELS[level]
        if rank < LEVELS.get(gateway.log_level, LEVELS["notice"])[0]:
            return
        frame = sys._getframe(2)
        gateway.log.emit(
            twisted_level,
            "[kong] {file}:{line} [{plugin}] {text}{request}",
            file=frame.f_code.co_filename.rpartition("/")[2],
            line=frame.f_lineno,
            plugin=self._call.running,
            text=one_line("".join(map(str, parts))),
            request=self._request(),
        )

    def _request(self) -> str:
        ctx = vars(self._call).get("context")
        return "" if ctx is None else f", request_id: {ctx.request_id}"

    def set_serialize_value(self, key: str, value: Any, mode: Mode = "set") -> None:
        """Change the entry that :meth:`serialize` makes; dots in the key lead into inner tables.

        :param mode: ``set`` always, ``add`` only what is missing, ``replace`` only what is there.
        """
        allowed = CERTIFICATE | FROM_REWRITE
        if not self._call.phase & allowed:
            raise wrong_phase("kong.log.set_serialize_value", self._call.phase, allowed)
        if mode not in ("set", "add", "replace"):
            raise ValueError("mode must be set, add or replace")
        self._custom.append((key, value, mode))

    def serialize(self) -> dict[str, Any]:
        """The log entry of this request, as Kong's logging plugins send it."""
        if not self._call.phase & LOG:
            raise wrong_phase("kong.log.serialize", self._call.phase, LOG)
        gateway = self._call.gateway
        return serialize(self._call.context, gateway.workspace(), gateway.seconds(), self._custom)


def one_line(text: str) -> str:
    """Text of anybody's making, so that it cannot pretend to be several lines of a log."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text
    )
