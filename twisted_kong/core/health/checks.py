"""What an Upstream's health checks ask for, read from its row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from twisted_kong.core.changes import Entity
from twisted_kong.core.headers import is_value

# OpenResty: a timeout of 0 means its own, lua_socket_connect_timeout and its like.
_DEFAULT_TIMEOUT = 60.0
_TIMED_OUT = 504


class Event(IntEnum):
    """What a probe or a request has shown of an address."""

    SUCCESS = 0
    HTTP_FAILURE = 1
    TCP_FAILURE = 2
    TIMEOUT = 3


@dataclass(frozen=True, slots=True)
class Limits:
    """How many events decide, and which statuses are events.

    :param counts: by event; 0: such an event is not counted at all.
    """

    counts: tuple[int, int, int, int]
    healthy: frozenset[int]
    unhealthy: frozenset[int]

    def judge(self, status: int) -> Event | None:
        """The event that a status is; None for one that says nothing.

        Kong: a status that is in both lists is a success, and what is no answer in HTTP (0 here) a failure.
        """
        if status in self.healthy:
            return Event.SUCCESS
        return Event.HTTP_FAILURE if status in self.unhealthy or not status else None

    def judge_proxied(self, status: int) -> Event | None:
        """The event that the status of a proxied response is. Kong: 504 is a timeout, whoever sent it."""
        return Event.TIMEOUT if status == _TIMED_OUT else self.judge(status)


@dataclass(frozen=True, slots=True)
class Probe:
    """How an address is probed.

    :param kind: ``http``, ``https``, ``tcp``, ``grpc`` or ``grpcs``.
    :param timeout: seconds for each step: to connect, to agree on TLS, to answer.
    :param concurrency: how many probes of one round may be under way.
    :param sni: what TLS asks for, and what the certificate must be for; None for the name in ``Host``.
    :param certificate: the id of the Certificate to present; None for that of ``client_ssl_cert``, if any.
    """

    kind: str
    timeout: float
    concurrency: int
    path: str
    headers: tuple[tuple[str, str], ...]
    host_header: str | None
    sni: str | None
    verify: bool
    certificate: str | None

    @property
    def is_secure(self) -> bool:
        """Whether TLS is spoken."""
        return self.kind in ("https", "grpcs")

    @property
    def asks(self) -> bool:
        """Whether a request is sent. Kong: gRPC is probed by connecting only."""
        return self.kind in ("http", "https")


@dataclass(frozen=True, slots=True)
class Checks:
    """All that is configured.

    :param healthy_interval: seconds between two probes of an address that is healthy; 0 for none.
    :param unhealthy_interval: the same for one that is not.
    :param threshold: how many percent of the weight must be more than available for the Upstream to serve.
    """

    active: Limits
    passive: Limits
    probe: Probe
    healthy_interval: float
    unhealthy_interval: float
    threshold: float

    @property
    def probes(self) -> bool:
        """Whether anything is probed."""
        return self.healthy_interval > 0 or self.unhealthy_interval > 0


def checks_of(upstream: Entity) -> Checks | None:
    """The checks of an Upstream; None if it has none switched on.

    Kong: those are an interval of active checks and a limit of failures of passive ones; a limit of
    successes alone can put nothing out.
    """
    health = upstream.get("healthchecks")
    if not health:
        return None
    active, passive = health["active"], health["passive"]
    checks = Checks(
        active=_limits(active),
        passive=_limits(passive),
        probe=_probe(upstream, active),
        healthy_interval=active["healthy"]["interval"] or 0,
        unhealthy_interval=active["unhealthy"]["interval"] or 0,
        threshold=threshold_of(upstream),
    )
    return checks if checks.probes or any(checks.passive.counts[1:]) else None


def threshold_of(upstream: Entity) -> float:
    """How many percent of the weight must be more than available, checks or not."""
    threshold: float = (upstream.get("healthchecks") or {}).get("threshold") or 0
    return threshold


def suffices(available: float, total: float, threshold: float) -> bool:
    """Whether so much weight of the whole is enough. Kong: it must be more than the threshold's percent."""
    return total > 0 and available / total * 100 > threshold


def _limits(side: Mapping[str, Any]) -> Limits:
    good, bad = side["healthy"], side["unhealthy"]
    counts = (good["successes"], bad["http_failures"], bad["tcp_failures"], bad["timeouts"])
    first, second, third, fourth = (count or 0 for count in counts)
    return Limits(
        (first, second, third, fourth),
        frozenset(good["http_statuses"] or ()),
        frozenset(bad["http_statuses"] or ()),
    )


def _probe(upstream: Entity, active: Mapping[str, Any]) -> Probe:
    headers = active.get("headers") or {}
    return Probe(
        kind=active.get("type") or "http",
        timeout=active.get("timeout") or _DEFAULT_TIMEOUT,
        concurrency=active.get("concurrency") or 1,
        path=active.get("http_path") or "/",
        # A value that would end its line early could smuggle anything in.
        headers=tuple(
            (name, value)
            for name, values in headers.items()
            for value in values
            if is_value(value.encode("utf-8"))
        ),
        host_header=upstream.get("host_header"),
        sni=active.get("https_sni"),
        verify=active.get("https_verify_certificate") is not False,
        certificate=(upstream.get("client_certificate") or {}).get("id"),
    )
