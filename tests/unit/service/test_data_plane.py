"""The data path as the configuration wants it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.internet.testing import MemoryReactorClock

from tests.kit.certificates import make_certificate
from tests.kit.memory_node import MemoryNode, started_node
from tests.kit.proxies import World
from tests.kit.running import make_conf
from twisted_kong.core.conf.problems import ConfError
from twisted_kong.core.replies import JSON
from twisted_kong.proxy.downstream import Downstream
from twisted_kong.service.data_plane import (
    make_admission,
    make_client_tls,
    replies_of,
    settings_of,
)


def test_settings_are_those_of_the_configuration(tmp_path: Path) -> None:
    """Times in seconds, sizes in bytes, whatever the property of nginx says."""
    settings = settings_of(
        make_conf(
            tmp_path,
            headers="off",
            nginx_http_client_max_body_size="2k",
            nginx_http_keepalive_timeout="7s",
            upstream_keepalive_pool_size=3,
            port_maps="443:8443",
            allow_debug_header=True,
        )
    )
    assert settings.max_body_size == 2048
    assert settings.keepalive_timeout == 7
    assert settings.pool_size == 3
    assert settings.port_maps == {8443: 443}
    assert settings.allow_debug_header
    assert not settings.tokens.via


def test_no_patience_means_one_request_a_connection(tmp_path: Path) -> None:
    """nginx: keepalive_timeout 0 switches keep-alive off."""
    assert settings_of(make_conf(tmp_path, nginx_http_keepalive_timeout=0)).keepalive_requests == 1
    assert settings_of(make_conf(tmp_path)).keepalive_requests > 1


def test_only_the_traditional_router_looks_at_path_handling(tmp_path: Path) -> None:
    """Kong: ``path_handling`` v1 is honoured by that flavour alone."""
    assert settings_of(make_conf(tmp_path, router_flavor="traditional")).path_handling
    assert not settings_of(make_conf(tmp_path)).path_handling


def test_the_head_of_a_request_may_always_be_64_kib(tmp_path: Path) -> None:
    """Fewer or smaller buffers bound a line or a field, more or larger ones the whole head."""
    small = settings_of(make_conf(tmp_path, nginx_http_large_client_header_buffers="2 4k")).limits
    assert (small.line, small.field, small.head) == (4096, 4096, 65536)
    large = settings_of(make_conf(tmp_path, nginx_http_large_client_header_buffers="16 16k")).limits
    assert large.head == 16 * 16384


def test_small_requests_can_always_be_sent_again(tmp_path: Path) -> None:
    """However small ``client_body_buffer_size``, 64 KiB of a body are kept for a retry."""
    assert settings_of(make_conf(tmp_path)).body_buffer_size == 65536
    large = settings_of(make_conf(tmp_path, nginx_http_client_body_buffer_size="1m"))
    assert large.body_buffer_size == 1 << 20


def test_error_templates_are_read_from_their_files(tmp_path: Path) -> None:
    """A template of one's own replaces the built-in one of its kind."""
    path = tmp_path / "error.json"
    path.write_text('{"own":"%s"}')
    replies = replies_of(make_conf(tmp_path, error_template_json=path))
    assert replies.templates == {JSON: '{"own":"%s"}'}


def test_a_missing_template_is_refused(tmp_path: Path) -> None:
    """The line names the file."""
    with pytest.raises(ConfError, match=r"none\.json"):
        replies_of(make_conf(tmp_path, error_template_json=tmp_path / "none.json"))


@pytest.fixture
def node(tmp_path: Path) -> Iterator[MemoryNode]:
    yield from started_node(tmp_path)


def test_connections_are_limited_where_the_configuration_says_so(tmp_path: Path) -> None:
    """Otherwise nobody counts them by their clients."""
    reactor = MemoryReactorClock()
    assert make_admission(make_conf(tmp_path), reactor) is None
    for name in ("nginx_events_worker_connections", "max_connections_per_client"):
        settings: dict[str, object] = {name: 1}
        gateway = World().gateway
        gateway.admission = make_admission(make_conf(tmp_path, **settings), reactor)
        for kept in (True, False):
            assert gateway.opened(Downstream(gateway, "http", 80)) is kept


def test_the_gateway_shares_the_state_of_the_node(node: MemoryNode) -> None:
    """Routes, Upstreams and plugins are those that the feed keeps."""
    gateway, state = node.parts.gateway, node.parts.state
    assert gateway.routing is state.routing
    assert gateway.balancer is state.balancing
    assert gateway.log is None


def test_certificates_of_services_are_followed(node: MemoryNode) -> None:
    """A changed Certificate is used by connections made from now on."""
    tls = node.parts.gateway.tls
    assert tls is not None
    cert, key = make_certificate("client.example")
    client = node.client(8001)
    made = client.post("/certificates", {"cert": cert, "key": key})
    assert made.status == 201, made.body
    service = {"client_certificate": {"id": made.json["id"]}, "tls_verify": False}
    first = tls.secure(service, "service.example")
    assert tls.secure(service, "service.example") is first
    client.patch(f"/certificates/{made.json['id']}", {"tags": ["t"]})
    assert tls.secure(service, "service.example") is not first


def test_the_certificate_of_the_gateway_is_read(tmp_path: Path) -> None:
    """``client_ssl`` is what Services are shown that ask for nothing else."""
    cert, key = make_certificate("gateway.example")
    (tmp_path / "cert.pem").write_text(cert)
    (tmp_path / "key.pem").write_text(key)
    node = MemoryNode(
        tmp_path,
        client_ssl=True,
        client_ssl_cert=tmp_path / "cert.pem",
        client_ssl_cert_key=tmp_path / "key.pem",
        nginx_proxy_proxy_ssl_trusted_certificate=tmp_path / "cert.pem",
    )
    node.start()
    tls = make_client_tls(node.conf, node.parts.state.certificates)
    assert tls._client is not None
    assert tls._client.certificate.decode().strip() == cert.strip()
    assert tls._trusted is not None
    node.stop()


def test_plugins_see_the_node(node: MemoryNode) -> None:
    """Identity, configuration and cache of the PDK are the node's."""
    gateway = node.parts.gateway.phases._gateway  # type: ignore[attr-defined]
    assert gateway.hostname == "test-host"
    assert gateway.pid == 42
    assert gateway.configuration is node.conf
    assert gateway.cache is node.parts.state.cache
    assert not gateway.is_trusted("192.0.2.1")
