"""Checks of hosts, addresses, server names and targets, with Kong's texts."""

from __future__ import annotations

import ipaddress
from typing import Any

from twisted_kong.core.changes import Entity
from twisted_kong.core.hosts import INVALID_PORT, HostPort, InvalidHost, parse_host
from twisted_kong.core.schema.violations import Violations

DEFAULT_TARGET_PORT = 8000
NO_PORT = "must not have a port"
INVALID_TARGET = "Invalid target; not a valid hostname or ip address"


def host(value: str) -> str | None:
    """A name or an address, without a port."""
    try:
        found = parse_host(value)
    except InvalidHost as error:
        return NO_PORT if str(error) == INVALID_PORT else f"invalid value: {value}"
    return None if found.port is None else NO_PORT


def host_with_optional_port(value: str) -> str | None:
    """A name or an address."""
    try:
        parse_host(value)
    except InvalidHost as error:
        return str(error)
    return None


def host_pattern(value: str) -> str | None:
    """What a Route's ``hosts`` hold: a host with an optional port, where a star may stand for a part."""
    return host_with_optional_port(value.replace("*", "abc"))


def sni(value: str) -> str | None:
    """A server name: neither an address nor with a port."""
    try:
        found = parse_host(value)
    except InvalidHost as error:
        return NO_PORT if str(error) == INVALID_PORT else f"invalid value: {value}"
    if found.kind != "name":
        return "must not be an IP"
    return None if found.port is None else NO_PORT


def wildcard_host(value: str) -> str | None:
    """A server name that may begin or end with one star."""
    place = value.find("*")
    if place not in (-1, 0, len(value) - 1):
        return "wildcard must be leftmost or rightmost character"
    if value.count("*") > 1:
        return "only one wildcard must be specified"
    return sni(value.replace("*", "wildcard"))


def ip(value: str) -> str | None:
    """An address of either family."""
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return f"not an ip address: {value}"
    return None


def ip_or_cidr(value: str) -> str | None:
    """An address, or a network written with its prefix length; host bits may be set."""
    _, slash, length = value.partition("/")
    try:
        if slash and not (length.isascii() and length.isdigit()):
            raise ValueError(length)
        ipaddress.ip_network(value, strict=False)
    except ValueError:
        return f"invalid ip or cidr range: '{value}'"
    return None


def validate_upstream_name(value: str) -> str | None:
    """The name of an Upstream stands where a host name may stand, so it must be one."""
    try:
        found = parse_host(value)
    except InvalidHost:
        return f"Invalid name ('{value}'); must be a valid hostname"
    if found.kind != "name":
        return f"Invalid name ('{value}'); no ip addresses allowed"
    return None if found.port is None else f"Invalid name ('{value}'); no port allowed"


def validate_target(value: str) -> str | None:
    """The address of a Target."""
    return None if parse_target(value) else f"Invalid target ('{value}'); not a valid hostname or ip address"


def parse_target(value: Any) -> HostPort | None:
    """What the address of a Target says, ``None`` if it is none."""
    if not isinstance(value, str):
        return None
    try:
        return parse_host(value)
    except InvalidHost:
        return None


def normalise_target(record: Entity) -> Violations | None:
    """Bring a Target's address into the form it is stored in, before anything else is looked at.

    Kong: done by the DAO, so a bad address hides every other violation, and a number there crashes it.
    """
    value = record.get("target")
    if value is None:
        return None
    found = parse_target(value)
    if found is None:
        return {"target": INVALID_TARGET}
    record["target"] = found.text(DEFAULT_TARGET_PORT)
    return None
