"""Listeners with the flag proxy_protocol over real sockets: plain, with TLS, and behind a real balancer."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.threads import deferToThread

from tests.kit.ports import free_port
from tests.kit.served import Served, served
from tests.kit.tls_clients import trusting

pytestmark = pytest.mark.integration

PATIENCE = 10.0
REQUEST = b"GET /x HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"
LINE = b"PROXY TCP4 198.51.100.7 10.0.0.1 1234 443\r\n"
BINARY = (
    b"\r\n\r\n\x00\r\nQUIT\n\x21\x21\x00\x28"
    + ip_address("2001:db8::7").packed
    + ip_address("::1").packed
    + b"\x04\xd2\x01\xbb"
    + b"\x04\x00\x01a"
)
TRUSTING = {"trusted_ips": "127.0.0.1", "real_ip_header": "proxy_protocol"}


def talk(port: int, header: bytes, context: ssl.SSLContext | None = None) -> bytes:
    """Everything that is answered to a request with this before it; empty where the node closes."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as plain:
        if context is None:
            plain.sendall(header + REQUEST)
            return read(plain)
        plain.sendall(header)
        with context.wrap_socket(plain, server_hostname="a.test") as secured:
            secured.sendall(REQUEST)
            return read(secured)


def read(connection: socket.socket) -> bytes:
    """All there is until the end."""
    data = b""
    try:
        while piece := connection.recv(65536):
            data += piece
    except OSError:
        pass
    return data


async def clients(world: Served, *headers: bytes, context: ssl.SSLContext | None = None) -> list[Any]:
    """X-Real-IP, X-Forwarded-For and X-Forwarded-Proto of requests behind these."""
    for header in headers:
        answer = await deferToThread(talk, world.node.port, header, context)
        assert answer.startswith(b"HTTP/1.1 200"), answer
    names = ("X-Real-IP", "X-Forwarded-For", "X-Forwarded-Proto")
    return [tuple(map(seen.header, names)) for seen in world.upstream.requests]


async def test_the_client_is_whom_a_trusted_peer_introduces(tmp_path: Path) -> None:
    """In both versions; who names nobody is the client itself."""
    async with served(tmp_path, proxy_listen="127.0.0.1:0 proxy_protocol", **TRUSTING) as world:
        await world.route("r", paths=["/x"])
        assert await clients(world, LINE, BINARY, b"PROXY UNKNOWN\r\n") == [
            ("198.51.100.7", "198.51.100.7", "http"),
            ("2001:db8::7", "2001:db8::7", "http"),
            ("127.0.0.1", "127.0.0.1", "http"),
        ]


async def test_the_header_comes_before_tls(tmp_path: Path) -> None:
    """And the handshake as it always is."""
    listen = "127.0.0.1:0 ssl proxy_protocol"
    async with served(tmp_path, proxy_listen=listen, **TRUSTING) as world:
        await world.route("r", paths=["/x"])
        assert await clients(world, LINE, BINARY, context=trusting()) == [
            ("198.51.100.7", "198.51.100.7", "https"),
            ("2001:db8::7", "2001:db8::7", "https"),
        ]


@pytest.mark.parametrize("settings", [{"real_ip_header": "proxy_protocol"}, {"trusted_ips": "127.0.0.1"}])
async def test_the_header_is_read_over_where_it_does_not_count(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    """Of a peer that is not trusted, or with another real_ip_header."""
    async with served(tmp_path, proxy_listen="127.0.0.1:0 proxy_protocol", **settings) as world:
        await world.route("r", paths=["/x"])
        assert await clients(world, LINE) == [("127.0.0.1", "127.0.0.1", "http")]


async def test_a_request_without_a_header_is_not_answered(tmp_path: Path) -> None:
    """Neither is a header with a fault; the metrics count them."""
    settings = {"proxy_listen": "127.0.0.1:0 proxy_protocol", "status_listen": "127.0.0.1:0", **TRUSTING}
    async with served(tmp_path, **settings) as world:
        for header in (
            b"",
            b"PROXY TCP4 198.51.100.7 ::1 1 2\r\n",
            b"\r\n\r\n\x00\r\nQUIT\n\x31\x11\x00\x00",
        ):
            assert await deferToThread(talk, world.node.port, header) == b""
        metrics = (await world.node.status.request("GET", "/metrics")).text
        assert 'twisted_kong_connections_refused_total{reason="proxy_protocol"} 3.0' in metrics


async def test_clients_behind_a_balancer_are_limited_each(tmp_path: Path) -> None:
    """One of them does not take the places of the others."""
    settings = {"proxy_listen": "127.0.0.1:0 proxy_protocol", "max_connections_per_client": 2, **TRUSTING}
    async with served(tmp_path, **settings) as world:
        await world.route("r", paths=["/x"])
        other = LINE.replace(b"198.51.100.7", b"198.51.100.8")
        connections = world.node.parts.gateway.connections
        with held(world.node.port, LINE, 2):
            await world.node.until(lambda: sum(each.named is not None for each in connections) == 2)
            assert await deferToThread(talk, world.node.port, LINE) == b""
            assert (await deferToThread(talk, world.node.port, other)).startswith(b"HTTP/1.1 200")
        await world.node.until(lambda: not connections)
        assert (await deferToThread(talk, world.node.port, LINE)).startswith(b"HTTP/1.1 200")


@contextmanager
def held(port: int, data: bytes, count: int) -> Iterator[None]:
    """So many connections that have sent this and do nothing more."""
    connections = [socket.create_connection(("127.0.0.1", port), PATIENCE) for _ in range(count)]
    for connection in connections:
        connection.sendall(data)
    try:
        yield
    finally:
        for connection in connections:
            connection.close()


@contextmanager
def haproxy(directory: Path, port: int, option: str) -> Iterator[int]:
    """The port of a HAProxy that leads to ours."""
    front = free_port()
    file = directory / "haproxy.cfg"
    file.write_text(
        "defaults\n mode tcp\n timeout connect 5s\n timeout client 5s\n timeout server 5s\n"
        f"listen l\n bind 127.0.0.1:{front}\n server s 127.0.0.1:{port} {option}\n"
    )
    with subprocess.Popen(["haproxy", "-db", "-f", file], stderr=subprocess.DEVNULL) as process:
        try:
            yield front
        finally:
            process.terminate()


def patiently(port: int) -> bytes:
    """The answer of a balancer that has only just been started."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return talk(port, b"")
        except ConnectionRefusedError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


@pytest.mark.skipif(shutil.which("haproxy") is None, reason="needs HAProxy")
@pytest.mark.parametrize("option", ["send-proxy", "send-proxy-v2 proxy-v2-options unique-id,crc32c"])
async def test_behind_haproxy(tmp_path: Path, option: str) -> None:
    """What the inventor of the protocol sends, in both versions."""
    async with served(tmp_path, proxy_listen="127.0.0.1:0 proxy_protocol", **TRUSTING) as world:
        await world.route("r", paths=["/x"])
        with haproxy(tmp_path, world.node.port, option) as front:
            assert (await deferToThread(patiently, front)).startswith(b"HTTP/1.1 200")
            (ctx,) = world.upstream.requests
            assert ctx.header("X-Real-IP") == "127.0.0.1"
