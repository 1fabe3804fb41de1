"""The Klein application: what is the same for every endpoint."""

from __future__ import annotations

import json
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from tests.kit.admin_client import AdminClient, Response
from twisted_kong.admin.access import AccessRules
from twisted_kong.admin.answers import Answer, as_json
from twisted_kong.admin.app import AdminApp, AdminHeaders
from twisted_kong.admin.calls import Call
from twisted_kong.admin.failures import Missing
from twisted_kong.admin.site import BoundedSite
from twisted_kong.core.errors import DatabaseUnavailable, UniqueViolation


class Fixture:
    """A table of a few endpoints that tell what they were called with."""

    def __init__(self, **more: Any) -> None:
        self.clock = Clock()
        self.gate: Deferred[None] = Deferred()
        self.finished: list[str] = []
        table = {
            "/": {"GET": self.echo},
            "/things": {"GET": self.echo, "POST": self.echo},
            "/things/{things}": {"GET": self.echo, "PUT": self.echo, "DELETE": self.fail},
            "/things/special": {"GET": self.slow},
            "/config": {"POST": self.echo},
        }
        app = AdminApp(table, AccessRules(), self.clock, **more)
        self.client = AdminClient(BoundedSite(app.resource(), self.clock, body_limit=100))

    async def echo(self, call: Call) -> Answer:
        if call.params.get("things") == "missing":
            raise Missing
        return as_json(
            200,
            {
                "method": call.method,
                "path": call.path,
                "params": dict(call.params),
                "query": call.query,
                "record": call.body.record,
                "pairs": call.body.pairs,
            },
        )

    async def fail(self, call: Call) -> Answer:
        if call.params["things"] == "bug":
            raise ZeroDivisionError
        raise UniqueViolation("m", {"name": "x"})

    async def slow(self, call: Call) -> Answer:
        await self.gate
        self.clock.advance(0.0129)
        self.finished.append(call.path)
        return as_json(200, {})


@pytest.fixture
def fixture() -> Fixture:
    return Fixture()


def test_an_endpoint_is_given_path_params_and_query(fixture: Fixture) -> None:
    """A GET brings the names in its path, decoded, and the query string in pairs."""
    answer = fixture.client.get("/things/sp%20a%C3%A9?a=1&a=2&b")
    assert answer.json == {
        "method": "GET",
        "path": "/things/sp%20a%C3%A9",
        "params": {"things": "sp aé"},
        "query": [["a", "1"], ["a", "2"], ["b", ""]],
        "record": {},
        "pairs": None,
    }


def test_an_endpoint_is_given_the_body_instead_of_the_query(fixture: Fixture) -> None:
    """POST and PUT bring their body and no query string; GET brings no body."""
    assert fixture.client.post("/things?a=1", {"x": 1}).json["record"] == {"x": 1}
    assert fixture.client.post("/things?a=1", {"x": 1}).json["query"] == []
    assert fixture.client.request("PUT", "/things/x", form=[("a", "1")]).json["pairs"] == [["a", "1"]]
    assert fixture.client.request("GET", "/things", raw="x").json["record"] == {}
    assert fixture.client.request("POST", "/things").json["record"] == {}


@pytest.mark.parametrize("name", ["a%2Fb", "a%25b", "50%2525", "~x!", "a+b", "%3F%23", ".."])
def test_any_name_can_be_in_a_path(fixture: Fixture, name: str) -> None:
    """A name is decoded once, and may hold what otherwise parts a path."""
    from urllib.parse import unquote

    assert fixture.client.get(f"/things/{name}").json["params"] == {"things": unquote(name)}


@pytest.mark.parametrize(
    "path", ["/nope", "//things", "/things//", "/things/a/b", "/Things", "/things/%FF", "/%2Fthings"]
)
def test_unknown_paths_are_not_found(fixture: Fixture, path: str) -> None:
    """A path that is none of the table's is 404 with Kong's message."""
    answer = fixture.client.get(path)
    assert (answer.status, answer.json) == (404, {"message": "Not found"})


@pytest.mark.parametrize("path", ["/things/", "/things/x/", "/things/x/?a=1", "/%74hings"])
def test_a_final_slash_and_needless_escapes_are_tolerated(fixture: Fixture, path: str) -> None:
    """One slash at the end changes nothing, nor does the escape of a plain character."""
    answer = fixture.client.get(path)
    assert answer.status == 200
    assert not answer.json["path"].endswith("/")


def test_static_segments_win_over_names(fixture: Fixture) -> None:
    """A path of its own takes precedence over a name in the same place."""
    fixture.gate.callback(None)
    assert fixture.client.get("/things/special").json == {}


def test_head_is_get_without_body(fixture: Fixture) -> None:
    """HEAD has the headers of GET."""
    answer, full = fixture.client.request("HEAD", "/things"), fixture.client.get("/things")
    assert (answer.status, answer.body) == (200, b"")
    assert int(answer.header("Content-Length") or 0) == len(full.body) + 1  # the method's name is longer


def test_head_of_what_fails(fixture: Fixture) -> None:
    """HEAD has the status that GET has, and 405 where there is no GET."""
    assert fixture.client.request("HEAD", "/things/missing").status == 404
    assert fixture.client.request("HEAD", "/nope").status == 404
    assert fixture.client.request("HEAD", "/config").status == 405


def test_options_tells_the_methods(fixture: Fixture) -> None:
    """OPTIONS is 204 and lists the methods, for CORS too."""
    answer = fixture.client.request("OPTIONS", "/things/x")
    assert (answer.status, answer.body) == (204, b"")
    assert answer.header("Allow") == "DELETE, GET, HEAD, OPTIONS, PUT"
    assert answer.header("Access-Control-Allow-Methods") == "DELETE, GET, HEAD, OPTIONS, PUT"
    assert answer.header("Access-Control-Allow-Headers") == "Content-Type"
    assert answer.header("Content-Type") is None
    assert fixture.client.request("OPTIONS", "/nope").status == 404


def test_a_preflight_is_granted_its_headers(fixture: Fixture) -> None:
    """A preflight from a known Origin may send the headers it asks for."""
    asked = {"Origin": "http://localhost:3000", "Access-Control-Request-Headers": "x-a, content-type"}
    answer = fixture.client.request("OPTIONS", "/things", headers=asked)
    assert answer.header("Access-Control-Allow-Origin") == "http://localhost:3000"
    assert answer.header("Access-Control-Allow-Headers") == "x-a, content-type"


@pytest.mark.parametrize("method", ["PATCH", "POST", "PROPFIND"])
def test_other_methods_are_not_allowed(fixture: Fixture, method: str) -> None:
    """A method that a known path does not have is 405 with Kong's message and no Allow header."""
    answer = fixture.client.request(method, "/things/x", headers={"Content-Length": "0"})
    assert (answer.status, answer.reason, answer.json) == (
        405,
        "Not Allowed",
        {"message": "Method not allowed"},
    )
    assert answer.header("Allow") is None


def test_trace_is_refused_with_the_page(fixture: Fixture) -> None:
    """TRACE is refused on every path with nginx's page."""
    for path in ("/things", "/nope"):
        answer = fixture.client.request("TRACE", path)
        assert (answer.status, answer.header("Content-Type")) == (405, "text/html; charset=UTF-8")


@pytest.mark.parametrize("kind", ["text/plain", "application/vnd.api+json", None])
def test_an_unsupported_body_is_refused(fixture: Fixture, kind: str | None) -> None:
    """A body of another type, or of none, is 415 with nginx's page, even where the method does not exist."""
    headers = {} if kind is None else {"Content-Type": kind}
    for path in ("/things", "/things/x"):
        answer = fixture.client.request("POST", path, raw="x", headers=headers)
        assert (answer.status, answer.header("Content-Type")) == (415, "text/html; charset=UTF-8")
    assert fixture.client.request("POST", "/nope", raw="x", headers=headers).status == 404


def test_malformed_arguments_are_refused(fixture: Fixture) -> None:
    """JSON that does not parse and too many arguments are 400."""
    json_type = {"Content-Type": "application/json"}
    assert fixture.client.request("POST", "/things", raw="{", headers=json_type).json == {
        "message": "Cannot parse JSON body"
    }
    assert fixture.client.request("POST", "/things", raw="", headers=json_type).status == 400
    assert fixture.client.get("/things?" + "&".join(["a=1"] * 1001)).json == {"message": "Too many arguments"}
    assert fixture.client.request("POST", "/things/x", raw="{", headers=json_type).status == 405


def test_yaml_is_taken_by_config_only(fixture: Fixture) -> None:
    """Only ``/config`` takes YAML."""
    assert (
        fixture.client.request("POST", "/config", raw="a: 1", headers={"Content-Type": "text/yaml"}).status
        == 200
    )
    assert (
        fixture.client.request("POST", "/things", raw="a: 1", headers={"Content-Type": "text/yaml"}).status
        == 415
    )


def test_a_body_beyond_the_limit_is_refused(fixture: Fixture) -> None:
    """413 with nginx's page."""
    answer = fixture.client.post("/things", {"x": "y" * 100})
    assert answer.status == 413
    assert b"413 Request Entity Too Large" in answer.body


def test_named_errors_have_their_answer(fixture: Fixture) -> None:
    """An error of the data layer becomes its status and body."""
    answer = fixture.client.delete("/things/x")
    assert (answer.status, answer.json["code"]) == (409, 5)


def test_unforeseen_errors_tell_nothing(fixture: Fixture) -> None:
    """A bug is 500 with Kong's general message."""
    answer = fixture.client.delete("/things/bug")
    assert (answer.status, answer.json) == (500, {"message": "An unexpected error occurred"})


def test_every_answer_has_kongs_headers(fixture: Fixture) -> None:
    """Server, latency and CORS headers are on every answer, errors included."""
    for path in ("/things", "/nope", "/things/missing"):
        answer = fixture.client.get(path)
        assert answer.header("Server") == "kong/3.9.1"
        assert answer.header("X-Kong-Admin-Latency") == "0"
        assert answer.header("Access-Control-Allow-Origin") == "*"
        assert answer.header("Access-Control-Allow-Credentials") == "true"
        assert answer.header("Content-Type") == "application/json; charset=utf-8"


def test_kongs_headers_can_be_switched_off() -> None:
    """The ``headers`` property decides on Server and latency."""
    assert AdminHeaders.configured(["x-kong-admin-latency"]) == AdminHeaders(server=False, latency=True)
    assert AdminHeaders.configured(["server", "via", "x-kong-admin-latency"]) == AdminHeaders()
    answer = Fixture(headers=AdminHeaders.configured([])).client.get("/things")
    assert answer.header("Server") is None
    assert answer.header("X-Kong-Admin-Latency") is None


def test_foreign_hosts_and_origins_are_refused(fixture: Fixture) -> None:
    """A rebound name and a page of another site are told why, and may not read anything else."""
    for headers in ({"Host": "evil.test"}, {"Origin": "http://evil.test"}):
        for method, path in (
            ("GET", "/things"),
            ("POST", "/things"),
            ("OPTIONS", "/things"),
            ("GET", "/nope"),
        ):
            answer = fixture.client.request(method, path, headers=headers)
            assert answer.status == 403
            assert "evil.test" in answer.json["message"]
            assert not [name for name, _ in answer.headers if name.lower().startswith("access-control-")]
            assert answer.header("Vary") == "Origin"


def test_pages_of_other_sites_may_embed_no_answer(fixture: Fixture) -> None:
    """What the browser says of the page counts where there is no Origin; each answer forbids it besides."""
    embedded = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    assert fixture.client.get("/things", headers=embedded).status == 403
    answer = fixture.client.get("/things")
    assert answer.header("Cross-Origin-Resource-Policy") == "same-origin"
    assert answer.header("X-Content-Type-Options") == "nosniff"
    assert answer.header("X-Frame-Options") == "DENY"
    assert answer.header("Content-Security-Policy") == "frame-ancestors 'none'"


def test_a_host_that_cannot_be_a_name_is_refused_not_a_crash(fixture: Fixture) -> None:
    """Whatever stands in Host, the answer is one of ours."""
    for host in ("a..b", "\xe9", "[::1", ":"):
        assert fixture.client.get("/things", headers={"Host": host}).status == 400
    assert fixture.client.get("/things", headers={"Host": "x" * 300}).status == 403
    client = AdminClient(
        BoundedSite(AdminApp({}, AccessRules(hosts=["*"]), Clock()).resource(), Clock()), host="x" * 300
    )
    assert client.get("/").status == 404


def test_the_latency_is_in_milliseconds(fixture: Fixture) -> None:
    """The time from the complete request to the answer is told, rounded down."""
    fixture.gate.callback(None)
    assert fixture.client.get("/things/special").header("X-Kong-Admin-Latency") == "12"


def test_a_client_that_leaves_does_not_stop_its_call(fixture: Fixture) -> None:
    """What an endpoint has begun it finishes, though nobody waits for the answer any more."""
    transport, protocol = fixture.client.connect()
    protocol.dataReceived(b"GET /things/special HTTP/1.1\r\nHost: localhost\r\n\r\n")
    protocol.connectionLost(Failure(ConnectionError("gone")))
    assert fixture.finished == []
    fixture.gate.callback(None)
    assert fixture.finished == ["/things/special"]
    assert transport.value() == b""


def test_two_hosts_are_none(fixture: Fixture) -> None:
    """A request that names two hosts is refused (RFC 9112 §3.2), whichever is ours."""
    transport, protocol = fixture.client.connect()
    protocol.dataReceived(b"GET /things/a HTTP/1.1\r\nHost: evil.test\r\nHost: localhost\r\n\r\n")
    assert transport.value().startswith(b"HTTP/1.1 400 ")


def test_pipelined_requests_are_answered_in_turn(fixture: Fixture) -> None:
    """Two requests sent at once on one connection get two answers, in order."""
    transport, protocol = fixture.client.connect()
    one = b"GET /things/a HTTP/1.1\r\nHost: localhost\r\n\r\n"
    protocol.dataReceived(one + one.replace(b"/a", b"/missing"))
    assert transport.value().count(b"HTTP/1.1 ") == 1
    fixture.clock.advance(0)
    assert transport.value().count(b"HTTP/1.1 ") == 2
    assert transport.value().index(b"200 OK") < transport.value().index(b"404 Not Found")


def test_answers_parse_as_json(fixture: Fixture) -> None:
    """The kit's own reading of an answer agrees with its bytes."""
    answer = fixture.client.get("/things")
    assert isinstance(answer, Response)
    assert json.loads(answer.body) == answer.json


def test_writes_wait_for_what_they_decide_by() -> None:
    """Only when reads show all there is does the endpoint of a write look; reading ones are not held back."""
    read, asked = Deferred[None](), []

    async def before_write() -> None:
        asked.append("read")
        await read

    fixture = Fixture(before_write=before_write)
    assert fixture.client.get("/things").status == 200
    assert asked == []
    transport, protocol = fixture.client.connect()
    protocol.dataReceived(b"POST /things HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
    assert asked == ["read"]
    assert transport.value() == b""
    read.callback(None)
    assert transport.value().startswith(b"HTTP/1.1 200 ")


def test_a_write_that_cannot_know_what_there_is_is_refused() -> None:
    """The database is away: nothing is written by what was read before."""

    async def before_write() -> None:
        raise DatabaseUnavailable("gone")

    answer = Fixture(before_write=before_write).client.post("/things", {})
    assert answer.status == 503
    assert "nothing was changed" in answer.json["message"]
