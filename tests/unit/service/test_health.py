"""Health checks as the configuration wants them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.error import UserError
from twisted.python.failure import Failure

from tests.kit.certificates import make_certificate
from tests.kit.deferreds import no_result, started, success_of
from tests.kit.health import checked
from tests.kit.memory_node import START, RecordingReactor
from tests.kit.running import make_conf, make_host
from twisted_kong.core.health.checks import Probe
from twisted_kong.node.balancing import Balancing
from twisted_kong.service.ground import Ground
from twisted_kong.service.health import HealthChecks, make_probe_tls

PROBE = Probe("https", 1, 10, "/", (), None, None, True, None)


class Certificates:
    """No Certificate is at hand."""

    asked: list[str] = []

    def pair_of(self, id: str) -> None:
        self.asked.append(id)


class Bench:
    """The checks of a node that has nothing else."""

    def __init__(self, directory: Path, **settings: object) -> None:
        self.reactor, self.balancing = RecordingReactor(), Balancing(lambda host: (host,))
        ground = Ground(make_conf(directory, **settings), self.reactor, make_host(), "node")
        self.certificates: Any = Certificates()
        self.checks = HealthChecks(ground, self.balancing, lambda: self.certificates)

    def put(self, row: dict[str, Any]) -> None:
        self.balancing.put_upstream(row)
        target = {"id": "t", "upstream": {"id": "u"}, "target": "192.0.2.1:80", "weight": 1}
        self.balancing.put_target({**target, "created_at": START})
        self.reactor.turn()


def test_requests_pay_for_health_only_where_it_is_checked(tmp_path: Path) -> None:
    """An Upstream without checks, and a node without Upstreams, have nothing to ask."""
    bench = Bench(tmp_path)
    bench.put(checked())
    assert bench.balancing.health is None
    bench.put(checked(passive__unhealthy__tcp_failures=1))
    assert bench.balancing.health is bench.checks.monitor
    bench.balancing.remove_upstream("u")
    bench.reactor.turn()
    assert bench.balancing.health is None
    assert bench.reactor.getDelayedCalls() == []


def test_addresses_are_probed_until_the_node_stops(tmp_path: Path) -> None:
    """By the rows that the balancer has; stopping leaves no timer and no connection."""
    bench = Bench(tmp_path)
    bench.put(checked(active__healthy__interval=5))
    bench.reactor.advance(5)
    [(host, port, factory, *_)] = bench.reactor.tcpClients
    assert (host, port) == ("192.0.2.1", 80)
    stopping = started(bench.checks.stop())
    no_result(stopping)
    factory.clientConnectionFailed(None, Failure(UserError()))
    success_of(stopping)
    assert bench.reactor.getDelayedCalls() == []


def test_probes_speak_tls_as_configured(tmp_path: Path) -> None:
    """They present ``client_ssl_cert`` and trust ``lua_ssl_trusted_certificate``, each with its own."""
    certificate, key = make_certificate("client.test")
    authority, _ = make_certificate("authority.test", ca=True)
    for name, text in (("cert", certificate), ("key", key), ("authority", authority)):
        (tmp_path / name).write_text(text)
    bench = Bench(
        tmp_path,
        client_ssl=True,
        client_ssl_cert=tmp_path / "cert",
        client_ssl_cert_key=tmp_path / "key",
        lua_ssl_trusted_certificate=tmp_path / "authority",
        lua_ssl_verify_depth=3,
    )
    tls = make_probe_tls(bench.checks._conf, bench.certificates)
    assert tls._client is not None
    assert tls._client.certificate.decode().strip() == certificate.strip()
    assert tls._trusted is not None
    assert tls._trusted.decode().strip() == authority.strip()
    assert tls._depth == 3


def test_the_systems_authorities_are_left_to_openssl(tmp_path: Path) -> None:
    """To load them all for each name would hold up the node."""
    for settings in ({}, {"lua_ssl_trusted_certificate": "system"}):
        bench = Bench(tmp_path, **settings)
        assert make_probe_tls(bench.checks._conf, bench.certificates)._trusted is None


def test_the_certificate_of_the_upstream_is_asked_for(tmp_path: Path) -> None:
    """One that is not at hand cannot be presented; it may be there after the next change."""
    bench = Bench(tmp_path)
    secure = bench.checks._secure
    assert secure(PROBE, "a.test") is secure(PROBE, "a.test")
    with pytest.raises(Exception, match="certificate c is not at hand"):
        secure(replace(PROBE, certificate="c"), "a.test")
    first = secure(PROBE, "a.test")
    bench.checks.forget()
    assert secure(PROBE, "a.test") is not first
