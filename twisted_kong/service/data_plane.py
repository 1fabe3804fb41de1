"""The data path put together: its settings, error answers, balancer, plugins and connections."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted_kong.core.conf.conf import Conf
from twisted_kong.core.context import RequestContext
from twisted_kong.core.http1.requests import Limits
from twisted_kong.core.replies import HTML, JSON, PLAIN, XML, Replies
from twisted_kong.node.arrival import Arrival
from twisted_kong.node.certificate_rows import CertificateHolder
from twisted_kong.node.certificates import KeyPair, load_chain, load_pair
from twisted_kong.node.configuration import read_text
from twisted_kong.node.steady import SteadyClock
from twisted_kong.pdk.gateway import Gateway as PluginGateway
from twisted_kong.pdk.phases import Phases as PluginPhases
from twisted_kong.proxy.admission import Admission
from twisted_kong.proxy.gateway import Gateway
from twisted_kong.proxy.interfaces import Phases
from twisted_kong.proxy.pool import Pool
from twisted_kong.proxy.queries import query_maker
from twisted_kong.proxy.real_ip import RealIp, TrustedIps
from twisted_kong.proxy.request_ids import request_ids
from twisted_kong.proxy.settings import Settings, Tokens
from twisted_kong.proxy.tls import ClientTls
from twisted_kong.proxy.wheel import Wheel
from twisted_kong.service.ground import Foundation, Ground
from twisted_kong.service.min_position import HeldPhases
from twisted_kong.service.state import NodeState

# What is kept of a request's body to send it again, whatever the configuration says: small requests fit.
_LEAST_BODY_BUFFER = 65536


def limits_of(conf: Conf) -> Limits:
    """How large the head of a request may be, to the proxy or to the Admin API."""
    buffers = conf.nginx_http_large_client_header_buffers
    return Limits(line=buffers.size, field=buffers.size, head=max(65536, buffers.number * buffers.size))


def settings_of(conf: Conf) -> Settings:
    """The data path's settings."""
    return Settings(
        tokens=Tokens.configured(conf.headers, conf.headers_upstream),
        limits=limits_of(conf),
        max_body_size=conf.nginx_http_client_max_body_size,
        body_buffer_size=max(_LEAST_BODY_BUFFER, conf.nginx_http_client_body_buffer_size),
        keepalive_timeout=conf.nginx_http_keepalive_timeout,
        # nginx: a timeout of 0 switches it off, so that the first request is the last one.
        keepalive_requests=conf.nginx_http_keepalive_requests if conf.nginx_http_keepalive_timeout else 1,
        header_timeout=conf.nginx_http_client_header_timeout,
        body_timeout=conf.nginx_http_client_body_timeout,
        send_timeout=conf.nginx_http_send_timeout,
        pool_size=conf.upstream_keepalive_pool_size,
        pool_requests=conf.upstream_keepalive_max_requests,
        pool_idle_timeout=conf.upstream_keepalive_idle_timeout,
        port_maps=conf.port_maps,
        allow_debug_header=conf.allow_debug_header,
        path_handling=conf.router_flavor == "traditional",
    )


def replies_of(conf: Conf) -> Replies:
    """The answers to errors; raises ConfError for a template that cannot be read."""
    paths = {
        JSON: conf.error_template_json,
        PLAIN: conf.error_template_plain,
        HTML: conf.error_template_html,
        XML: conf.error_template_xml,
    }
    templates = {media: read_text(path) for media, path in paths.items() if path is not None}
    return Replies(conf.error_default_type, templates)


def client_pair(conf: Conf) -> KeyPair | None:
    """What we present to Services and Targets that name no certificate (``client_ssl_cert``)."""
    if conf.client_ssl and conf.client_ssl_cert and conf.client_ssl_cert_key:
        return load_pair(conf.client_ssl_cert, conf.client_ssl_cert_key.reveal())
    return None


def make_client_tls(conf: Conf, certificates: CertificateHolder) -> ClientTls:
    """How Services of https are spoken to."""
    trusted = conf.nginx_proxy_proxy_ssl_trusted_certificate
    return ClientTls(
        verify=conf.nginx_proxy_proxy_ssl_verify,
        depth=conf.nginx_proxy_proxy_ssl_verify_depth,
        trusted=None if trusted is None else load_chain(trusted),
        client=client_pair(conf),
        pair_of=certificates.pair_of,
        authorities_of=certificates.authorities_of,
    )


def make_admission(conf: Conf, reactor: Any) -> Admission | None:
    """What limits the number of connections; None where nothing does."""
    most, each = conf.nginx_events_worker_connections or 0, conf.max_connections_per_client
    return Admission(most, each, reactor.seconds) if most or each else None


def make_gateway(
    ground: Ground,
    state: NodeState,
    phases: Phases,
    replies: Replies,
    trusted: TrustedIps,
    log: Callable[[RequestContext], None] | None,
) -> Gateway:
    """What every connection of the proxy shares; connections made from now on follow the certificates.

    :param log: notes every finished request.
    """
    conf, reactor = ground.conf, ground.reactor
    settings = settings_of(conf)
    wheel = Wheel(reactor)
    # Twisted's own reactors, and those of tests, tell nobody.
    getattr(reactor, "clock_watchers", []).append(wheel.move)
    pool = Pool(
        reactor,
        wheel,
        reactor.seconds,
        size=settings.pool_size,
        max_requests=settings.pool_requests,
        idle_timeout=settings.pool_idle_timeout,
    )
    tls = make_client_tls(conf, state.certificates)
    state.certificate_watchers.append(tls.forget)
    header = conf.nginx_proxy_real_ip_header.lower().encode("latin-1")
    return Gateway(
        settings=settings,
        routing=state.routing,
        phases=phases,
        balancer=state.balancing,
        pool=pool,
        wheel=wheel,
        real_ip=RealIp(trusted, header, conf.nginx_proxy_real_ip_recursive),
        replies=replies,
        now=reactor.seconds,
        ids=request_ids(ground.host.random_bytes),
        log=log,
        tls=tls,
        query_of=query_maker(conf.router_flavor),
        admission=make_admission(conf, reactor),
    )


def make_phases(
    ground: Ground, foundation: Foundation, replies: Replies, trusted: TrustedIps
) -> PluginPhases:
    """What runs the plugins, and the node as they see it."""
    state, host = foundation.state, ground.host
    gateway = PluginGateway(
        state.cache,
        foundation.database,
        ground.node_id,
        host.hostname,
        host.new_uuid,
        ground.reactor.seconds,
        is_trusted=trusted.__contains__,
        configuration=ground.conf,
        replies=replies,
        pid=host.pid(),
        log_level=ground.conf.log_level,
        secret=state.plugins.secret,
    )
    plan, handlers = state.plugins.plan, foundation.plugins.handlers
    if not ground.conf.allow_min_position_header:
        return PluginPhases(plan, handlers, gateway)
    log = foundation.database.log
    arrival = Arrival(log, state.feed, SteadyClock(ground.reactor))
    return HeldPhases(plan, handlers, gateway, arrival=arrival, parse=log.parse_position, replies=replies)
