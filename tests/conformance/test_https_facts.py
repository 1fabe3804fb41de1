"""Routes of https: who is let in over TLS, and who is sent there, as operators of Kong rely on it."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path
from time import sleep
from typing import Any

import pytest
from twisted.internet.threads import deferToThread

from tests.kit.certificates import make_certificate
from tests.kit.scripted_upstream import response
from tests.kit.served import TlsClient, served
from twisted_kong.proxy.client_connection import LINGER

pytestmark = pytest.mark.integration


def tls_files(directory: Path) -> dict[str, Any]:
    """Settings of a listener with ssl and the certificate of s.test."""
    directory.mkdir(exist_ok=True)
    certificate, key = make_certificate("s.test")
    (directory / "cert.pem").write_text(certificate)
    (directory / "key.pem").write_text(key)
    return {
        "proxy_listen": "127.0.0.1:0 ssl",
        "ssl_cert": directory / "cert.pem",
        "ssl_cert_key": directory / "key.pem",
    }


async def test_snis_choose_the_route(tmp_path: Path) -> None:
    """Over TLS a Route with snis takes the requests of those names only; no name is not one of them."""
    async with served(tmp_path, **tls_files(tmp_path / "tls")) as world:
        await world.route("r", protocols=["https"], snis=["s.test", "*.w.test"], paths=["/x"])
        found = []
        for name in ("s.test", "a.w.test", "other.test"):
            client = TlsClient(world.reactor, world.node.port, name)
            found.append((await client.get("/x")).status)
        assert found == [200, 200, 404]
        seen = world.upstream.requests[-1]
        assert seen.header("X-Forwarded-Proto") == "https"
        assert seen.header("X-Forwarded-Port") == str(world.node.port)


async def test_a_route_of_http_is_served_over_tls_too(tmp_path: Path) -> None:
    """``protocols`` keeps plain requests out, never those over TLS."""
    async with served(tmp_path, **tls_files(tmp_path / "tls")) as world:
        await world.route("r", protocols=["http"], paths=["/x"])
        assert (await TlsClient(world.reactor, world.node.port, "s.test").get("/x")).status == 200


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (301, "Moved Permanently"),
        (302, "Moved Temporarily"),
        (307, "Temporary Redirect"),
        (308, "Permanent Redirect"),
    ],
)
async def test_redirects_to_https(tmp_path: Path, status: int, reason: str) -> None:
    """``https_redirect_status_code``: with host, path and query, without the port."""
    async with served(tmp_path) as world:
        await world.route("r", protocols=["https"], paths=["/x"], https_redirect_status_code=status)
        answer = await world.get("/x//y%20?a=%2F", host="H.test:81", method="POST", body=b"a")
        assert (answer.status, answer.reason) == (status, reason)
        assert answer.header("Location") == "https://h.test/x//y%20?a=%2F"


async def test_a_trusted_peer_has_done_tls_already(tmp_path: Path) -> None:
    """X-Forwarded-Proto of a trusted peer counts, and X-Forwarded-Host is where to be sent."""
    async with served(tmp_path, trusted_ips="127.0.0.1") as world:
        await world.route("r", protocols=["https"], paths=["/x"], https_redirect_status_code=301)
        assert (await world.get("/x", headers=[("X-Forwarded-Proto", "https")])).status == 200
        headers = [("X-Forwarded-Proto", "http"), ("X-Forwarded-Host", "fh.test")]
        answer = await world.get("/x", headers=headers)
        assert (answer.status, answer.header("Location")) == (301, "https://fh.test/x")


async def test_https_is_needed_before_plugins_are_asked(tmp_path: Path) -> None:
    """A plain request to a Route of https is told so even if it has no key."""
    async with served(tmp_path) as world:
        await world.route("r", protocols=["https"], paths=["/x"])
        await world.node.admin.create("/routes/r/plugins", {"name": "key-auth", "protocols": ["https"]})
        assert (await world.get("/x")).status == 426


@pytest.mark.parametrize("secure", [False, True])
async def test_a_slow_client_gets_the_whole_of_a_last_answer(tmp_path: Path, secure: bool) -> None:
    """``Connection: close`` ends what comes after, not the answer; and TLS is ended as TLS."""
    body = b"x" * 3_000_000
    async with served(tmp_path, **(tls_files(tmp_path / "tls") if secure else {})) as world:
        world.upstream.script = lambda _: response(200, body)
        await world.route("r", paths=["/x"])
        received, orderly = await deferToThread(_read_slowly, world.node.port, secure)
    assert received > len(body)
    assert orderly


def _read_slowly(port: int, secure: bool) -> tuple[int, bool]:
    """How many bytes come, with a pause that is longer than the gateway lingers; whether the end was one."""
    received = 0
    with socket.socket() as plain:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        plain.connect(("127.0.0.1", port))
        client = plain
        if secure:
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            client = context.wrap_socket(plain, suppress_ragged_eofs=False)
        with client:
            client.sendall(b"GET /x HTTP/1.1\r\nHost: s.test\r\nConnection: close\r\n\r\n")
            try:
                while data := client.recv(65536):
                    if not received:
                        sleep(LINGER + 0.5)
                    received += len(data)
            except OSError:
                return received, False
    return received, True
