"""A node whose ``router_flavor`` is ``expressions``, over its Admin API and through the proxy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.kit.running import running_node
from tests.kit.served import Served, served

pytestmark = [pytest.mark.integration, pytest.mark.each_database]

ALL: dict[str, Any] = {"allow_debug_header": True, "router_flavor": "expressions"}


async def route(world: Served, name: str, expression: str, **fields: Any) -> dict[str, Any]:
    return await world.route(name, expression=expression, **fields)


async def test_fields_of_a_request(tmp_path: Path) -> None:
    """Method, host, path, headers, arguments and addresses decide, as the expression says."""
    async with served(tmp_path, **ALL) as world:
        await route(world, "path", 'http.path ^= "/p" && http.method == "GET"')
        await route(world, "host", 'http.host =^ ".h.test" && net.dst.port == 8123')
        await route(world, "header", 'any(lower(http.headers.x_kind)) == "blue" && http.path == "/x"')
        await route(world, "query", 'any(http.queries.a) == "1 2"')
        await route(world, "segments", 'http.path.segments.1_2 == "b/c" && http.path.segments.len == 4')
        await route(
            world, "source", 'net.src.ip in 127.0.0.0/8 && net.dst.ip == 127.0.0.1 && http.path == "/s"'
        )
        await route(world, "secure", 'net.protocol == "https" && http.path == "/t"')
        assert await world.chosen("/p/q") == "path"
        assert await world.chosen("/p/q", method="PUT") is None
        assert await world.chosen("/", host="a.h.test:8123") == "host"
        assert await world.chosen("/", host="a.h.test") is None
        assert await world.chosen("/x", headers=[("X-Kind", "red"), ("X-Kind", "BLUE")]) == "header"
        assert await world.chosen("/x", headers=[("X-Kind", "red")]) is None
        assert await world.chosen("/y?b=0&a=1+2") == "query"
        assert await world.chosen("/y?a=1") is None
        assert await world.chosen("/a/b/c/d") == "segments"
        assert await world.chosen("/s") == "source"
        assert await world.chosen("/t") is None


async def test_priorities_and_changes(tmp_path: Path) -> None:
    """The higher priority wins; a change counts from the answer on."""
    async with served(tmp_path, **ALL) as world:
        await world.route("attributes", paths=["/a/very/long"], methods=["GET"])
        first = await route(world, "first", 'http.path ^= "/a"', priority=1)
        second = await route(world, "second", 'http.path ^= "/a"', priority=2)
        admin = world.node.admin
        assert await world.chosen("/a/very/long") == "second"
        await admin.patch(f"/routes/{second['id']}", {"priority": 0})
        assert await world.chosen("/a/very/long") == "first"
        await admin.patch(f"/routes/{first['id']}", {"expression": 'http.path ^= "/b"'})
        assert await world.chosen("/a/very/long") == "second"
        assert await world.chosen("/b") == "first"
        await admin.delete(f"/routes/{second['id']}")
        assert await world.chosen("/a/very/long") == "attributes"


async def test_the_prefix_is_stripped(tmp_path: Path) -> None:
    """What ``^=``, ``==`` or an anchored regex matched of the path is taken off, and told."""
    async with served(tmp_path, service={"path": "/s"}, **ALL) as world:
        await route(world, "prefix", 'http.path ^= "/pre"')
        await route(world, "regex", r'http.path ~ "^/re/(?<id>\\d+)"')
        await route(world, "host", 'http.host == "h.test"')
        await route(world, "kept", 'http.path ^= "/keep"', strip_path=False)
        seen = await world.seen("/pre/x")
        assert seen.target == "/s/x"
        assert seen.header("x-forwarded-prefix") == "/pre"
        seen = await world.seen("/re/12/x")
        assert seen.target == "/s/x"
        assert seen.header("x-forwarded-prefix") == "/re/12"
        assert (await world.seen("/y", host="h.test")).target == "/s/y"
        assert (await world.seen("/keep/x")).target == "/s/keep/x"


async def test_https_alone_is_told_to_plain_requests(tmp_path: Path) -> None:
    """A Route for https finds plain requests, to send them there."""
    async with served(tmp_path, **ALL) as world:
        await route(world, "secure", 'http.path ^= "/s"', protocols=["https"], https_redirect_status_code=301)
        answer = await world.get("/s", host="h.test")
        assert (answer.status, answer.header("location")) == (301, "https://h.test/s")


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"expression": "()"}, "Router Expression failed validation:  --> 1:2\n  |\n1 | ()\n"),
        ({"expression": "http.path == 1"}, "Router Expression failed validation: Type mismatch between"),
        (
            {"expression": 'http.path == "/"', "paths": ["/"]},
            "cannot set 'expression' with 'methods', 'hosts'",
        ),
        ({"paths": ["/"], "priority": 1}, "cannot set 'priority' with 'methods', 'hosts'"),
        ({}, "must set one of 'methods', 'hosts', 'headers', 'paths', 'snis', 'expression' when"),
    ],
)
async def test_what_cannot_be_run_is_refused(tmp_path: Path, fields: dict[str, Any], problem: str) -> None:
    """The Admin API answers 400 with the reason."""
    async with served(tmp_path, **ALL) as world:
        answer = await world.node.admin.post("/routes", fields)
        assert answer.status == 400
        body = answer.json
        assert body["name"] == "schema violation"
        assert problem in body["fields"]["@entity"][0]


async def test_the_schema_is_shown(tmp_path: Path) -> None:
    """``/schemas/routes`` has both fields, and judges expressions."""
    async with served(tmp_path, **ALL) as world:
        shown = (await world.node.admin.get("/schemas/routes")).json
        fields = {name: shape for field in shown["fields"] for name, shape in field.items()}
        assert fields["expression"]["type"] == "string"
        assert fields["priority"]["between"] == [0, 70368744177663]
        answer = await world.node.admin.post("/schemas/routes/validate", {"expression": 'http.path == "/"'})
        assert answer.status == 200


async def test_a_form(tmp_path: Path) -> None:
    """Expressions may come as the field of a form."""
    async with served(tmp_path, **ALL) as world:
        answer = await world.node.admin.post(
            "/services/svc/routes",
            body=b"name=form&expression=http.path+%3D%3D+%22%2Ff%22&priority=7",
            headers=[("Content-Type", "application/x-www-form-urlencoded")],
        )
        assert (answer.status, answer.json["priority"]) == (201, 7)
        assert await world.chosen("/f") == "form"


async def test_another_flavour_leaves_expressions_alone(tmp_path: Path) -> None:
    """A Route with an expression is none that takes everything for a node of the default flavour."""
    async with served(tmp_path, **ALL) as world:
        await route(world, "only", 'http.path == "/only"', tags=["t"])
        await world.route("attributes", paths=["/p"])
    async with running_node(tmp_path, allow_debug_header=True) as node:
        shown = await node.proxy.get("/only", headers=[("Kong-Debug", "1")])
        assert (shown.status, shown.header("Kong-Route-Name")) == (404, None)
        assert (await node.proxy.get("/p", headers=[("Kong-Debug", "1")])).header(
            "Kong-Route-Name"
        ) == "attributes"
        assert (await node.admin.get("/routes/only")).status == 200
        assert (await node.admin.patch("/routes/attributes", {"tags": ["u"]})).status == 200
    async with running_node(tmp_path, **ALL) as node:
        shown = await node.proxy.get("/only", headers=[("Kong-Debug", "1")])
        assert shown.header("Kong-Route-Name") == "only"
        assert (await node.admin.get("/routes/attributes")).json["priority"] == 0


@pytest.mark.sqlite
def test_the_parser_is_loaded_only_where_it_is_used() -> None:
    """Who does not use expressions pays nothing for them: 0.1 s of every start."""
    code = "import sys, twisted_kong.service.build; print('lark' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
