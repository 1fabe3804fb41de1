"""``resolv.conf`` and ``hosts``, read as resolv.conf(5) and hosts(5) say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from twisted_kong.core.hosts import is_address

# Kong: these differ from the system's (5 s, twice).
_TIMEOUT: Final = 2.0
_ATTEMPTS: Final = 5
_PORT: Final = 53


@dataclass(frozen=True)
class ResolvConf:
    """Whom to ask, and how.

    :param servers: (address, port).
    :param search: domains to be tried behind a name, without a leading dot.
    :param ndots: how many dots a name must have to be tried as it is before the search list is.
    :param timeout: seconds per try.
    :param attempts: tries per question.
    """

    servers: tuple[tuple[str, int], ...] = ()
    search: tuple[str, ...] = ()
    ndots: int = 1
    timeout: float = _TIMEOUT
    attempts: int = _ATTEMPTS

    def candidates(self, host: str) -> tuple[str, ...]:
        """The full names to ask for, in order; a name that ends in a dot is full."""
        if host.endswith("."):
            return (host[:-1],)
        longer = tuple(f"{host}.{domain}" for domain in self.search)
        return (host, *longer) if host.count(".") >= self.ndots else (*longer, host)


@dataclass
class _Reading:
    servers: list[tuple[str, int]] = field(default_factory=list)
    search: tuple[str, ...] = ()
    options: dict[str, int] = field(default_factory=dict)


def parse_resolv_conf(text: str) -> ResolvConf:
    """What is understood of a ``resolv.conf``; nothing in it is an error."""
    read = _Reading()
    for word, rest in _lines(text):
        if word == "nameserver" and rest and is_address(rest[0].partition("%")[0]):
            read.servers.append((rest[0], _PORT))
        elif word in ("search", "domain"):
            # The last of these lines counts.
            read.search = tuple(domain.strip(".") for domain in rest if domain.strip("."))
        elif word == "options":
            for option in rest:
                name, _, number = option.partition(":")
                if number.isascii() and number.isdigit():
                    read.options[name] = int(number)
    return ResolvConf(
        tuple(read.servers),
        read.search,
        read.options.get("ndots", 1),
        float(read.options.get("timeout", 0) or _TIMEOUT),
        read.options.get("attempts", 0) or _ATTEMPTS,
    )


def parse_hosts(text: str) -> Mapping[str, tuple[str, ...]]:
    """The addresses of each name, lower-case, in the order of the file; ``localhost`` is always there."""
    found: dict[str, list[str]] = {}
    for address, names in _lines(text):
        if is_address(address):
            for name in names:
                known = found.setdefault(name.lower(), [])
                if address not in known:
                    known.append(address)
    # RFC 6761 §6.3; Kong adds it too.
    found.setdefault("localhost", ["127.0.0.1", "::1"])
    return {name: tuple(addresses) for name, addresses in found.items()}


def _lines(text: str) -> Iterator[tuple[str, list[str]]]:
    for line in text.splitlines():
        words = line.split("#")[0].split(";")[0].split()
        if words:
            yield words[0], words[1:]
