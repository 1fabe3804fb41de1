"""From the text of a comma separated value to its elements, for each kind of list.

Each parser raises ValueError with Kong's message.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from types import MappingProxyType

from twisted_kong.core.conf.property import Property

_PORT = re.compile(r"[0-9]{1,5}\Z")

SERVER_TOKENS = frozenset({"server", "via"})
LATENCY_TOKENS = frozenset(
    {"x-kong-proxy-latency", "x-kong-response-latency", "x-kong-admin-latency", "x-kong-upstream-latency"}
)
RESPONSE_HEADERS = SERVER_TOKENS | LATENCY_TOKENS | {"x-kong-upstream-status", "x-kong-request-id"}
"""What ``headers`` may name, in lower case."""


@dataclass(frozen=True, slots=True)
class TrustedPeers:
    """The peers whose forwarding headers are believed."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    unix: bool = False

    def __contains__(self, ip: str) -> bool:
        """Whether an address in text form lies in one of the networks; what is no address does not."""
        if not self.networks:
            return False
        try:
            address = ip_address(ip)
        except ValueError:
            return False
        # An IPv4 client of an IPv6 listener.
        mapped = getattr(address, "ipv4_mapped", None)
        if mapped is not None:
            address = mapped
        return any(address.version == network.version and address in network for network in self.networks)


def split_array(text: str) -> tuple[str, ...]:
    """The elements of a comma separated value, trimmed; empty ones are dropped."""
    return tuple(part for part in (piece.strip() for piece in text.split(",")) if part)


def parse_headers(known: Property, text: str) -> frozenset[str]:
    """The lower-case names that ``headers`` stands for, tokens resolved."""
    names: set[str] = set()
    entries = split_array(text)
    if entries and entries[0].lower() == "off":
        return frozenset()
    for entry in entries:
        token = entry.lower()
        if token in ("off", "server_tokens", "latency_tokens"):
            names |= {"server_tokens": SERVER_TOKENS, "latency_tokens": LATENCY_TOKENS}.get(
                token, frozenset()
            )
        elif token in RESPONSE_HEADERS:
            names.add(token)
        else:
            raise ValueError(f"headers: invalid entry '{entry}'")
    return frozenset(names)


def parse_headers_upstream(known: Property, text: str) -> frozenset[str]:
    """The lower-case names of ``headers_upstream``."""
    entries = split_array(text)
    for entry in entries:
        if entry.lower() not in ("off", "x-kong-request-id"):
            raise ValueError(f"headers_upstream: invalid entry '{entry}'")
    return frozenset(entry.lower() for entry in entries) - {"off"}


def parse_networks(known: Property, text: str) -> TrustedPeers:
    """The peers that ``trusted_ips`` describes."""
    networks = []
    entries = split_array(text)
    for entry in entries:
        if entry == "unix:":
            continue
        try:
            networks.append(ip_network(entry, strict=False))
        except ValueError:
            raise ValueError(
                f"{known.name} must be a comma separated list in the form of IPv4 or IPv6 address"
                f" or CIDR block or 'unix:', got '{entry}'"
            ) from None
    return TrustedPeers(tuple(networks), "unix:" in entries)


def parse_port_maps(known: Property, text: str) -> Mapping[int, int]:
    """Listener port → port that clients see."""
    ports: dict[int, int] = {}
    for entry in split_array(text):
        outer, _, inner = entry.partition(":")
        if not (_is_port(outer) and _is_port(inner)):
            raise ValueError(f"invalid port mapping (`port_maps`): {entry}")
        ports[int(inner)] = int(outer)
    return MappingProxyType(ports)


def _is_port(text: str) -> bool:
    return bool(_PORT.match(text)) and 1 <= int(text) <= 65535


def parse_resolvers(known: Property, text: str) -> tuple[tuple[str, int], ...]:
    """Name servers as (address, port)."""
    servers = []
    for entry in split_array(text):
        host, port = entry, "53"
        if entry.startswith("["):
            host, _, port = entry[1:].partition("]")
            port = port.removeprefix(":") or "53"
        elif entry.count(":") == 1:
            host, _, port = entry.partition(":")
        try:
            ip_address(host)
        except ValueError:
            port = ""
        if not _is_port(port):
            raise ValueError(
                f"{known.name} must be a comma separated list in the form of IPv4/6 or IPv4/6:port,"
                f" got '{entry}'"
            )
        servers.append((host, int(port)))
    return tuple(servers)


def parse_choices(known: Property, text: str) -> tuple[str, ...]:
    """Elements that must each be one of those allowed; lower case will do."""
    entries = split_array(text)
    for entry in entries:
        if entry not in known.allowed and entry.upper() not in known.allowed:
            if known.name == "tracing_instrumentations":
                raise ValueError(f"invalid tracing type: {entry}")
            raise ValueError(f"{known.name}: invalid entry '{entry}' ({', '.join(known.allowed)})")
    return tuple(entry if entry in known.allowed else entry.upper() for entry in entries)
