"""What a Service learns of the client, and the client of the Service, as operators of Kong rely on it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.kit.ports import free_port
from tests.kit.scripted_upstream import Received, response
from tests.kit.served import Served, served

pytestmark = pytest.mark.integration

TRUSTING: dict[str, Any] = {"trusted_ips": "127.0.0.1,10.0.0.0/8"}
FORWARDED = [
    ("X-Forwarded-Proto", "https"),
    ("X-Forwarded-Host", "fh.test"),
    ("X-Forwarded-Port", "444"),
    ("X-Forwarded-Path", "/fp"),
    ("X-Forwarded-Prefix", "/pre"),
]
KONG = re.compile("x-kong|via|server", re.IGNORECASE)


def of(request: Received, *names: str) -> list[str | None]:
    """Some headers of a request."""
    return [request.header(name) for name in names]


def own(headers: Any) -> set[str]:
    """The names of the headers that gateways add."""
    return {name for name, _ in headers if KONG.match(name)}


async def test_a_trusted_peer_is_believed(tmp_path: Path) -> None:
    """trusted_ips: what the peer says of the client's request is passed on."""
    async with served(tmp_path, **TRUSTING) as world:
        await world.route("r", paths=["/x"])
        seen = await world.seen("/x/y", headers=FORWARDED, host="h.test:81")
        assert [(name, seen.header(name)) for name, _ in FORWARDED] == FORWARDED
        assert seen.header("Host") == f"127.0.0.1:{world.upstream.port}"


async def test_what_a_trusted_peer_does_not_say_is_told_by_us(tmp_path: Path) -> None:
    """trusted_ips: a header that is missing or empty is made as for any client."""
    async with served(tmp_path, **TRUSTING) as world:
        await world.route("r", paths=["/x"])
        empty = [(name, "") for name, _ in FORWARDED]
        for headers in ([], empty):
            seen = await world.seen("/x/y", headers=headers, host="H.test:81")
            assert of(seen, *(name for name, _ in FORWARDED)) == [
                "http",
                "h.test",
                str(world.node.port),
                "/x/y",
                "/x",
            ]


async def test_the_client_behind_a_trusted_peer(tmp_path: Path) -> None:
    """X-Real-IP of a trusted peer names the client; X-Forwarded-For still grows by the peer."""
    async with served(tmp_path, **TRUSTING) as world:
        await world.route("r", paths=["/x"])
        seen = await world.seen("/x", headers=[("X-Real-IP", "9.9.9.9"), ("X-Forwarded-For", "1.1.1.1")])
        assert of(seen, "X-Real-IP", "X-Forwarded-For") == ["9.9.9.9", "1.1.1.1, 127.0.0.1"]
        seen = await world.seen("/x", headers=[("X-Real-IP", "9.9.9.9")])
        assert of(seen, "X-Real-IP", "X-Forwarded-For") == ["9.9.9.9", "9.9.9.9"]
        seen = await world.seen("/x", headers=[("X-Real-IP", "no address")])
        assert of(seen, "X-Real-IP", "X-Forwarded-For") == ["127.0.0.1", "127.0.0.1"]


@pytest.mark.parametrize(("recursive", "client"), [(False, "10.0.0.1"), (True, "1.2.3.4")])
async def test_the_client_in_a_chain_of_trusted_peers(tmp_path: Path, recursive: bool, client: str) -> None:
    """real_ip_header X-Forwarded-For: its last address, or the last that is not trusted."""
    settings = {"real_ip_header": "X-Forwarded-For", "real_ip_recursive": recursive}
    async with served(tmp_path, **TRUSTING, **settings) as world:
        await world.route("r", paths=["/x"])
        seen = await world.seen("/x", headers=[("X-Forwarded-For", "6.6.6.6, 1.2.3.4, 10.0.0.1")])
        assert seen.header("X-Real-IP") == client
        assert seen.header("X-Forwarded-For") == "6.6.6.6, 1.2.3.4, 10.0.0.1, 127.0.0.1"


async def test_nobody_else_is_believed(tmp_path: Path) -> None:
    """Without trusted_ips the client's X-Real-IP and X-Forwarded-Prefix mean nothing."""
    async with served(tmp_path) as world:
        await world.route("r", paths=["/x"], strip_path=False)
        seen = await world.seen("/x", headers=[*FORWARDED, ("X-Real-IP", "9.9.9.9")])
        assert of(seen, "X-Real-IP", "X-Forwarded-Proto", "X-Forwarded-Prefix") == ["127.0.0.1", "http", None]


async def test_no_prefix_is_told_where_only_the_root_was_stripped(tmp_path: Path) -> None:
    """X-Forwarded-Prefix is absent for a Route of ``/``."""
    async with served(tmp_path) as world:
        await world.route("r", paths=["/"])
        assert (await world.seen("/x")).header("X-Forwarded-Prefix") is None


async def test_mapped_ports(tmp_path: Path) -> None:
    """port_maps: clients know the listener by another port."""
    port = free_port()
    async with served(tmp_path, proxy_listen=f"127.0.0.1:{port}", port_maps=f"443:{port}") as world:
        await world.route("r", hosts=["p.test:443"])
        assert (await world.seen("/", host="p.test")).header("X-Forwarded-Port") == "443"


async def test_preserve_host(tmp_path: Path) -> None:
    """The client's Host goes on as it was sent, or the Service's own."""
    async with served(tmp_path) as world:
        await world.route("kept", paths=["/kept"], preserve_host=True)
        await world.route("own", paths=["/own"])
        assert (await world.seen("/kept", host="Some.Test:81")).header("Host") == "Some.Test:81"
        assert (await world.seen("/own", host="Some.Test:81")).header("Host") == (
            f"127.0.0.1:{world.upstream.port}"
        )


async def test_an_address_of_ipv6_as_host(tmp_path: Path) -> None:
    """X-Forwarded-Host holds it in brackets, without the port."""
    async with served(tmp_path) as world:
        await world.route("r", paths=["/x"])
        assert (await world.seen("/x", host="[::1]:8000")).header("X-Forwarded-Host") == "[::1]"


async def test_hop_by_hop_headers_of_a_request(tmp_path: Path) -> None:
    """What concerns the client's connection, or may set a Service a trap, is not passed on."""
    gone = ["Keep-Alive", "Proxy-Connection", "Proxy", "X-Drop", "TE", "Upgrade"]
    headers = [*((name, "a") for name in gone), ("Connection", "X-Drop, upgrade"), ("X-Kept", "")]
    async with served(tmp_path) as world:
        await world.route("r", paths=["/x"])
        seen = await world.seen("/x", headers=headers)
        assert of(seen, *gone) == [None] * len(gone)
        assert of(seen, "Connection", "X-Kept") == ["keep-alive", ""]
        seen = await world.seen("/x", headers=[("TE", "gzip, Trailers")])
        assert seen.header("TE") == "trailers"


async def test_hop_by_hop_headers_of_an_answer(tmp_path: Path) -> None:
    """What concerns the Service's connection is not passed on."""
    sent = [
        ("Connection", "keep-alive, X-Drop"),
        ("X-Drop", "1"),
        ("Keep-Alive", "timeout=5"),
        ("Upgrade", "h2c"),
        ("Trailer", "X-T"),
        ("Proxy-Authenticate", "Basic"),
        ("Date", "Tue, 24 Nov 2026 00:00:00 GMT"),
    ]
    async with served(tmp_path, script=lambda _: response(200, b"x", sent)) as world:
        await world.route("r", paths=["/x"])
        answer = await world.get("/x")
        names = ("X-Drop", "Keep-Alive", "Upgrade", "Trailer")
        assert [answer.header(name) for name in names] == [None] * 4
        assert answer.all("Connection") == ["keep-alive"]
        assert answer.all("Date") == ["Tue, 24 Nov 2026 00:00:00 GMT"]
        assert answer.header("Proxy-Authenticate") == "Basic"


async def test_via_tells_the_versions(tmp_path: Path) -> None:
    """Each way with the version of HTTP that was spoken there, behind what was there before."""
    sent = [("Via", "1.0 a"), ("Via", "1.1 b")]
    async with served(tmp_path, script=lambda _: response(200, b"x", sent)) as world:
        await world.route("r", paths=["/x"])
        answer = await world.node.proxy.exchange(b"GET /x HTTP/1.0\r\nVia: 0.9 z\r\n\r\n")
        assert answer.header("Via") == "1.0 a, 1.1 b, 1.1 kong/3.9.1"
        assert world.upstream.requests[-1].header("Via") == "0.9 z, 1.0 kong/3.9.1"


async def test_a_server_is_named_where_the_service_has_no_name(tmp_path: Path) -> None:
    """``Server`` is the Service's; where it tells none, ours."""
    async with served(tmp_path) as world:
        await world.route("r", paths=["/x"])
        assert (await world.get("/x")).all("Server") == ["kong/3.9.1"]
        world.upstream.script = lambda _: response(200, b"", [("Server", "own/2")])
        assert (await world.get("/x")).all("Server") == ["own/2"]


@pytest.mark.parametrize(
    ("headers", "proxied", "refused"),
    [
        ("off", set(), set()),
        ("server_tokens", {"Via", "Server"}, {"Server"}),
        ("latency_tokens", {"X-Kong-Proxy-Latency", "X-Kong-Upstream-Latency"}, {"X-Kong-Response-Latency"}),
        ("X-Kong-Request-Id", {"X-Kong-Request-Id"}, {"X-Kong-Request-Id"}),
        ("X-Kong-Upstream-Status", {"X-Kong-Upstream-Status"}, set()),
        ("Via,X-Kong-Proxy-Latency", {"Via", "X-Kong-Proxy-Latency"}, set()),
    ],
)
async def test_the_headers_setting(
    tmp_path: Path, headers: str, proxied: set[str], refused: set[str]
) -> None:
    """``headers`` chooses what clients are told by the gateway, in proxied answers and in its own."""
    async with served(tmp_path, headers=headers) as world:
        await world.route("r", paths=["/x"])
        assert own((await world.get("/x")).headers) == proxied
        assert own((await world.get("/none")).headers) == refused


async def test_the_status_of_the_service_is_told_apart(tmp_path: Path) -> None:
    """``X-Kong-Upstream-Status`` tells the status of the Service's answer."""
    async with served(tmp_path, script=lambda _: response(418), headers="X-Kong-Upstream-Status") as world:
        await world.route("r", paths=["/x"])
        assert (await world.get("/x")).header("X-Kong-Upstream-Status") == "418"


async def test_the_service_is_told_no_id_unless_wanted(tmp_path: Path) -> None:
    """``headers_upstream = off``: no request id for the Service."""
    async with served(tmp_path, headers_upstream="off") as world:
        await world.route("r", paths=["/x"])
        assert (await world.seen("/x")).header("X-Kong-Request-Id") is None


async def test_debug_headers(tmp_path: Path) -> None:
    """``allow_debug_header`` and any ``Kong-Debug``: the names and ids of Route and Service."""
    async with served(tmp_path, allow_debug_header=True) as world:
        route = await world.route("r", paths=["/x"])
        debugged = await world.get("/x", headers=[("Kong-Debug", "1")])
        names = ("Kong-Route-Id", "Kong-Route-Name", "Kong-Service-Id", "Kong-Service-Name")
        expected = [route["id"], "r", route["service"]["id"], "svc"]
        assert [debugged.header(name) for name in names] == expected
        assert (await world.get("/x")).header("Kong-Route-Id") is None
        assert (await world.get("/none", headers=[("Kong-Debug", "1")])).header("Kong-Route-Id") is None


async def test_debug_headers_are_off_by_default(tmp_path: Path) -> None:
    """Without the setting, ``Kong-Debug`` is a header like any other."""
    async with served(tmp_path) as world:
        await world.route("r", paths=["/x"])
        answer = await world.get("/x", headers=[("Kong-Debug", "1")])
        assert answer.header("Kong-Route-Id") is None
        assert world.upstream.requests[-1].header("Kong-Debug") == "1"


async def _body_as_sent(world: Served, *, buffered: bool) -> Received:
    await world.route("b" if buffered else "s", paths=[f"/{buffered}"], request_buffering=buffered)
    chunked = [("Transfer-Encoding", "chunked")]
    return await world.seen(f"/{buffered}", method="POST", headers=chunked, body=b"2\r\nab\r\n0\r\n\r\n")


async def test_the_framing_of_a_chunked_request(tmp_path: Path) -> None:
    """Read as a whole it gets a length; with ``request_buffering`` off it stays chunked."""
    async with served(tmp_path) as world:
        whole = await _body_as_sent(world, buffered=True)
        assert (whole.body, whole.header("Content-Length"), whole.header("Transfer-Encoding")) == (
            b"ab",
            "2",
            None,
        )
        piecewise = await _body_as_sent(world, buffered=False)
        assert piecewise.body == b"ab"
        assert piecewise.header("Content-Length") is None
        assert piecewise.header("Transfer-Encoding") == "chunked"
