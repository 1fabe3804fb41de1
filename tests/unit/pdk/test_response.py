"""``kong.response`` changes what the client gets, and ends phases."""

from __future__ import annotations

import json

import pytest

from tests.kit.pdk import a_context, a_kong, answered
from twisted_kong.core.context import Answer, Response
from twisted_kong.core.headers import Headers
from twisted_kong.pdk.call import Exit
from twisted_kong.pdk.kong import Kong
from twisted_kong.pdk.phase import BODY_FILTER, HEADER_FILTER
from twisted_kong.pdk.texts import PreparedHeaders


def ended(kong: Kong, *arguments: object, **named: object) -> Answer:
    with pytest.raises(Exit) as caught:
        kong.response.exit(*arguments, **named)  # type: ignore[arg-type]
    return caught.value.answer


def refused(kong: Kong, *arguments: object, **named: object) -> Answer:
    with pytest.raises(Exit) as caught:
        kong.response.error(*arguments, **named)  # type: ignore[arg-type]
    return caught.value.answer


def test_headers_before_there_is_an_answer() -> None:
    """They wait for whatever answer comes."""
    context = a_context()
    response = a_kong(context).response
    response.set_header("X-A", 1)
    response.add_header("X-A", ["2"])
    response.clear_header("X-Gone")
    response.set_headers({"X-B": "b"})
    response.set_prepared_headers(PreparedHeaders({"X-C": "c"}))
    context = answered(context, fields=[(b"x-gone", b"1"), (b"X-Kept", b"1")])
    assert context.response is not None
    assert sorted(context.response.headers.items()) == [
        (b"X-A", b"1"),
        (b"X-A", b"2"),
        (b"X-B", b"b"),
        (b"X-C", b"c"),
        (b"X-Kept", b"1"),
    ]


def test_changing_an_answer() -> None:
    """In header_filter the answer itself is changed, and read as changed."""
    context = answered(a_context(), 200, [(b"X-A", b"1"), (b"X-B", b"2")])
    response = a_kong(context, phase=HEADER_FILTER).response
    response.set_status(418)
    response.set_header("x-a", "new")
    response.clear_header("X-B")
    assert (response.get_status(), response.get_source()) == (418, "service")
    assert response.get_header("X-A") == "new"
    assert response.get_headers() == {"x-a": "new"}
    for status in (99, 600):
        with pytest.raises(ValueError, match="status"):
            response.set_status(status)


def test_without_an_answer_kept_for_plugins() -> None:
    """Status and source are known even where no answer is kept."""
    context = a_context()
    context.status, context.source = 503, "error"
    response = a_kong(context, phase=HEADER_FILTER).response
    assert (response.get_status(), response.get_source(), response.get_headers()) == (503, "error", {})
    assert response.get_header("a") is None


def test_exit_with_a_table() -> None:
    """A table is compact JSON with Kong's type, unless another is given."""
    answer = ended(a_kong(a_context()), 418, {"message": "tea"}, {"X-A": ["1", "2"]})
    assert (answer.status, answer.body, answer.source) == (418, b'{"message":"tea"}', "exit")
    assert answer.headers == [
        (b"X-A", b"1"),
        (b"X-A", b"2"),
        (b"Content-Type", b"application/json; charset=utf-8"),
    ]
    other = ended(a_kong(a_context()), 200, ["a"], {"content-type": "x/y"})
    assert other.headers == [(b"content-type", b"x/y")]


def test_exit_with_text_bytes_or_nothing() -> None:
    """Text and bytes go as they are, without a type."""
    assert ended(a_kong(a_context()), 200, "\u00e9").body == b"\xc3\xa9"
    assert ended(a_kong(a_context()), 200, b"\xff").body == b"\xff"
    empty = ended(a_kong(a_context()), 204)
    assert (empty.body, empty.headers) == (b"", [])


def test_exit_checks_what_it_sends() -> None:
    """Bad statuses and headers that would split the message are the plugin's error."""
    response = a_kong(a_context()).response
    for status in (0, 99, 600):
        with pytest.raises(ValueError, match="status"):
            response.exit(status)
    with pytest.raises(ValueError, match="not a header"):
        response.exit(200, None, {"X-A": "1\r\nX-B: 2"})


def test_error_in_the_clients_form() -> None:
    """The body follows Accept and holds the message and the request's id."""
    answer = refused(a_kong(a_context()), 401, "No way", {"WWW-Authenticate": "Key"})
    shown = json.loads(answer.body)
    assert shown == {"message": "No way", "request_id": "0123456789abcdef0123456789abcdef"}
    assert (b"WWW-Authenticate", b"Key") in answer.headers
    page = refused(a_kong(a_context(headers={"Accept": "text/html"})), 401, "No way")
    assert b"<p>No way.</p>" in page.body


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, "Bad request"),
        (401, "Unauthorized"),
        (403, "Forbidden"),
        (404, "Not found"),
        (409, "Conflict"),
        (429, "Too many requests"),
        (500, "An unexpected error occurred"),
    ],
)
def test_messages_that_plugins_need_not_give(status: int, message: str) -> None:
    """Kong's words where the plugin has none."""
    assert json.loads(refused(a_kong(a_context()), status).body)["message"] == message


def test_error_is_for_errors() -> None:
    """Below 400 there is no error."""
    with pytest.raises(ValueError, match="400"):
        a_kong(a_context()).response.error(302)


def test_grpc() -> None:
    """A gRPC client gets the status and the message in headers."""
    grpc = {"Content-Type": "application/grpc"}
    answer = ended(a_kong(a_context(headers=grpc)), 403, {"message": "no\r\nway"})
    assert answer.headers[-2:] == [(b"grpc-status", b"7"), (b"grpc-message", b"noway")]
    assert answer.body == b""
    error = refused(a_kong(a_context(headers=grpc)), 401)
    assert (b"grpc-status", b"16") in error.headers


def test_pieces_of_a_body() -> None:
    """A piece can be read and replaced."""
    kong = a_kong(a_context(), phase=BODY_FILTER)
    kong.call.chunk, kong.call.last = b"abc", True
    assert kong.response.get_chunk() == b"abc"
    assert kong.response.is_last_chunk()
    kong.response.set_chunk(b"ABC")
    assert kong.call.chunk == b"ABC"


def test_the_whole_body() -> None:
    """Pieces are held back until the last; then the whole may be replaced."""
    kong = a_kong(a_context(), phase=BODY_FILTER)
    for chunk in (b"a", b"b"):
        kong.call.chunk, kong.call.last, kong.call.gathered = chunk, False, False
        assert kong.response.get_raw_body() is None
        assert kong.call.chunk == b""
    kong.call.chunk, kong.call.last, kong.call.gathered = b"c", True, False
    assert kong.response.get_raw_body() == b"abc"
    assert kong.response.get_raw_body() == b"abc"
    assert kong.call.chunk == b"abc"
    kong.response.set_raw_body("new")
    assert kong.call.chunk == b"new"


def test_the_service_keeps_its_answer() -> None:
    """Only an answer of the Service is remembered as such."""
    context = a_context()
    context.response = Response(200, Headers([(b"X-A", b"1")]), "exit")
    kong = a_kong(context, phase=HEADER_FILTER)
    kong.response.set_header("X-A", "2")
    assert kong.call.received is None


def test_what_is_no_body_is_refused_at_once() -> None:
    """A plugin that answers a number is told where it does so; the client gets an error, not silence."""
    kong = a_kong(a_context())
    with pytest.raises(TypeError, match="a body must be text or bytes, not int"):
        kong.response.exit(200, 5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="status must be an integer, not str"):
        kong.response.exit("200")  # type: ignore[arg-type]
    filtering = a_kong(a_context(), phase=BODY_FILTER)
    for refused in (filtering.response.set_chunk, filtering.response.set_raw_body):
        with pytest.raises(TypeError):
            refused(None)  # type: ignore[arg-type]
    filtering.response.set_chunk(bytearray(b"x"))  # type: ignore[arg-type]
    assert filtering.call.chunk == b"x"
