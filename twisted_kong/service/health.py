"""Health checks put together: the prober with the node's TLS, and the monitor behind its balancer."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IOpenSSLClientConnectionCreator

from twisted_kong.core.conf.conf import Conf
from twisted_kong.core.health.checks import Probe
from twisted_kong.node.balancing import Balancing
from twisted_kong.node.certificate_rows import CertificateHolder
from twisted_kong.node.certificates import load_chain
from twisted_kong.node.health.monitor import HealthMonitor
from twisted_kong.node.health.prober import Prober
from twisted_kong.node.steady import SteadyClock
from twisted_kong.node.trust import SYSTEM, trusted_file
from twisted_kong.proxy.tls import ClientTls
from twisted_kong.service.data_plane import client_pair
from twisted_kong.service.ground import Ground


class HealthChecks:
    """The health checks of a node, behind its balancer; nothing is probed before the first rows are there.

    Kong: probes present the Certificate of the Upstream, else ``client_ssl_cert``, and verify by
    ``lua_ssl_trusted_certificate``, not by what Services are verified by.

    :param certificates: tells where the Certificates of Upstreams are found; asked with the first probe.
    """

    def __init__(
        self, ground: Ground, balancing: Balancing, certificates: Callable[[], CertificateHolder]
    ) -> None:
        self._conf, self._certificates = ground.conf, certificates
        self._tls: ClientTls | None = None
        self._prober = Prober(ground.reactor, self._secure)
        self._balancing = balancing
        clock = SteadyClock(ground.reactor)
        self.monitor = HealthMonitor(balancing, self._prober, clock, ground.host.chance, self._switch)
        balancing.watchers.append(self.monitor.changed)

    def forget(self) -> None:
        """A Certificate has changed."""
        if self._tls is not None:
            self._tls.forget()

    async def stop(self) -> None:
        """Probe no more; returns when every connection is closed."""
        self.monitor.stop()
        await self._prober.when_idle()

    def _switch(self, on: bool) -> None:
        """Have requests pay for health only where some is checked."""
        self._balancing.health = self.monitor if on else None

    def _secure(self, probe: Probe, name: str) -> IOpenSSLClientConnectionCreator:
        if self._tls is None:
            self._tls = make_probe_tls(self._conf, self._certificates())
        way = {
            "tls_verify": probe.verify,
            "client_certificate": None if probe.certificate is None else {"id": probe.certificate},
        }
        return self._tls.secure(way, name).creator()


def make_probe_tls(conf: Conf, certificates: CertificateHolder) -> ClientTls:
    """How probes of https and grpcs speak TLS."""
    return ClientTls(
        depth=conf.lua_ssl_verify_depth,
        trusted=_trusted(conf),
        client=client_pair(conf),
        pair_of=certificates.pair_of,
    )


def _trusted(conf: Conf) -> bytes | None:
    """The authorities that are configured; None for the system's, which OpenSSL finds by itself."""
    if set(conf.lua_ssl_trusted_certificate or (SYSTEM,)) == {SYSTEM}:
        return None
    file = trusted_file(conf)
    return None if file is None else load_chain(file)
