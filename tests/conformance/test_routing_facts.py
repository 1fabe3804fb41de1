"""Which Route takes a request, and which path its Service is asked for, as operators of Kong rely on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.kit.served import Served, served

pytestmark = pytest.mark.integration

ALL: dict[str, Any] = {"allow_debug_header": True}


async def routes(world: Served, **kinds: dict[str, Any]) -> None:
    """Make Routes by name."""
    for name, fields in kinds.items():
        await world.route(name, **fields)


async def test_more_kinds_of_attributes_win(tmp_path: Path) -> None:
    """A Route that asks for more kinds of things wins over one with a longer path."""
    async with served(tmp_path, **ALL) as world:
        await routes(
            world,
            path={"paths": ["/a/long/path"]},
            host={"paths": ["/a"], "hosts": ["h.test"]},
            method={"paths": ["/a"], "hosts": ["h.test"], "methods": ["PUT"]},
            header={"paths": ["/"], "hosts": ["h.test"], "methods": ["PUT"], "headers": {"x-v": ["1"]}},
        )
        assert await world.chosen("/a/long/path") == "path"
        assert await world.chosen("/a/long/path", host="h.test") == "host"
        assert await world.chosen("/a/long/path", host="h.test", method="PUT") == "method"
        headers = [("X-V", "1")]
        assert await world.chosen("/a/long/path", host="h.test", method="PUT", headers=headers) == "header"


async def test_the_order_within_the_same_kinds(tmp_path: Path) -> None:
    """Plain hosts before wildcards, then more headers, then regexes by their priority, then longer paths."""
    async with served(tmp_path, **ALL) as world:
        await routes(
            world,
            wild={"hosts": ["*.h.test"], "paths": ["/x/y/z"]},
            plain={"hosts": ["a.h.test"], "paths": ["/x"]},
            one={"headers": {"x-a": ["1"]}, "paths": ["/p/q/r"]},
            two={"headers": {"x-a": ["1"], "x-b": ["1"]}, "paths": ["/p"]},
            regex={"paths": ["~/r/\\d+"]},
            regex_first={"paths": ["~/r/1"], "regex_priority": 7},
            longer={"paths": ["/r/12/and/more"]},
            short={"paths": ["/l"]},
            long={"paths": ["/l/m"]},
        )
        assert await world.chosen("/x/y/z", host="a.h.test") == "plain"
        assert await world.chosen("/x/y/z", host="b.h.test") == "wild"
        assert await world.chosen("/p/q/r", headers=[("X-A", "1"), ("X-B", "1")]) == "two"
        assert await world.chosen("/p/q/r", headers=[("X-A", "1")]) == "one"
        assert await world.chosen("/r/12/and/more") == "regex_first"
        assert await world.chosen("/r/22/and/more") == "regex"
        assert await world.chosen("/l/m/n") == "long"
        assert await world.chosen("/l/mm") == "long"
        assert await world.chosen("/l/n") == "short"


async def test_a_route_with_some_plain_hosts_and_a_wildcard_counts_as_wildcard(tmp_path: Path) -> None:
    """Only a Route all of whose hosts are plain has the advantage of plain hosts."""
    async with served(tmp_path, **ALL) as world:
        await routes(
            world,
            mixed={"hosts": ["a.test", "*.b.test"], "paths": ["/x/y"]},
            plain={"hosts": ["a.test"], "paths": ["/x"]},
        )
        assert await world.chosen("/x/y", host="a.test") == "plain"


async def test_headers(tmp_path: Path) -> None:
    """Any of the values, in any case, in any of several lines; ``~*`` is a regex of the lower-case value."""
    async with served(tmp_path, **ALL) as world:
        await routes(
            world,
            values={"headers": {"x-v": ["One", "two"]}},
            regex={"headers": {"x-r": ["~*^v[0-9]+$"]}},
            both={"headers": {"x-m": ["a"], "x-n": ["b"]}},
        )
        assert await world.chosen("/", headers=[("X-v", "ONE")]) == "values"
        assert await world.chosen("/", headers=[("X-V", "no"), ("x-v", "two")]) == "values"
        assert await world.chosen("/", headers=[("X-V", "one, two")]) is None
        assert await world.chosen("/", headers=[("X-R", "V12")]) == "regex"
        assert await world.chosen("/", headers=[("X-R", "v")]) is None
        assert await world.chosen("/", headers=[("X-M", "a")]) is None


async def test_methods_are_exact(tmp_path: Path) -> None:
    """A Route for GET is none for HEAD; methods of one's own are methods too."""
    async with served(tmp_path, **ALL) as world:
        await routes(world, get={"methods": ["GET"]}, own={"methods": ["PURGE"]})
        assert await world.chosen("/") == "get"
        assert await world.chosen("/", method="HEAD") is None
        assert await world.chosen("/", method="PURGE") == "own"


async def test_a_port_in_a_host(tmp_path: Path) -> None:
    """A host with a port wants that port: of the Host header, or else of the listener."""
    async with served(tmp_path, **ALL) as world:
        here = world.node.port
        await routes(
            world,
            other={"hosts": ["p.test:8080"]},
            here={"hosts": [f"l.test:{here}"]},
            wild={"hosts": ["*.w.test:8080"]},
        )
        assert await world.chosen("/", host="p.test:8080") == "other"
        assert await world.chosen("/", host="p.test") is None
        assert await world.chosen("/", host="l.test") == "here"
        assert await world.chosen("/", host=f"l.test:{here}") == "here"
        assert await world.chosen("/", host="a.w.test:8080") == "wild"
        assert await world.chosen("/", host="a.w.test:81") is None


async def test_snis_do_not_keep_plain_requests_out(tmp_path: Path) -> None:
    """A Route with snis takes any plain request that fits otherwise, so that it can be sent to https."""
    async with served(tmp_path, **ALL) as world:
        await routes(world, tls={"protocols": ["https"], "snis": ["s.test"], "paths": ["/x"]})
        assert (await world.get("/x")).status == 426


async def test_the_longest_of_its_paths_is_stripped(tmp_path: Path) -> None:
    """Of several paths of a Route the longest that matches is taken, and stripped."""
    async with served(tmp_path) as world:
        await world.route("r", paths=["/a", "/a/b"])
        assert (await world.seen("/a/b/c")).target == "/c"
        assert (await world.seen("/a/c")).target == "/c"
        assert (await world.seen("/a/bc")).target == "/c"


async def test_what_a_regex_matched_is_stripped(tmp_path: Path) -> None:
    """With a regex, strip_path takes away what it matched, which is told in X-Forwarded-Prefix."""
    async with served(tmp_path, service={"path": "/base"}) as world:
        await world.route("r", paths=["~/v\\d+/x"])
        seen = await world.seen("/v12/x/rest?q=1")
        assert (seen.target, seen.header("X-Forwarded-Prefix")) == ("/base/rest?q=1", "/v12/x")


@pytest.mark.parametrize(
    ("route", "request_path", "expected"),
    [
        ("/a", "/a../b", "/base/b"),
        ("/a", "/a./b", "/base/b"),
        ("/a", "/a..", "/base"),
        ("/a", "/a?", "/base?"),
        ("/a", "/a?x=/../%2e", "/base?x=/../%2e"),
        ("/a", "/a/%e4%b8%ad%20", "/base/%E4%B8%AD%20"),
        ("/a", '/a/"<>^`{|}', "/base/%22%3C%3E%5E%60%7B%7C%7D"),
        ("/a", "/a/%2f%3f%25", "/base/%2F%3F%25"),
        ("/a", "/a/b/../../a/c", "/base/c"),
        ("/", "/", "/base"),
        ("/", "/x", "/base/x"),
    ],
)
async def test_corners_of_the_upstream_path(
    tmp_path: Path, route: str, request_path: str, expected: str
) -> None:
    """Dots, slashes and escapes: what the Service is asked for below its own path."""
    async with served(tmp_path, service={"path": "/base"}) as world:
        await world.route("r", paths=[route])
        assert (await world.seen(request_path)).target == expected


@pytest.mark.parametrize(
    ("service", "route", "handling", "strip", "expected"),
    [
        ("/s", "/fv1", "v0", True, "/s/req"),
        ("/s", "/fv1", "v0", False, "/s/fv1/req"),
        ("/s/", "/fv1/", "v0", True, "/s/req"),
        ("/s", "/fv1/", "v0", True, "/s/req"),
        ("/s", "/fv1/", "v1", True, "/sreq"),
        ("/s", "/fv1", "v1", True, "/s/req"),
        ("/s/", "/fv1", "v1", True, "/s/req"),
        ("/s", "/fv1", "v1", False, "/sfv1/req"),
        ("/s/", "/fv1", "v1", False, "/s/fv1/req"),
    ],
)
async def test_path_handling_of_the_traditional_router(
    tmp_path: Path, service: str, route: str, handling: str, strip: bool, expected: str
) -> None:
    """``router_flavor = traditional`` honours ``path_handling`` v1."""
    async with served(tmp_path, service={"path": service}, router_flavor="traditional") as world:
        await world.route("r", paths=[route], path_handling=handling, strip_path=strip)
        assert (await world.seen("/fv1/req")).target == expected


async def test_the_older_of_equal_routes_wins_in_the_traditional_router(tmp_path: Path) -> None:
    """``router_flavor = traditional`` decides between equals by age."""
    async with served(tmp_path, router_flavor="traditional", **ALL) as world:
        for name in ("first", "second", "third"):
            await world.route(name, paths=["/x"])
            await world.node.after(1.0 if name == "first" else 0)
        assert await world.chosen("/x") == "first"


async def test_the_port_of_a_host_without_one(tmp_path: Path) -> None:
    """``router_flavor = traditional`` takes the default of the scheme, the others the listener's port."""
    async with served(tmp_path, router_flavor="traditional", **ALL) as world:
        await world.route("r", hosts=["h.test:80"])
        assert await world.chosen("/", host="h.test") == "r"
        assert await world.chosen("/", host="h.test:81") is None
    async with served(tmp_path / "other", **ALL) as world:
        await world.route("default", hosts=["h.test:80"])
        await world.route("listener", hosts=[f"h.test:{world.node.port}"])
        assert await world.chosen("/", host="h.test") == "listener"


async def test_a_disabled_service_has_no_routes(tmp_path: Path) -> None:
    """``enabled`` of a Service switches its Routes off and on again at once."""
    async with served(tmp_path) as world:
        await world.route("r", paths=["/x"])
        for enabled, status in ((False, 404), (True, 200)):
            await world.node.admin.patch("/services/svc", {"enabled": enabled})
            assert (await world.get("/x")).status == status


async def test_a_route_moves_to_another_service_at_once(tmp_path: Path) -> None:
    """The request after a PATCH of Route or Service goes where they lead now."""
    async with served(tmp_path) as world:
        await world.route("r", paths=["/x"])
        other = await world.service("other", path="/other")
        await world.node.admin.patch("/routes/r", {"service": {"id": other["id"]}})
        assert (await world.seen("/x")).target == "/other"
        await world.node.admin.patch("/services/other", {"path": "/changed"})
        assert (await world.seen("/x")).target == "/changed"
