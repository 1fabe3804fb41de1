"""Tokens of the Admin API on whole nodes, with real HTTP and a database that two of them share."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.kit.certificates import make_certificate
from tests.kit.http_client import HttpClient
from tests.kit.running import RunningNode, running_node
from tests.kit.site import Site, new_site
from tests.kit.waiting import PATIENCE, wait_for

pytestmark = [pytest.mark.integration, pytest.mark.each_database]

ROOT = "a-token-of-kong.conf-with-32-chars"
# Real seconds that a change needs at most to be heard of, where databases tell of it.
SOON = 15.0


@asynccontextmanager
async def guarded(path: Path, name: str, **settings: object) -> AsyncIterator[RunningNode]:
    """A node that asks for tokens, even the one that stands in its configuration."""
    given = {"admin_auth": "token", "admin_token": ROOT, **settings}
    async with running_node(path, name, **given) as node:
        yield node


def client(node: RunningNode, token: str | None = ROOT) -> HttpClient:
    """Somebody with a token, or without one."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return HttpClient(node.reactor, node.admin_port, headers=headers)


async def made(node: RunningNode, name: str, **roles: str) -> str:
    """A new token of a name with roles."""
    answer = await client(node).post("/admin-tokens", {"name": name, "roles": roles})
    assert answer.status == 201, answer.text
    return str(answer.json["token"])


async def test_a_token_may_do_what_its_roles_say(tmp_path: Path) -> None:
    """Over real HTTP: 401 without one, 403 beyond its roles; the Status API never asks."""
    async with guarded(tmp_path, "a", status_listen="127.0.0.1:0") as node:
        assert (await client(node, None).get("/services")).status == 401
        assert (await client(node, "kat_" + "x" * 44).get("/services")).status == 401
        token = await made(node, "ci", services="write")
        assert (await client(node, token).post("/services", {"host": "example.com"})).status == 201
        assert (await client(node, token).get("/routes")).status == 403
        assert (await node.status.get("/status")).status == 200
        changes = (await client(node).get("/cluster/changes")).json["data"]
        assert changes[-1]["author"] == "127.0.0.1 (token ci)"


async def test_another_node_knows_what_became_of_a_token(tmp_path: Path) -> None:
    """A token made on A is good on B, and revoked or rotated on A it is refused by B."""
    async with guarded(tmp_path, "a") as a, guarded(tmp_path, "b", db_update_frequency=60) as b:
        token = await made(a, "ci", services="read")

        async def refused() -> bool:
            return (await client(b, token).get("/services")).status == 401

        async def served() -> bool:
            return not await refused()

        await b.until(served, SOON)
        rotated = (await client(a).post("/admin-tokens/ci/rotate")).json["token"]
        await b.until(refused, SOON)
        token = rotated
        await b.until(served, SOON)
        assert (await client(a).delete("/admin-tokens/ci")).status == 204
        await b.until(refused, SOON)


async def test_a_revocation_can_be_waited_for(tmp_path: Path) -> None:
    """``?wait=cluster`` answers when no node accepts the token any more."""
    async with guarded(tmp_path, "a") as a, guarded(tmp_path, "b") as b:
        token = await made(a, "ci", services="read")
        waited = await client(a).delete("/admin-tokens/ci?wait=cluster")
        assert waited.status == 204, waited.text
        assert (await client(b, token).get("/services")).status == 401


async def test_tokens_outlive_a_restart(tmp_path: Path) -> None:
    """They are in the database, their hashes only: the files of a node do not tell them."""
    async with guarded(tmp_path, "a") as node:
        token = await made(node, "ci", services="read")
    async with guarded(tmp_path, "a", log_level="debug") as node:
        assert (await client(node, token).get("/services")).status == 200
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or token.encode() not in file.read_bytes(), file


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A directory for a node with tokens, of which there are none yet."""
    with new_site(tmp_path) as site:
        site.configure("admin_auth = token\n")
        yield site


def with_token(site: Site, token: str, method: str, path: str, record: object = None) -> int:
    """The status of a request with a token."""
    return site.ask(site.admin_port, method, path, record, {"Kong-Admin-Token": token}).status


def test_the_first_token_comes_from_the_command_line(site: Site) -> None:
    """Made before the node is there or while it runs, and revoked under its eyes."""
    assert site.kong("migrations", "bootstrap", "-c", str(site.conf)).returncode == 0
    made = ("admin-token", "create", "-c", str(site.conf), "--role")
    first = site.kong(*made, "services=write", "--name", "first")
    assert (first.returncode, first.stderr) == (0, "")
    site.serve()
    assert with_token(site, first.stdout.strip(), "POST", "/services", {"host": "example.com"}) == 201
    second = site.kong(*made, "*=write", "--name", "second").stdout.strip()
    wait_for(lambda: with_token(site, second, "GET", "/admin-tokens") == 200)
    listed = site.kong("admin-token", "list", "-c", str(site.conf))
    assert [line.split("\t")[:3] for line in listed.stdout.splitlines()] == [
        ["first", "services=write", "never"],
        ["second", "*=write", "never"],
    ]
    revoked = site.kong("admin-token", "revoke", "-c", str(site.conf), "--name", "first")
    assert revoked.stdout == "Token 'first' revoked\n"
    wait_for(lambda: with_token(site, first.stdout.strip(), "GET", "/services") == 401)


@pytest.mark.sqlite
def test_an_open_admin_api_is_refused(site: Site) -> None:
    """By check, by start and by twistd alike, with the listener and the ways out."""
    site.configure(f"admin_listen = 0.0.0.0:{site.admin_port}\n")
    text = f"admin_listen: 0.0.0.0:{site.admin_port} can be reached from other machines"
    for done in (
        site.kong("check", str(site.conf)),
        site.kong("start", "-c", str(site.conf)),
        site.twistd("-c", str(site.conf)),
    ):
        assert done.returncode == 1
        assert text in done.stderr
    site.configure(f"admin_listen = 0.0.0.0:{site.admin_port}\nadmin_auth = token\n")
    assert site.kong("check", str(site.conf)).returncode == 0
    site.serve()
    assert site.admin("GET", "/").status == 401


class Mutual:
    """A client that shows a certificate, or none, over TLS."""

    def __init__(self, site: Site, certificate: Path | None) -> None:
        self._port = site.admin_port
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._context.check_hostname, self._context.verify_mode = False, ssl.CERT_NONE
        if certificate is not None:
            self._context.load_cert_chain(certificate)

    def ask(self, method: str, path: str, record: Any = None, **headers: str) -> tuple[int, Any]:
        """The status and JSON of an answer."""
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self._port, context=self._context, timeout=PATIENCE
        )
        try:
            body = None if record is None else json.dumps(record)
            kind = {} if body is None else {"Content-Type": "application/json"}
            connection.request(method, path, body, {**headers, **kind})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()


@pytest.mark.sqlite
@pytest.mark.parametrize("auth", ["off", "token"])
def test_certificates_protect_and_name_the_author(site: Site, auth: str) -> None:
    """Beyond loopback certificates are enough; with tokens both are asked for and told of."""
    cert, key = make_certificate("alice.ops")
    certificate = site.directory / "alice.pem"
    certificate.write_text(cert + key)
    (site.directory / "ca.pem").write_text(cert)
    site.configure(
        f"admin_listen = 0.0.0.0:{site.admin_port} ssl\n"
        "nginx_admin_ssl_verify_client = on\n"
        f"nginx_admin_ssl_client_certificate = {site.directory}/ca.pem\n"
        f"admin_auth = {auth}\nadmin_token = {ROOT}\n"
    )
    assert site.kong("check", str(site.conf)).returncode == 0
    site.serve()
    with pytest.raises((ssl.SSLError, ConnectionError, http.client.HTTPException)):
        Mutual(site, None).ask("GET", "/services")
    alice, token = Mutual(site, certificate), {} if auth == "off" else {"Kong-Admin-Token": ROOT}
    if auth == "token":
        assert alice.ask("GET", "/services")[0] == 401
    assert alice.ask("POST", "/services", {"host": "example.com"}, **token)[0] == 201
    author = alice.ask("GET", "/cluster/changes", **token)[1]["data"][-1]["author"]
    whose = "certificate alice.ops" if auth == "off" else "token of kong.conf, certificate alice.ops"
    assert author == f"127.0.0.1 ({whose})"
