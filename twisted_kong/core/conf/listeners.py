"""The grammar of listener properties: ``host:port flags…, …`` or ``off``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from ipaddress import IPv6Address
from typing import Any

from typing_extensions import override

_ADDRESS = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9._*-]+)):(?P<port>[0-9]{1,5})\Z")
_KEEPALIVE = re.compile(r"(?P<idle>[0-9]*m?s?):(?P<interval>[0-9]*m?s?):(?P<count>[0-9]*)\Z")

_HTTP_FLAGS = ("ssl", "http2", "proxy_protocol", "deferred", "bind", "reuseport")
_STREAM_FLAGS = ("ssl", "udp", "proxy_protocol", "bind", "reuseport")
_VALUED_FLAGS = ("backlog=N", "ipv6only=on|off", "so_keepalive=on|off|idle:interval:count")


@dataclass(frozen=True, slots=True)
class KeepAlive:
    """TCP keep-alive probes of a listener's connections; 0 leaves the system's value."""

    enabled: bool = True
    idle: int = 0
    interval: int = 0
    count: int = 0


@dataclass(frozen=True, slots=True)
class Listener:
    """One address to listen on.

    ``host`` is without brackets; ``*`` has become ``0.0.0.0``. Port 0 lets the system choose.
    ``ipv6only`` None leaves the system's default, so does ``keepalive`` None.
    """

    host: str
    port: int
    ssl: bool = False
    http2: bool = False
    proxy_protocol: bool = False
    reuseport: bool = False
    udp: bool = False
    deferred: bool = False
    bind: bool = False
    backlog: int | None = None
    ipv6only: bool | None = None
    keepalive: KeepAlive | None = None

    @property
    def address(self) -> str:
        """``host:port`` as it is written, with brackets around an IPv6 address."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @override
    def __str__(self) -> str:
        return self.address


class ListenerError(ValueError):
    """An entry is not of the form that Kong accepts; the text says what is allowed."""


def parse_listeners(name: str, entries: Iterable[str], *, stream: bool = False) -> tuple[Listener, ...]:
    """The listeners of property ``name``; none when the first entry is ``off``. Raises ListenerError."""
    entries = tuple(entries)
    if entries and entries[0] == "off":
        return ()
    flags = _STREAM_FLAGS if stream else _HTTP_FLAGS
    listeners = []
    for entry in entries:
        try:
            listeners.append(_listener(entry, flags))
        except ValueError as why:
            allowed = " ".join(f"[{flag}]" for flag in (*flags, *_VALUED_FLAGS))
            raise ListenerError(
                f"{name} must be of form: [off] | <ip>:<port> {allowed}, [... next entry ...];"
                f" {why} in '{entry}'"
            ) from None
    return tuple(listeners)


def _listener(entry: str, flags: tuple[str, ...]) -> Listener:
    address, *given = entry.split()
    listener = _address(address)
    for flag in given:
        if flag in flags:
            listener = _flagged(listener, flag)
        else:
            listener = _valued(listener, flag)
    return listener


def _flagged(listener: Listener, flag: str) -> Listener:
    on: dict[str, Any] = {flag: True}
    return replace(listener, **on)


def _address(text: str) -> Listener:
    match = _ADDRESS.match(text)
    if match is None:
        raise ValueError(f"no <ip>:<port> '{text}'")
    port = int(match["port"])
    if port > 65535:
        raise ValueError(f"port {port} is above 65535")
    if match["six"] is not None:
        IPv6Address(match["six"])
        return Listener(match["six"].lower(), port)
    host = match["host"]
    return Listener("0.0.0.0" if host == "*" else host, port)


def _valued(listener: Listener, flag: str) -> Listener:
    name, _, value = flag.partition("=")
    if name == "backlog" and value.isascii() and value.isdigit():
        return replace(listener, backlog=int(value))
    if name == "ipv6only" and value in ("on", "off"):
        return replace(listener, ipv6only=value == "on")
    if name == "so_keepalive":
        return replace(listener, keepalive=_keepalive(value))
    raise ValueError(f"unknown flag '{flag}'")


def _keepalive(value: str) -> KeepAlive:
    if value in ("on", "off"):
        return KeepAlive(enabled=value == "on")
    match = _KEEPALIVE.match(value)
    if match is None:
        raise ValueError(f"unknown flag 'so_keepalive={value}'")
    return KeepAlive(True, _seconds(match["idle"]), _seconds(match["interval"]), int(match["count"] or 0))


def _seconds(text: str) -> int:
    if text.endswith("m"):
        return int(text[:-1]) * 60
    return int(text.removesuffix("s") or 0)
