"""Requests with a bounded body."""

from __future__ import annotations

from typing import Any

from cryptography import x509
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET
from typing_extensions import override

from tests.kit.admin_client import AdminClient
from tests.kit.certificates import make_certificate
from tests.kit.deferreds import no_result, success_of
from tests.unit.admin.test_channels import SecureTransport
from twisted_kong.admin.answers import Answer, page
from twisted_kong.admin.site import BoundedRequest, BoundedSite


class Echo(Resource):
    """Answers with the body, or 413."""

    isLeaf = True  # noqa: N815 -- the name is twisted.web's

    @override
    def render(self, request: Any) -> bytes:
        assert isinstance(request, BoundedRequest)
        assert request.args == {}
        if request.too_large:
            request.setResponseCode(413)
            return b"too large"
        body: bytes = request.content.read()
        return body


def make(limit: int = 10, **more: Any) -> AdminClient:
    return AdminClient(BoundedSite(Echo(), Clock(), body_limit=limit, **more))


def chunked(*chunks: bytes) -> bytes:
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in (*chunks, b""))
    return b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + body


def test_a_body_is_handed_over_as_it_came() -> None:
    """A form is not decoded, and a body up to the limit is complete."""
    answer = make(30).request("POST", "/?q=1", form=[("a", "1"), ("b", "2")])
    assert answer.body == b"a=1&b=2"


def test_a_declared_length_beyond_the_limit_is_marked() -> None:
    """A body that says it is too large is thrown away."""
    assert make().request("POST", "/", raw=b"x" * 11).status == 413
    assert make().request("POST", "/", raw=b"x" * 10).status == 200


def test_a_chunked_body_beyond_the_limit_is_marked() -> None:
    """A body that turns out too large is thrown away as it comes."""
    assert make().exchange(chunked(b"12345", b"67890", b"1"), "POST").status == 413
    assert make().exchange(chunked(b"12345", b"67890"), "POST").body == b"1234567890"


def test_the_body_of_a_request_that_is_refused_is_not_kept() -> None:
    """Its head says enough; the rest is taken, so that the client gets its answer, and thrown away."""
    asked = []

    def refusal(request: BoundedRequest) -> Answer:
        asked.append((request.method, request.getHeader("x-who")))
        return page(400)

    site = make(10**6, refusal=refusal)
    _, protocol = site.connect()
    head = b"PUT / HTTP/1.1\r\nHost: x\r\nX-Who: me\r\nContent-Length: 200000\r\n\r\n"
    protocol.dataReceived(head + b"x" * 100_000)
    request = protocol._channel._request
    assert (request.received, request.kept) == (100_000, 0)
    assert asked == [(b"PUT", "me")]
    assert site.exchange(chunked(b"12345", b"67890"), "POST").body == b""


def test_without_a_limit_everything_is_taken() -> None:
    """0 is no limit."""
    assert len(make(0).request("POST", "/", raw=b"x" * 100_000).body) == 100_000


def test_the_next_request_starts_afresh() -> None:
    """What was wrong with one request says nothing of the next on the same connection."""
    transport, protocol = make().connect()
    protocol.dataReceived(chunked(b"12345678901"))
    assert b"413" in transport.value()
    transport.clear()
    protocol.dataReceived(chunked(b"123"))
    assert transport.value().endswith(b"123")


def test_answers_are_logged() -> None:
    """Each answered request gives a line for the access log; listening starts no timer."""
    lines: list[str] = []
    client = make(access_log=lines.append)
    client.site.startFactory()
    client.get("/services?size=1")
    client.site.stopFactory()
    assert len(lines) == 1
    assert '"GET /services?size=1 HTTP/1.1" 200' in lines[0]
    client.request("GET", "/")
    assert len(lines) == 2


class Waiting(Resource):
    """Answers when the test says so."""

    isLeaf = True  # noqa: N815 -- the name is twisted.web's

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[Any] = []

    @override
    def render(self, request: Any) -> int:
        self.requests.append(request)
        return NOT_DONE_YET


def test_idle_is_told_when_the_last_request_has_ended() -> None:
    """Answered or abandoned by its client: both end a request."""
    resource = Waiting()
    client = AdminClient(BoundedSite(resource, Clock()))
    site: Any = client.site
    success_of(site.idle())
    connections = [client.connect()[1] for _ in range(2)]
    for protocol in connections:
        protocol.dataReceived(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    idle = site.idle()
    resource.requests[0].finish()
    no_result(idle)
    connections[1].connectionLost(Failure(ConnectionError("gone")))
    success_of(idle)


def test_a_client_with_a_certificate_is_known_by_its_subject() -> None:
    """Also when it has gone by the time that somebody asks."""
    resource = Waiting()
    transport = SecureTransport(x509.load_pem_x509_certificate(make_certificate("operator")[0].encode()))
    protocol: Any = BoundedSite(resource, Clock()).buildProtocol(None)
    protocol.makeConnection(transport)
    protocol.dataReceived(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    protocol.connectionLost(Failure(ConnectionError("gone")))
    assert resource.requests[0].subject == "operator"


def test_work_for_a_client_that_has_gone_is_waited_for() -> None:
    """A site is idle when what its clients wanted is done, not when they are gone."""
    resource, work = Waiting(), Deferred[bytes]()

    async def doing() -> bytes:
        return await work

    site = BoundedSite(resource, Clock())
    _, protocol = AdminClient(site).connect()
    protocol.dataReceived(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    result = resource.requests[0].sheltered(doing())
    protocol.connectionLost(Failure(ConnectionError("gone")))
    result.cancel()
    result.addErrback(lambda _: None)
    idle = site.idle()
    no_result(idle)
    work.callback(b"done")
    success_of(idle)
