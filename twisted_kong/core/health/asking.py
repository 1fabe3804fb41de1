"""The request of an HTTP probe and the status in its answer.

Kong: ``GET … HTTP/1.0`` with the headers that are configured, and nothing else; only the first line of the
answer counts.
"""

from __future__ import annotations

import re

from twisted_kong.core.health.checks import Probe
from twisted_kong.core.health.standing import Address

# Bytes in which the first line must end.
LONGEST_LINE = 8192

_STATUS = re.compile(rb"HTTP/\d+\.\d+\s+(\d{1,4})(?!\d)", re.IGNORECASE)


def host_of(probe: Probe, address: Address) -> str:
    """What ``Host`` says: the Upstream's own, else the name in the Target; its port is not told."""
    if probe.host_header:
        return probe.host_header
    return f"[{address.host}]" if ":" in address.host else address.host


def request_of(probe: Probe, address: Address) -> bytes:
    """What is sent. A ``Host`` among the configured headers takes the place of ours."""
    lines = [f"GET {probe.path} HTTP/1.0", *(f"{name}: {value}" for name, value in probe.headers)]
    if not any(name.lower() == "host" for name, _ in probe.headers):
        lines.append(f"Host: {host_of(probe, address)}")
    return "\r\n".join([*lines, "", ""]).encode("utf-8")


def status_in(data: bytes) -> int | None:
    """The status in what has come so far: 0 if it is no HTTP, None if its first line has not ended."""
    line, end, _ = data.partition(b"\n")
    if not end and len(line) <= LONGEST_LINE:
        return None
    found = _STATUS.match(line)
    return int(found[1]) if found else 0
