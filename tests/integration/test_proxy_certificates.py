"""Certificates of the store as real clients of TLS are shown them: OpenSSL's own, and Python's."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread
from twisted.logger import LogLevel

from tests.kit.certificates import make_certificate
from tests.kit.logs import captured_lines
from tests.kit.running import RunningNode, running_node
from tests.kit.stepped_time import stepped_time
from tests.kit.tls_clients import common_name, trusting

pytestmark = pytest.mark.integration

PATIENCE = 10.0
REQUEST = b"GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"


def settings(directory: Path, **more: object) -> dict[str, Any]:
    """A listener with ssl and the certificate of own.test."""
    certificate, key = make_certificate("own.test")
    files = directory / "own.crt", directory / "own.key"
    for file, text in zip(files, (certificate, key), strict=True):
        file.write_text(text)
    return {"proxy_listen": "127.0.0.1:0 ssl", "ssl_cert": files[0], "ssl_cert_key": files[1], **more}


async def store(node: RunningNode, name: str, *snis: str, **more: object) -> str:
    """Store a certificate for a name, and names that it is shown for; its id."""
    certificate, key = make_certificate(name)
    body = {"cert": certificate, "key": key, "snis": list(snis), **more}
    return str((await node.admin.create("/certificates", body))["id"])


class Client:
    """Python's TLS over a socket, in a thread: the node has this one."""

    def __init__(self, node: RunningNode, context: ssl.SSLContext | None = None) -> None:
        self._port, self.context = node.port, context or trusting()
        self.session: ssl.SSLSession | None = None
        self.resumed = False

    async def shown(self, name: str | None, *, resume: bool = False) -> str:
        """The common name of the certificate that is shown for a server name; a request is answered, too."""
        return str(await deferToThread(self._ask, name, resume))

    def _ask(self, name: str | None, resume: bool) -> str:
        with (
            socket.create_connection(("127.0.0.1", self._port), PATIENCE) as plain,
            self.context.wrap_socket(
                plain, server_hostname=name, session=self.session if resume else None
            ) as secure,
        ):
            secure.sendall(REQUEST)
            assert secure.recv(12) == b"HTTP/1.1 404"
            while secure.recv(4096):
                pass
            self.session, self.resumed = secure.session, bool(secure.session_reused)
            der = secure.getpeercert(binary_form=True)
            assert der is not None
            return common_name(der)


async def test_changes_hold_for_the_next_handshake(tmp_path: Path) -> None:
    """New, changed and removed Certificates and SNIs, without a restart."""
    async with running_node(tmp_path, **settings(tmp_path)) as node:
        client = Client(node)
        assert await client.shown("a.test") == "own.test"
        first = await store(node, "first.test", "a.test")
        assert [await client.shown(name) for name in ("a.test", "b.test", None)] == [
            "first.test",
            "own.test",
            "own.test",
        ]
        certificate, key = make_certificate("second.test")
        await node.admin.patch(f"/certificates/{first}", {"cert": certificate, "key": key})
        assert await client.shown("a.test") == "second.test"
        await node.admin.create("/snis", {"name": "*.a.test", "certificate": {"id": first}})
        assert await client.shown("x.a.test") == "second.test"
        await store(node, "third.test", "*", "x.*")
        assert await client.shown("x.b.test") == "third.test"
        assert await client.shown("x.a.test") == "second.test"
        assert await client.shown("x.example") == "third.test"
        assert (await node.admin.delete(f"/certificates/{first}")).status == 204
        assert await client.shown("a.test") == "third.test"


async def test_an_sni_moves_to_another_certificate(tmp_path: Path) -> None:
    """``PATCH /snis/…`` changes what is shown, and sessions of before are of no use."""
    async with running_node(tmp_path, **settings(tmp_path)) as node:
        client = Client(node, trusting(ssl.TLSVersion.TLSv1_2))
        await store(node, "first.test", "a.test")
        second = await store(node, "second.test")
        assert await client.shown("a.test") == "first.test"
        assert await client.shown("a.test", resume=True) == "first.test"
        assert client.resumed
        await node.admin.patch("/snis/a.test", {"certificate": {"id": second}})
        assert await client.shown("a.test", resume=True) == "second.test"
        assert not client.resumed


@pytest.mark.each_database
async def test_other_nodes_follow(tmp_path: Path) -> None:
    """Through their feed, after ``db_update_propagation`` as every change of others."""
    from twisted.internet import reactor

    async with (
        running_node(tmp_path, "a") as writer,
        stepped_time(reactor) as time,
        running_node(
            tmp_path, "b", reactor=time, **settings(tmp_path, db_update_propagation=2, db_update_frequency=1)
        ) as node,
    ):
        client = Client(node)

        async def until_shown(name: str) -> float:
            passed = 0.0
            while await client.shown("a.test") != name:
                assert passed < PATIENCE
                await step()
                passed += 0.25
            return passed

        async def step() -> None:
            time.advance(0.25)
            await node.after(0.02)

        # What was loaded at the start is loaded once more after the delay.
        for _ in range(12):
            await step()
        assert await client.shown("a.test") == "own.test"
        await store(writer, "first.test", "a.test")
        assert await client.shown("a.test") == "own.test"
        assert 2.0 <= await until_shown("first.test") <= 3.5
        assert (await writer.admin.delete("/snis/a.test")).status == 204
        assert 2.0 <= await until_shown("own.test") <= 3.5


async def test_no_handshake_fails_while_certificates_change(tmp_path: Path) -> None:
    """Each client is shown one that was stored at that time, and is answered."""
    async with running_node(tmp_path, **settings(tmp_path)) as node:
        ids = [await store(node, name) for name in ("first.test", "second.test")]
        await node.admin.create("/snis", {"name": "a.test", "certificate": {"id": ids[0]}})
        client = Client(node)

        async def ask() -> set[str]:
            return {await client.shown("a.test", resume=True) for _ in range(60)}

        shown = Deferred.fromCoroutine(ask())
        changes = 0
        while not shown.called:
            changes += 1
            await node.admin.patch("/snis/a.test", {"certificate": {"id": ids[changes % 2]}})
            certificate, key = make_certificate(f"new{changes % 3}.test")
            await node.admin.patch(f"/certificates/{ids[1]}", {"cert": certificate, "key": key})
        assert await shown <= {"first.test", "second.test", "new0.test", "new1.test", "new2.test"}
        assert changes > 1


async def test_a_client_that_never_says_hello_is_let_go(tmp_path: Path) -> None:
    """After ``client_header_timeout``, with half of its hello or none of it."""
    more = {"nginx_http_client_header_timeout": "1s"}
    async with running_node(tmp_path, **settings(tmp_path, **more)) as node:

        def wait(first: bytes) -> None:
            with socket.create_connection(("127.0.0.1", node.port), PATIENCE) as plain:
                plain.sendall(first)
                with suppress(ConnectionResetError):
                    assert plain.recv(100) == b""

        for first in (b"", b"\x16\3\1\0\xc8\1\0\0"):
            await deferToThread(wait, first)
        assert not node.parts.gateway.connections


async def test_references_lead_to_secrets(tmp_path: Path) -> None:
    """A key in the environment; while it cannot be used our own is shown, and one line is logged."""
    certificate, key = make_certificate("first.test")
    environment = {
        "MY_CERT": certificate,
        "MY_KEY": key,
        "OTHER_CERT": "nonsense",
        "OTHER_KEY": "secret text",
    }
    async with running_node(tmp_path, environment=environment, **settings(tmp_path)) as node:
        await node.admin.create("/vaults", {"name": "env", "prefix": "mine", "config": {"prefix": "my_"}})
        body = {"cert": "{vault://mine/cert}", "key": "{vault://mine/key}", "snis": ["a.test"]}
        made = await node.admin.create("/certificates", body)
        client = Client(node)
        assert await client.shown("a.test") == "first.test"
        await node.admin.patch("/vaults/mine", {"config": {"prefix": "other_"}})
        with captured_lines(LogLevel.error) as lines:
            assert await client.shown("a.test") == "own.test"
            assert await client.shown("a.test") == "own.test"
        assert len(lines) == 1
        assert made["id"] in lines[0]
        assert "secret text" not in lines[0]
        await node.admin.patch("/vaults/mine", {"config": {"prefix": "my_"}})
        assert await client.shown("a.test") == "first.test"


async def test_what_is_known_is_shown_without_the_database(tmp_path: Path) -> None:
    """A handshake asks nobody: also of a Certificate that nobody has asked for before."""
    async with running_node(tmp_path, **settings(tmp_path)) as node:
        await store(node, "first.test", "a.test")
        await node.parts.database.stop()
        assert await Client(node).shown("a.test") == "first.test"


def openssl(*arguments: str) -> str:
    """What ``openssl s_client`` tells of a connection; nothing is verified."""
    done = subprocess.run(
        ["openssl", "s_client", *arguments],
        input="",
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return done.stdout + done.stderr


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
async def test_openssl_is_shown_what_it_asks_for(tmp_path: Path) -> None:
    """By name, and by the kind of key that it can read; sessions are resumed by it under one name only."""
    rsa = tmp_path / "rsa.key", tmp_path / "rsa.crt"
    generate = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=rsa.test", "-days", "2"]
    subprocess.run(
        ["openssl", *generate, "-keyout", rsa[0], "-out", rsa[1]], check=True, capture_output=True, timeout=60
    )
    async with running_node(tmp_path, **settings(tmp_path)) as node:
        alternative = {"cert_alt": rsa[1].read_text(), "key_alt": rsa[0].read_text()}
        await store(node, "first.test", "a.test", **alternative)
        await store(node, "second.test", "b.test")
        place = f"127.0.0.1:{node.port}"

        async def told(name: str, *more: str) -> str:
            return str(await deferToThread(openssl, "-connect", place, "-servername", name, *more))

        assert "CN = first.test" in await told("a.test")
        assert "CN = second.test" in await told("b.test")
        assert "CN = own.test" in await told("c.test")
        assert "CN = own.test" in str(await deferToThread(openssl, "-connect", place, "-noservername"))
        for version in ("-tls1_2", "-tls1_3"):
            assert "CN = rsa.test" in await told("a.test", version, "-sigalgs", "rsa_pss_rsae_sha256")
            assert "CN = first.test" in await told("a.test", version, "-sigalgs", "ecdsa_secp256r1_sha256")
        kept = str(tmp_path / "session")
        assert "New, TLSv1.2" in await told("a.test", "-tls1_2", "-sess_out", kept)
        assert "Reused, TLSv1.2" in await told("a.test", "-tls1_2", "-sess_in", kept)
        assert "New, TLSv1.2" in await told("b.test", "-tls1_2", "-sess_in", kept)
