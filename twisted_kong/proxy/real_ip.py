"""Who the client is: the peer, or whom a trusted peer names (``trusted_ips``, ``real_ip_header``)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address, ip_network

from twisted_kong.core.conf.lists import TrustedPeers
from twisted_kong.core.http1.heads import FieldBlock

# The value of ``real_ip_header`` that is the name of no header.
_PROXY_PROTOCOL = b"proxy_protocol"
# What stands between two addresses of a chain.
_BETWEEN = re.compile(r"[ \t,]+")
# Verdicts remembered; forgotten all together when full.
_REMEMBERED = 4096
# Addresses looked at in one header: a longer chain is cut at its far end.
_LONGEST_CHAIN = 100


class TrustedIps:
    """The addresses whose word about the client counts.

    :param trusted: addresses and networks (``trusted_ips``); ``unix:`` entries do not concern TCP.
    """

    def __init__(self, trusted: Iterable[str]) -> None:
        entries = (entry for entry in trusted if not entry.startswith("unix:"))
        self._peers = TrustedPeers(tuple(ip_network(entry, strict=False) for entry in entries))
        self._verdicts: dict[str, bool] = {}

    def __contains__(self, ip: str) -> bool:
        if not self._peers.networks:
            return False
        verdict = self._verdicts.get(ip)
        if verdict is None:
            verdict = ip in self._peers
            if len(self._verdicts) >= _REMEMBERED:
                self._verdicts.clear()
            self._verdicts[ip] = verdict
        return verdict


def split_address(text: str) -> tuple[str, int] | None:
    """An address as a proxy writes it, with or without port: (IP, port or 0), None if it is none."""
    text = text.strip(" \t")
    port = ""
    if text.startswith("["):
        text, bracket, tail = text[1:].partition("]")
        if not bracket or (tail and not tail.startswith(":")):
            return None
        port = tail[1:]
    elif text.count(":") == 1:
        text, _, port = text.partition(":")
    try:
        ip_address(text)
    except ValueError:
        return None
    if port and not (port.isascii() and port.isdigit() and int(port) <= 65535):
        return None
    return text, int(port) if port else 0


class RealIp:
    """Finds the client of a request that came from a trusted peer.

    :param header: lower-case name of the header that names it (``real_ip_header``), or ``proxy_protocol``:
        then no header of a request counts, but what the connection began with.
    :param recursive: pass over trusted addresses from the right (``real_ip_recursive``).
    """

    def __init__(self, trusted: TrustedIps, header: bytes, recursive: bool) -> None:
        self.trusted = trusted
        self._header = header
        self.by_proxy_protocol = header == _PROXY_PROTOCOL
        self._recursive = recursive

    def client_of(self, block: FieldBlock) -> tuple[str, int] | None:
        """The client's address and port (0 if not told), None where the peer itself is the client.

        To be asked for trusted peers only.
        """
        if self.by_proxy_protocol:
            return None
        values = block.special.get(self._header)
        if values is None:
            values = block.headers.get_all(self._header)
        if not values:
            return None
        chain = _BETWEEN.split(b",".join(values).decode("latin-1").strip(" \t,"))[-_LONGEST_CHAIN:]
        found: tuple[str, int] | None = None
        for text in reversed(chain):
            address = split_address(text)
            if address is None:
                break
            found = address
            if not self._recursive or address[0] not in self.trusted:
                break
        return found
