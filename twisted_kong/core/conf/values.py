"""From the text of a value to the value, for each kind of property."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from twisted_kong.core.conf.listeners import parse_listeners
from twisted_kong.core.conf.lists import (
    TrustedPeers,
    parse_choices,
    parse_headers,
    parse_headers_upstream,
    parse_networks,
    parse_port_maps,
    parse_resolvers,
    split_array,
)
from twisted_kong.core.conf.property import ARRAY_KINDS, Kind, Property
from twisted_kong.core.conf.secret import Secret

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\Z")
_INTEGER = re.compile(r"[+-]?[0-9]+\Z")
_SIZE = re.compile(r"([0-9]+)([kKmMgG]?)\Z")
_TIME = re.compile(r"(?:[0-9]++(?:ms|[smhdwMy])?\s*+)+\Z")
_TIME_PART = re.compile(r"([0-9]+)(ms|[smhdwMy])?")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z", re.IGNORECASE)

_SIZE_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_DAY = 86400
_TIME_UNITS = {
    "ms": 0.001,
    "s": 1,
    "m": 60,
    "h": 3600,
    "d": _DAY,
    "w": 7 * _DAY,
    "M": 30 * _DAY,
    "y": 365 * _DAY,
}

OFF_WORDS = frozenset({"off", "false", "no", "0", "none", "disabled"})


@dataclass(frozen=True, slots=True)
class LogTarget:
    """Where a log goes: ``path`` is absolute once the prefix is known, ``format`` the name given after it."""

    path: str
    format: str | None = None


@dataclass(frozen=True, slots=True)
class Buffers:
    """A number of buffers of a size in bytes."""

    number: int
    size: int


def parse_value(known: Property, text: str) -> Any:
    """The typed value of ``text``; raises ValueError with Kong's message."""
    value = _PARSERS[known.kind](known, text)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        _check_bounds(known, value)
    if known.sensitive:
        return tuple(map(Secret, value)) if isinstance(value, tuple) else Secret(value)
    return value


def _check_bounds(known: Property, value: float) -> None:
    low = known.minimum is not None and value < known.minimum
    high = known.maximum is not None and value > known.maximum
    if low or high:
        raise ValueError(known.bound_text or f"{known.name} must be {known.minimum:g} or greater")


def _wrong_type(known: Property, text: str) -> ValueError:
    return ValueError(f"{known.name} is not a {known.kind.kong_type}: '{text}'")


def _boolean(known: Property, text: str) -> bool:
    # Kong: whatever is not on or true counts as off; the loader warns of it.
    return text in ("on", "true")


def _ngx_boolean(known: Property, text: str) -> bool:
    if text not in ("on", "off"):
        raise ValueError(f"{known.name} is not a ngx_boolean: '{text}' (on, off)")
    return text == "on"


def _number(known: Property, text: str) -> int | float:
    if _INTEGER.match(text):
        return int(text)
    if not _NUMBER.match(text):
        raise _wrong_type(known, text)
    return float(text)


def _integer(known: Property, text: str) -> int:
    if not _INTEGER.match(text):
        if known.bound_text and _NUMBER.match(text):
            is_told = "integer" in known.bound_text
            raise ValueError(known.bound_text if is_told else f"{known.name} must be an integer: '{text}'")
        raise ValueError(f"{known.name} is not a number: '{text}' (an integer)")
    return int(text)


def _enum(known: Property, text: str) -> str:
    if text not in known.allowed:
        raise ValueError(f"{known.name} has an invalid value: '{text}' ({', '.join(known.allowed)})")
    return text


def _size(known: Property, text: str) -> int:
    match = _SIZE.match(text)
    if match is None:
        raise ValueError(f"{known.name} is not a size: '{text}' (bytes, or with k, m or g: 8k, 10m)")
    return int(match[1]) * _SIZE_UNITS[match[2].lower()]


def _time(known: Property, text: str) -> float:
    if not _TIME.match(text):
        raise ValueError(
            f"{known.name} is not a time: '{text}' (seconds, or with ms, s, m, h, d: 30s, 1h30m, 1d)"
        )
    return float(sum(int(count) * _TIME_UNITS[unit or "s"] for count, unit in _TIME_PART.findall(text)))


def _buffers(known: Property, text: str) -> Buffers:
    number, _, size = text.partition(" ")
    if not _INTEGER.match(number) or not _SIZE.match(size.strip()):
        raise ValueError(f"{known.name} is not a number and a size: '{text}' (4 16k)")
    return Buffers(int(number), _size(known, size.strip()))


def _workers(known: Property, text: str) -> int | None:
    if text == "auto":
        return None
    if not _INTEGER.match(text) or int(text) < 1:
        raise ValueError(f"{known.name} has an invalid value: '{text}' (auto, or a number from 1)")
    return int(text)


def _log(known: Property, text: str) -> LogTarget | None:
    if text == "off":
        return None
    if text.startswith("syslog:"):
        raise ValueError(
            f"{known.name} has an invalid value: '{text}' (a path, /dev/stdout, /dev/stderr, off)"
        )
    path, _, log_format = text.partition(" ")
    return LogTarget(path, log_format.strip() or None)


def _uuid(known: Property, text: str) -> str:
    if not _UUID.match(text):
        raise ValueError(f"{known.name} must be a valid UUID")
    return text.lower()


_PARSERS: dict[Kind, Callable[[Property, str], Any]] = {
    Kind.STRING: lambda known, text: text,
    Kind.ARRAY: lambda known, text: split_array(text),
    Kind.BOOLEAN: _boolean,
    Kind.NGX_BOOLEAN: _ngx_boolean,
    Kind.NUMBER: _number,
    Kind.INTEGER: _integer,
    Kind.ENUM: _enum,
    Kind.SIZE: _size,
    Kind.TIME: _time,
    Kind.BUFFERS: _buffers,
    Kind.WORKERS: _workers,
    Kind.LOG: _log,
    Kind.UUID: _uuid,
    Kind.LISTENERS: lambda known, text: parse_listeners(known.name, split_array(text)),
    Kind.STREAM_LISTENERS: lambda known, text: parse_listeners(known.name, split_array(text), stream=True),
    Kind.HEADERS: parse_headers,
    Kind.HEADERS_UPSTREAM: parse_headers_upstream,
    Kind.NETWORKS: parse_networks,
    Kind.PORT_MAPS: parse_port_maps,
    Kind.RESOLVERS: parse_resolvers,
    Kind.CHOICES: parse_choices,
}

_UNSET: dict[Kind, Any] = {
    Kind.NETWORKS: TrustedPeers(),
    Kind.PORT_MAPS: MappingProxyType({}),
    Kind.HEADERS: frozenset(),
    Kind.HEADERS_UPSTREAM: frozenset(),
}


def unset_value(known: Property) -> Any:
    """The value of a property that nobody set and that has no default: empty for lists, else None."""
    return _UNSET.get(known.kind, () if known.kind in ARRAY_KINDS else None)
