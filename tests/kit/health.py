"""Upstreams whose health is checked, as rows, and probes that end as the test says."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from twisted_kong.core.health.checks import Probe
from twisted_kong.core.health.standing import Address
from twisted_kong.node.health.prober import Finding


def checked(id: str = "u", name: str = "up", **changed: Any) -> dict[str, Any]:
    """The row of an Upstream with Kong's defaults but for what is named by ``side__part__field``."""
    checks: dict[str, Any] = {
        "threshold": 0,
        "active": {
            "type": "http",
            "timeout": 1,
            "concurrency": 10,
            "http_path": "/",
            "headers": None,
            "https_sni": None,
            "https_verify_certificate": True,
            "healthy": {"http_statuses": [200, 302], "interval": 0, "successes": 0},
            "unhealthy": {
                "http_statuses": [429, 500],
                "interval": 0,
                "tcp_failures": 0,
                "timeouts": 0,
                "http_failures": 0,
            },
        },
        "passive": {
            "type": "http",
            "healthy": {"http_statuses": [200, 201], "successes": 0},
            "unhealthy": {"http_statuses": [500], "tcp_failures": 0, "timeouts": 0, "http_failures": 0},
        },
    }
    for path, value in changed.items():
        *parts, last = path.split("__")
        place = checks
        for part in parts:
            place = place[part]
        place[last] = value
    return {"id": id, "name": name, "host_header": None, "client_certificate": None, "healthchecks": checks}


class Probes:
    """Makes no connection: what a probe finds is up to the test."""

    def __init__(self) -> None:
        self.waiting: dict[Address, Deferred[Finding]] = {}
        self.asked: list[Probe] = []
        self.cancelled: list[Address] = []

    def probe(self, probe: Probe, address: Address) -> Deferred[Finding]:
        """Probe an address."""
        assert address not in self.waiting
        self.asked.append(probe)
        done: Deferred[Finding] = Deferred(lambda _: self._cancel(address))
        self.waiting[address] = done
        return done

    def find(self, finding: Finding, *addresses: Address) -> None:
        """End the probes of some addresses, or of all."""
        for address in addresses or tuple(self.waiting):
            self.waiting.pop(address).callback(finding)

    def _cancel(self, address: Address) -> None:
        del self.waiting[address]
        self.cancelled.append(address)
