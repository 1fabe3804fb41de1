"""Host names and addresses with an optional port, told apart and normalised as Kong does.

Kong tells by shape alone: more than one colon is IPv6, digits and dots are IPv4, the rest is a name.  An
IPv6 address is stored in brackets and fully expanded, so that equal addresses are equal texts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal

Kind = Literal["name", "ipv4", "ipv6"]
INVALID_PORT = "invalid port number"
MAX_PORT = 65535

_DIGITS_AND_DOTS = re.compile(r"[0-9.]+\Z")
_IPV4 = re.compile(r"([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})(?::([0-9]+))?\Z")
_IPV6_GROUP = re.compile(r"[0-9A-Fa-f]{1,4}\Z")
_BRACKETED = re.compile(r"\[([^\[\]]*)\](?::([0-9]+))?\Z")
_NAME = re.compile(r"[A-Za-z0-9._-]+\Z")


@dataclass(frozen=True, slots=True)
class HostPort:
    """A host with the port that was written after it, if any; IPv6 hosts carry their brackets."""

    kind: Kind
    host: str
    port: int | None

    def text(self, default_port: int) -> str:
        """``host:port``, with a default where none was written."""
        return f"{self.host}:{default_port if self.port is None else self.port}"


class InvalidHost(ValueError):
    """Not a host; the message is Kong's."""


def is_address(text: str) -> bool:
    """Whether a text is an IPv4 or IPv6 address, without brackets and port."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def parse_host(text: str) -> HostPort:
    """What a text says about a host.

    :raises InvalidHost: with Kong's text, :data:`INVALID_PORT` for a port above 65535
    """
    if text.count(":") > 1:
        return _ipv6(text)
    if _DIGITS_AND_DOTS.match(text.replace(":", "")):
        return _ipv4(text)
    return _name(text)


def parse_servers(text: str, default_port: int) -> tuple[tuple[str, int], ...]:
    """The places of a list with commas: names and addresses without brackets, or directories of a socket.

    :raises InvalidHost: for one that is none of these
    """
    return tuple(_server(each.strip(), default_port) for each in text.split(","))


def _server(text: str, default_port: int) -> tuple[str, int]:
    if text.startswith("/"):
        return text, default_port
    found = parse_host(text)
    return found.host.strip("[]"), default_port if found.port is None else found.port


def _ipv4(text: str) -> HostPort:
    found = _IPV4.match(text)
    if found is None or any(int(part) > 255 for part in found.groups()[:4]):
        raise InvalidHost(f"invalid ipv4 address: {text}")
    return HostPort("ipv4", ".".join(str(int(part)) for part in found.groups()[:4]), _port(found[5]))


def _ipv6(text: str) -> HostPort:
    found = _BRACKETED.match(text)
    if found is None and text.startswith("["):
        raise InvalidHost(f"invalid ipv6 address: {text}")
    address, port = (text, None) if found is None else (found[1], found[2])
    groups = _expanded(address)
    if len(groups) != 8 or not all(_IPV6_GROUP.match(group) for group in groups):
        raise InvalidHost(f"invalid ipv6 address: {text}")
    host = ":".join(group.lower().zfill(4) for group in groups)
    return HostPort("ipv6", f"[{host}]", _port(port))


def _expanded(address: str) -> list[str]:
    """The eight groups of an address; another number of them where it is none."""
    head, gap, tail = address.partition("::")
    before = head.split(":") if head else []
    if not gap:
        return before
    after = tail.split(":") if tail else []
    return [*before, *["0"] * (8 - len(before) - len(after)), *after]


def _name(text: str) -> HostPort:
    before, _, digits = text.partition(":")
    has_port = digits.isascii() and digits.isdigit()
    name, port = (before, _port(digits)) if has_port else (text, None)
    labels = name.split(".")
    # a name may end in one dot: the root
    inner = labels[:-1] if len(labels) > 1 and labels[-1] == "" else labels
    if not _NAME.match(name) or any(not label or label.endswith("-") for label in inner):
        raise InvalidHost(f"invalid hostname: {text}")
    return HostPort("name", name, port)


def _port(digits: str | None) -> int | None:
    if digits is None:
        return None
    if len(digits) > 9 or int(digits) > MAX_PORT:
        raise InvalidHost(INVALID_PORT)
    return int(digits)
