"""``kong.service.response`` shows the Service's answer as it was sent, whatever plugins changed since."""

from __future__ import annotations

from tests.kit.deferreds import failure_of, success_of
from tests.kit.pdk import MemoryIO, a_context, a_kong, answered
from twisted_kong.core.context import Response
from twisted_kong.core.headers import Headers
from twisted_kong.pdk.phase import HEADER_FILTER, RESPONSE, WrongPhase


def test_as_it_was_sent() -> None:
    """Changes for the client do not show here."""
    kong = a_kong(answered(a_context(), 201, [(b"X-A", b"service")]), phase=HEADER_FILTER)
    kong.response.set_header("X-A", "plugin")
    kong.response.set_status(404)
    assert kong.service.response.get_status() == 201
    assert kong.service.response.get_header("x-a") == "service"
    assert kong.service.response.get_headers() == {"x-a": "service"}
    assert kong.service.response.get_header("x-b") is None


def test_none_where_the_gateway_answered() -> None:
    """An answer of a plugin is none of the Service."""
    context = a_context()
    context.response = Response(401, Headers(), "exit")
    response = a_kong(context, phase=HEADER_FILTER).service.response
    assert response.get_status() is None
    assert response.get_headers() is None
    assert response.get_header("a") is None


def test_bodies() -> None:
    """The whole body in the response phase, or where it was buffered."""
    context = answered(a_context(), fields=[(b"Content-Type", b"application/json")])
    context.io = MemoryIO(response=b'{"a":1}')
    assert success_of(a_kong(context, phase=RESPONSE).service.response.get_raw_body()) == b'{"a":1}'
    assert success_of(a_kong(context, phase=RESPONSE).service.response.get_body()) == {"a": 1}
    late = a_kong(context, phase=HEADER_FILTER).service.response
    failure_of(late.get_raw_body(), WrongPhase)
    assert context.response is not None
    context.response.body = b"buffered"
    assert success_of(late.get_raw_body()) == b"buffered"
