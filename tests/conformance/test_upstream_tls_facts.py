"""How Services of https are spoken to, as operators of Kong rely on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.protocol import Factory, Protocol
from twisted.logger import LogLevel
from typing_extensions import override

from tests.kit.certificates import make_certificate
from tests.kit.logs import captured_lines
from tests.kit.scripted_upstream import scripted_upstream
from tests.kit.served import Served, served
from tests.kit.tls_server import TlsServer

pytestmark = pytest.mark.integration


@asynccontextmanager
async def secured(
    directory: Path, settings: dict[str, Any] | None = None, **service: Any
) -> AsyncIterator[tuple[Served, TlsServer]]:
    """A node, the server of localhost, and a Service ``tls`` that leads there, with the Route ``/x``."""
    from twisted.internet import reactor

    server = TlsServer(reactor)
    async with (
        scripted_upstream(server) as upstream,
        served(directory, **(settings or {})) as world,
    ):
        fields = {"protocol": "https", "host": "localhost", "port": upstream.port, "retries": 0, **service}
        await world.service("tls", **fields)
        await world.route("r", "tls", paths=["/x"])
        yield world, server


async def authority(world: Served, certificate: str) -> dict[str, Any]:
    """Make a CA certificate."""
    return await world.node.admin.create("/ca_certificates", {"cert": certificate})


async def test_any_certificate_will_do_by_default(tmp_path: Path) -> None:
    """Kong verifies nothing unless told; the name asked for is the Host that is sent, without the port."""
    async with secured(tmp_path) as (world, server):
        assert (await world.get("/x")).status == 200
        await world.node.admin.patch("/routes/r", {"preserve_host": True})
        assert (await world.get("/x", host="client.test:81")).status == 200
        assert server.names == ["localhost", "client.test"]


async def test_certificates_are_verified_where_a_service_wants_it(tmp_path: Path) -> None:
    """``tls_verify``: against ``ca_certificates``; changes of either hold for the very next request."""
    async with secured(tmp_path) as (world, server):
        assert (await world.get("/x")).status == 200
        other = await authority(world, make_certificate("other.test", ca=True)[0])
        change = {"tls_verify": True, "ca_certificates": [other["id"]]}
        assert (await world.node.admin.patch("/services/tls", change)).status == 200
        assert (await world.get("/x")).status == 502
        own = await authority(world, server.certificate)
        await world.node.admin.patch("/services/tls", {"ca_certificates": [own["id"]]})
        assert (await world.get("/x")).status == 200


async def test_a_certificate_of_another_name_is_refused(tmp_path: Path) -> None:
    """The name that is verified is the Host that is sent."""
    async with secured(tmp_path) as (world, server):
        own = await authority(world, server.certificate)
        change = {"tls_verify": True, "ca_certificates": [own["id"]]}
        await world.node.admin.patch("/services/tls", change)
        assert (await world.get("/x")).status == 200
        await world.node.admin.patch("/routes/r", {"preserve_host": True})
        assert (await world.get("/x", host="client.test")).status == 502
        assert (await world.get("/x", host="localhost")).status == 200


async def test_verification_may_be_the_rule(tmp_path: Path) -> None:
    """``nginx_proxy_proxy_ssl_verify`` is for Services that leave it open."""
    async with secured(tmp_path, {"nginx_proxy_proxy_ssl_verify": True}) as (world, _):
        assert (await world.get("/x")).status == 502
        await world.node.admin.patch("/services/tls", {"tls_verify": False})
        assert (await world.get("/x")).status == 200


async def test_a_certificate_is_shown(tmp_path: Path) -> None:
    """``client_certificate`` of the Service; another one is another connection."""
    async with secured(tmp_path) as (world, server):
        assert (await world.get("/x")).status == 200
        assert server.clients == []
        for name in ("one.test", "two.test"):
            certificate, key = make_certificate(name)
            made = await world.node.admin.create("/certificates", {"cert": certificate, "key": key})
            await world.node.admin.patch("/services/tls", {"client_certificate": {"id": made["id"]}})
            assert (await world.get("/x")).status == 200
            assert set(server.clients) == {name}
            server.clients.clear()


async def test_the_nodes_certificate_is_shown_where_nobody_has_another(tmp_path: Path) -> None:
    """``client_ssl_cert``: that of the Service comes first."""
    files = tmp_path / "me.crt", tmp_path / "me.key"
    for file, text in zip(files, make_certificate("node.test"), strict=True):
        file.write_text(text)
    node = {"client_ssl": True, "client_ssl_cert": files[0], "client_ssl_cert_key": files[1]}
    async with secured(tmp_path, node) as (world, server):
        assert (await world.get("/x")).status == 200
        assert set(server.clients) == {"node.test"}
        server.clients.clear()
        certificate, key = make_certificate("one.test")
        made = await world.node.admin.create("/certificates", {"cert": certificate, "key": key})
        await world.node.admin.patch("/services/tls", {"client_certificate": {"id": made["id"]}})
        assert (await world.get("/x")).status == 200
        assert set(server.clients) == {"one.test"}


async def test_a_server_that_does_not_speak_tls(tmp_path: Path) -> None:
    """One that waits for a plain request: 504 once ``connect_timeout`` is over, which TLS is part of."""
    async with served(tmp_path) as world:
        fields = {"host": "127.0.0.1", "port": world.upstream.port, "retries": 0, "connect_timeout": 200}
        await world.service("tls", protocol="https", **fields)
        await world.route("r", "tls", paths=["/x"])
        assert (await world.get("/x")).status == 504


async def test_a_refused_certificate_is_told_once_for_each_try(tmp_path: Path) -> None:
    """With the host, the reason and the request, and nothing but that."""
    async with secured(tmp_path, retries=1) as (world, server):
        own = await authority(world, server.certificate)
        other = await authority(world, make_certificate("other.test", ca=True)[0])
        await world.node.admin.patch("/routes/r", {"preserve_host": True})
        for ca, reason in (
            (other, "self-signed certificate"),
            (own, "the certificate is not for client.test"),
        ):
            change = {"tls_verify": True, "ca_certificates": [ca["id"]]}
            assert (await world.node.admin.patch("/services/tls", change)).status == 200
            with captured_lines() as lines, captured_lines(LogLevel.critical) as tracebacks:
                assert (await world.get("/x", host="client.test")).status == 502
            assert tracebacks == []
            told = f"TLS handshake with localhost failed: certificate verify failed ({reason}), client: "
            assert [line.startswith(told) for line in lines] == [True, True]
            assert '"GET /x HTTP/1.1"' in lines[0]


class Plain(Protocol):
    """Answers whatever comes without TLS."""

    @override
    def dataReceived(self, data: bytes) -> None:
        self.transport.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")


async def test_a_service_that_speaks_no_tls_is_told(tmp_path: Path) -> None:
    """In the words of OpenSSL."""
    from twisted.internet import reactor

    factory = Factory.forProtocol(Plain)
    factory.noisy = False
    listening: Any = reactor.listenTCP(0, factory, interface="127.0.0.1")  # type: ignore[attr-defined]
    try:
        async with secured(tmp_path, port=listening.getHost().port) as (world, _):
            with captured_lines() as lines:
                assert (await world.get("/x")).status == 502
    finally:
        await listening.stopListening()
    told = [line.partition(", client")[0] for line in lines]
    assert told == ["TLS handshake with localhost failed: wrong version number"]
