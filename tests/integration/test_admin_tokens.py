"""Tokens of the Admin API on whole nodes, with real HTTP and a database that two of them share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.kit.http_client import HttpClient
from tests.kit.running import RunningNode, running_node
from tests.kit.site import Site, new_site
from tests.kit.waiting import wait_for

pytestmark = [pytest.mark.integration, pytest.mark.each_database]

ROOT = "a-token-of-kong.conf-with-32-chars"
# Real seconds that a change needs at most to be heard of, where databases tell of it.
SOON = 5.0


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
