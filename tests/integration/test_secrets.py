"""Secrets of entities: where they come from, and that they stay where they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from twisted.logger import ILogObserver, LogEvent, LogLevel, globalLogPublisher
from zope.interface import implementer

from tests.kit.certificates import make_certificate
from tests.kit.http_client import Answer
from tests.kit.logs import captured_lines
from tests.kit.planting import SECRET, Planting, found_in
from tests.kit.running import RunningNode, running_node
from tests.kit.scripted_upstream import response, scripted_upstream
from twisted_kong.core.schema.secrecy import has_secret_name
from twisted_kong.node.error_log import format_line

pytestmark = [pytest.mark.integration, pytest.mark.each_database]

RECORDED = Path(__file__).parents[1] / "conformance" / "data" / "plugins.jsonl"


def redis_password(node: RunningNode) -> str:
    """What rate-limiting would give to Redis."""
    (row,) = node.parts.state.plugins.plan.all_rows()
    return str(row["config"]["redis"]["password"])


async def test_a_plugin_gets_the_secret_that_it_refers_to(tmp_path: Path) -> None:
    """The Admin API shows the reference; the Vault's changes are followed before they are answered."""
    environment = {"MY_REDIS": '{"password": "first"}', "OTHER_REDIS": '{"password": "second"}'}
    reference = "{vault://mine/redis/password}"
    async with running_node(tmp_path, environment=environment) as node:
        vault = {"name": "env", "prefix": "mine", "config": {"prefix": "my_"}}
        await node.admin.create("/vaults", vault)
        config = {"minute": 5, "policy": "local", "redis": {"password": reference}}
        made = await node.admin.create("/plugins", {"name": "rate-limiting", "config": config})
        assert made["config"]["redis"]["password"] == reference
        assert redis_password(node) == "first"
        await node.admin.patch("/vaults/mine", {"config": {"prefix": "other_"}})
        assert redis_password(node) == "second"
        with captured_lines(LogLevel.warn) as lines:
            assert (await node.admin.delete("/vaults/mine")).status == 204
        assert redis_password(node) == ""
        assert lines == [
            f"unable to resolve reference {reference} of plugins {made['id']}: there is no vault 'mine'"
        ]
        shown = (await node.admin.get(f"/plugins/{made['id']}")).json
        assert shown["config"]["redis"]["password"] == reference


async def test_a_certificate_may_be_in_the_environment(tmp_path: Path) -> None:
    """Nothing of it is judged until it is used."""
    cert, key = make_certificate("client.test")
    references = {"cert": "{vault://env/cert}", "key": "{vault://env/key}"}
    async with running_node(tmp_path, environment={"CERT": cert, "KEY": key}) as node:
        made = await node.admin.create("/certificates", references)
        assert (made["cert"], made["key"]) == (references["cert"], references["key"])
        pair = node.parts.state.certificates.pair_of(made["id"])
        assert pair is not None
        assert (pair.certificate, pair.key) == (cert.encode(), key.encode())
        with captured_lines(LogLevel.warn) as lines:
            await node.admin.patch(f"/certificates/{made['id']}", {"key": "{vault://env/none}"})
        assert node.parts.state.certificates.pair_of(made["id"]) is None
        assert "environment variable NONE is not set" in lines[0]


async def test_another_node_resolves_by_its_own_environment(tmp_path: Path) -> None:
    """What is shared is the reference."""
    config = {"minute": 5, "redis": {"password": "{vault://env/redis}"}}
    async with (
        running_node(tmp_path, "a", environment={"REDIS": "of a"}, db_update_frequency=0.05) as one,
        running_node(tmp_path, "b", environment={"REDIS": "of b"}, db_update_frequency=0.05) as two,
    ):
        await one.admin.create("/plugins", {"name": "rate-limiting", "config": config})
        await two.until(lambda: two.parts.state.plugins.plugins)
        assert (redis_password(one), redis_password(two)) == ("of a", "of b")


class Watched:
    """A node whose logs and outputs are looked through."""

    def __init__(self, node: RunningNode, directory: Path, events: list[str]) -> None:
        self.node, self.directory, self.events = node, directory, events
        self.planting = Planting()
        self.statuses: dict[int, int] = {}

    async def request(self, method: str, path: str, body: Any = None) -> Answer:
        """Ask; whatever the answer is, it is counted."""
        answer = await self.node.admin.request(method, path, json=body)
        self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1
        assert answer.status < 500, (method, path, answer.body)
        return answer

    async def outputs(self) -> dict[str, str]:
        """All that is said besides the entities themselves."""
        said = {"events": "\n".join(self.events)}
        for path in (
            "/",
            "/cache?size=1000",
            "/status",
            "/cluster",
            "/cluster/changes?limit=1000",
            "/timers",
        ):
            answer = await self.node.admin.get(path)
            assert answer.status == 200, path
            said[path] = json.dumps(answer.json, indent=1)
        said["/metrics"] = (await self.node.status.get("/metrics")).text
        self.node.kong.reopen_logs()
        for log in ("admin.log", "status.log"):
            said[log] = (self.directory / log).read_text()
        return said


def holding_secrets(directory: Path) -> list[Path]:
    """The files below a directory that hold what was planted."""
    files = [path for path in directory.rglob("*") if path.is_file()]
    return [path for path in files if SECRET.encode() in path.read_bytes()]


@contextmanager
def all_events() -> Iterator[list[str]]:
    """Whatever is logged in the block, at any level, as the error log would have it."""
    lines: list[str] = []

    @implementer(ILogObserver)
    def observe(event: LogEvent) -> None:
        lines.append(format_line(event, 1))

    globalLogPublisher.addObserver(observe)
    try:
        yield lines
    finally:
        globalLogPublisher.removeObserver(observe)


def recorded_plugins() -> dict[str, dict[str, Any]]:
    """A configuration of each plugin, as far as Kong was seen to accept one."""
    found: dict[str, dict[str, Any]] = {}
    for line in RECORDED.read_text().splitlines():
        exchange = json.loads(line)
        body = exchange["request"]["body"]
        if exchange["response"]["status"] == 201 and isinstance(body, dict) and "config" in body:
            found.setdefault(body["name"], body["config"])
    return found


async def plant_plugins(world: Watched) -> None:
    """Configure every plugin with secrets: acceptably, with what others do not accept, and badly."""
    schema = world.node.parts.database["plugins"].schema
    configs = recorded_plugins()
    for name in schema.definitions[1]:
        fields = schema.definitions[1][name]["fields"]["config"]["fields"]
        config = configs.get(name, {})
        for body in (
            {"name": name, "config": world.planting.planted("plugins", fields, config)},
            {"name": name, "config": world.planting.planted("plugins", fields, {}), "protocols": ["tcp"]},
            {"name": name, "config": {**world.planting.planted("plugins", fields, {}), "no": "field"}},
        ):
            await world.request("POST", "/plugins", body)
            await world.request("POST", "/schemas/plugins/validate", body)
            await world.request("PUT", "/plugins/11111111-1111-4111-8111-111111111111", body)
            await world.request("DELETE", "/plugins/11111111-1111-4111-8111-111111111111")


async def plant_kinds(world: Watched) -> None:
    """Send every collection secrets, with too little beside them."""
    for name, dao in world.node.parts.database.daos.items():
        if name == "plugins" or not dao.schema.generate_admin_api:
            continue
        path = f"/{dao.schema.admin_api_name}"
        record = world.planting.planted(name, dao.schema.definitions[0]["fields"], {})
        name_in_path = world.planting.secret() if has_secret_name(dao.schema) else "somebody"
        for body in (record, {**record, "no": "field"}, record):
            await world.request("POST", path, body)
            await world.request("PUT", f"{path}/{name_in_path}", body)
            await world.request("PATCH", f"{path}/{name_in_path}", body)
        await world.request("GET", f"{path}/{name_in_path}?apikey={world.planting.secret()}")
        await world.request("DELETE", f"{path}/{name_in_path}")


CREDENTIALS: dict[str, dict[str, Any]] = {
    "basic-auth": {"username": "u", "password": None},
    "key-auth": {"key": None},
    "hmac-auth": {"username": "u", "secret": None},
    "jwt": {"key": None, "secret": None},
    "oauth2": {"name": "app", "client_id": None, "client_secret": None, "redirect_uris": ["http://a.test"]},
}


async def plant_credentials(world: Watched) -> list[str]:
    """Credentials of a Consumer, also twice and under their own names; the keys of key-auth."""
    await world.node.admin.create("/consumers", {"username": "jack"})
    keys = []
    for kind, template in CREDENTIALS.items():
        body = {name: world.planting.secret() if value is None else value for name, value in template.items()}
        path = f"/consumers/jack/{kind}"
        assert (await world.request("POST", path, body)).status == 201, kind
        assert (await world.request("POST", path, body)).status == 409, kind
        key = str(body.get("key") or body.get("client_id") or body["username"])
        for method in ("GET", "PATCH", "PUT"):
            await world.request(method, f"{path}/{key}", None if method == "GET" else {**body, "no": 1})
        if kind == "key-auth":
            keys.append(key)
            await world.request("GET", f"/key-auths/{key}/consumer")
    return keys


async def test_secrets_turn_up_nowhere_but_in_their_entities(tmp_path: Path) -> None:
    """In no log and no other output, whether what was sent with them was good or bad."""
    from twisted.internet import reactor

    environment = {"REDIS": f"{SECRET}resolved"}
    settings: dict[str, Any] = {
        name: tmp_path / f"{name[:-11]}.log" for name in ("admin_access_log", "status_access_log")
    }
    with all_events() as events:
        async with (
            scripted_upstream(reactor, lambda _: response(200, b"")) as upstream,
            running_node(
                tmp_path, environment=environment, status_listen="127.0.0.1:0", log_level="debug", **settings
            ) as node,
        ):
            world = Watched(node, tmp_path, events)
            (key,) = await plant_credentials(world)
            await node.admin.create("/services", {"name": "s", "url": upstream.url})
            await node.admin.create("/services/s/routes", {"paths": ["/s"]})
            await node.admin.create("/services/s/plugins", {"name": "key-auth"})
            config = {"minute": 5, "policy": "local", "redis": {"password": "{vault://env/redis}"}}
            await node.admin.create("/services/s/plugins", {"name": "rate-limiting", "config": config})
            await node.proxy.get("/s", headers={"apikey": key})
            await node.proxy.get("/s", headers={"apikey": world.planting.secret()})
            await node.admin.get(f"/cache/keyauth_credentials:{key}:::::")
            await node.status.get(f"/status?token={world.planting.secret()}")
            await plant_plugins(world)
            await plant_kinds(world)
            said = await world.outputs()
            assert [path for path in holding_secrets(tmp_path) if path.stat().st_mode & 0o077] == []
        said["events"] = "\n".join(events)
    assert {name: found_in(text) for name, text in said.items() if found_in(text)} == {}
    assert "/key-auths/******" in said["admin.log"]
    assert "keyauth_credentials:******" in said["/cache?size=1000"]
    assert world.statuses[201] > 20
    assert world.statuses[400] > 100
