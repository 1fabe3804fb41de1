"""Whole configurations on whole nodes: real HTTP, real commands, both kinds of database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from twisted.internet.defer import Deferred

from tests.kit.running import running_node
from tests.kit.site import Site, new_site
from tests.kit.waiting import wait_for

pytestmark = [pytest.mark.integration, pytest.mark.each_database]

YAML = {"Content-Type": "application/yaml"}


def document(count: int) -> dict[str, Any]:
    """So many entities, a fifth of each kind."""
    some = range(count // 5)
    return {
        "_format_version": "3.0",
        "services": [
            {
                "name": f"s{n}",
                "host": "example.com",
                "routes": [{"name": f"r{n}", "paths": [f"/path-{n}"]}],
                "plugins": [{"name": "request-termination", "config": {"status_code": 418}}],
            }
            for n in some
        ],
        "consumers": [{"username": f"u{n}", "keyauth_credentials": [{"key": f"key-{n}"}]} for n in some],
    }


async def test_two_thousand_entities_while_requests_are_served(tmp_path: Path) -> None:
    """One transaction, one position; the node serves before, meanwhile and after, and the other follows."""
    async with running_node(tmp_path, "a") as node, running_node(tmp_path, "b") as other:
        before = str(await node.parts.database.log.head())
        text = yaml.dump(document(2000), Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper))
        importing = Deferred.fromCoroutine(
            node.admin.post("/config?wait=cluster", body=text.encode(), headers=YAML)
        )
        states = set()
        while not importing.called:
            assert (await node.proxy.get("/path-399")).status in (404, 418)
            states.add((await node.admin.get("/config/progress")).json["state"])
        answer = await importing
        assert answer.status == 201, answer.text[:500]
        kinds = ("services", "routes", "plugins", "consumers", "keyauth_credentials")
        assert {kind: len(rows) for kind, rows in answer.json.items()} == dict.fromkeys(kinds, 400)
        assert "running" in states
        for each in (node, other):
            assert (await each.proxy.get("/path-399")).status == 418
        changes = (await node.admin.get(f"/cluster/changes?after={before}&size=1000")).json["data"]
        assert len({change["at"] for change in changes}) == 1
        assert answer.header("x-kong-position").split("-")[0] == str(int(before.split("-")[0]) + 2000)
        again = await node.admin.post("/config?mode=sync&check_hash=1", body=text.encode(), headers=YAML)
        assert again.status == 304


async def test_what_differs_is_told_to_a_get_with_a_body(tmp_path: Path) -> None:
    """And to a POST; nothing is written by either."""
    async with running_node(tmp_path) as node:
        assert (await node.admin.post("/config", document(10))).status == 201
        position = str(await node.parts.database.log.head())
        wanted = document(10)
        wanted["services"][0]["host"] = "other.example"
        wanted["consumers"].pop()
        for method in ("GET", "POST"):
            answer = await node.admin.request(method, "/diff", json=wanted)
            assert answer.status == 200
            assert answer.json["summary"] == {"create": 0, "update": 1, "delete": 2}
        assert str(await node.parts.database.log.head()) == position
        assert (await node.admin.post("/config?mode=sync", wanted)).status == 201
        assert (await node.admin.request("GET", "/diff", json=wanted)).json["in_sync"] is True


async def test_a_second_import_is_sent_away(tmp_path: Path) -> None:
    """Kong: 429, and when to try again; one at a time is enough."""
    async with running_node(tmp_path) as node:
        first = Deferred.fromCoroutine(node.admin.post("/config", document(1000)))

        async def running() -> bool:
            return bool((await node.admin.get("/config/progress")).json["state"] == "running")

        await node.until(running)
        second = await node.admin.post("/config", document(5))
        assert (second.status, second.header("retry-after")) == (429, "2")
        assert second.json == {"message": "Currently loading previous configuration"}
        assert (await first).status == 201


async def test_a_refused_document_leaves_no_trace(tmp_path: Path) -> None:
    """However many good entities come before the bad one."""
    async with running_node(tmp_path) as node:
        position = str(await node.parts.database.log.head())
        bad = document(1000)
        bad["routes"] = [{"name": "bad", "paths": ["/"], "service": "nobody"}]
        answer = await node.admin.post("/config", bad)
        assert answer.status == 400
        assert "no such entry in 'services'" in answer.json["message"]
        assert str(await node.parts.database.log.head()) == position


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A directory with a configuration."""
    with new_site(tmp_path) as site:
        yield site


def test_commands_while_a_node_runs(site: Site) -> None:
    """What ``db_import`` writes the node follows; what ``db_export`` reads is the same."""
    site.serve()
    file = site.directory / "in.yml"
    file.write_text(json.dumps(document(50)))
    assert site.kong("config", "parse", str(file), "-c", str(site.conf)).stdout == "parse successful\n"
    done = site.kong("config", "db_import", str(file), "-c", str(site.conf))
    assert (done.returncode, done.stdout) == (0, "parse successful, beginning import\nimport successful\n")
    wait_for(lambda: site.proxy("/path-9").status == 418)
    assert (
        site.admin("GET", "/cluster/changes?size=1000").json["data"][-1]["author"] == "kong config db_import"
    )
    out = site.directory / "out.yml"
    assert site.kong("config", "db_export", str(out), "-c", str(site.conf)).returncode == 0
    exported = yaml.safe_load(out.read_text())
    assert len(exported["routes"]) == 10
    assert site.admin("POST", "/diff", exported).json["in_sync"] is True
    refused = site.kong("config", "db_export", str(out), "-c", str(site.conf))
    assert refused.returncode == 1
    assert "already exists" in refused.stderr
