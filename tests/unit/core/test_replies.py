"""Error bodies: layouts and the choice among them."""

from __future__ import annotations

import json

import pytest

from twisted_kong.core.replies import Replies, accepted, filled, grpc_status, message_of, redirect

ID = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (b"application/json", "application/json"),
        (b"text/html", "text/html"),
        (b"text/plain", "text/plain"),
        (b"application/xml", "application/xml"),
        (b"text/*", "text/plain"),
        (b"*/*", "application/json"),
        (b"image/png", "application/json"),
        (b"application/*", "application/json"),
        (b"application/vnd.x+json", "application/json"),
        (b"", "application/json"),
        (b"text/html;q=0.1, application/json", "application/json"),
        (b"application/json;q=0.3,text/plain;q=0.9", "text/plain"),
        (b"TEXT/HTML", "text/html"),
        (b"text/html;q=+1,text/plain;q=x", "text/html"),
        (b"application/grpc", "application/grpc"),
    ],
)
def test_the_best_accepted_layout_is_taken(accept: bytes, media: str) -> None:
    """Highest q wins, the first on ties; what is unknown becomes JSON."""
    assert accepted(accept) == media


def test_layouts_are_kongs() -> None:
    """Each body is, byte for byte, what Kong 3.9.1 was seen to answer."""
    replies = Replies()
    text = "no Route matched with those values"
    bodies = {
        b"application/json": b'{\n  "message":"%s",\n  "request_id":"%s"\n}',
        b"text/plain": b"%s\nrequest_id: %s\n",
        b"text/html": b'<!doctype html>\n<html>\n  <head>\n    <meta charset="utf-8">\n'
        b"    <title>Error</title>\n  </head>\n"
        b"  <body>\n    <h1>Error</h1>\n    <p>%s.</p>\n    <p>request_id: %s</p>\n  </body>\n</html>\n",
        b"application/xml": b'<?xml version="1.0" encoding="UTF-8"?>\n<error>\n  <message>%s</message>\n'
        b"  <requestid>%s</requestid>\n</error>\n",
    }
    for media, body in bodies.items():
        answer = replies.error(404, text, request_id=ID, accept=media)
        assert answer.status == 404
        assert answer.headers == [(b"Content-Type", media + b"; charset=utf-8")]
        assert answer.body == body % (text.encode(), ID.encode())


def test_a_grpc_client_gets_no_body() -> None:
    """gRPC carries its error in fields."""
    answer = Replies().error(404, "x\ny", request_id=ID, accept=b"application/grpc")
    assert answer.body == b""
    assert (b"Content-Type", b"application/grpc") in answer.headers
    assert (b"grpc-status", b"5") in answer.headers
    assert (b"grpc-message", b"xy") in answer.headers
    assert [grpc_status(n) for n in (200, 418, 502, 299, 302)] == [0, 3, 13, 0, 2]


def test_http_errors_fall_back_to_the_request_then_to_the_default() -> None:
    """Accept, then Content-Type, then error_default_type."""
    replies = Replies(default_type="text/plain")
    assert replies.http_error(502, request_id=ID).body.startswith(b"An invalid response was")
    assert replies.http_error(502, request_id=ID, content_type=b"application/json").body.startswith(b"{")
    html = replies.http_error(502, request_id=ID, accept=b"text/html", content_type=b"application/json")
    assert html.body.startswith(b"<!doctype")


def test_494_is_shown_as_400() -> None:
    """The status that only nginx knows inside has its own message and leaves as 400."""
    answer = Replies().http_error(494, request_id=ID)
    assert answer.status == 400
    assert answer.body.startswith(b"Request header or cookie too large\n")


def test_messages_cannot_break_the_layout() -> None:
    """Bytes of a client inside a message stay data in JSON and in markup."""
    hostile = 'a"b\\c\n<script>&'
    replies = Replies()
    assert json.loads(replies.error(400, hostile, request_id=ID).body)["message"] == hostile
    assert b"<script>" not in replies.error(400, hostile, request_id=ID, accept=b"text/html").body


def test_templates_replace_layouts() -> None:
    """error_template_* wins over the built-in layout."""
    replies = Replies(templates={"text/html": "<p>%s %s</p>"})
    assert replies.error(404, "m", request_id=ID, accept=b"text/html").body == f"<p>m {ID}</p>".encode()


def test_templates_may_hold_percent_signs() -> None:
    """Only ``%s`` is replaced, twice; a style sheet needs no care."""
    replies = Replies(templates={"text/html": "<i style='width: 50%; height: 5%%'>%s</i>"})
    assert replies.error(404, "m", request_id=ID, accept=b"text/html").body == (
        b"<i style='width: 50%; height: 5%'>m</i>"
    )
    assert filled("%s %s %s", "a %s", "b") == "a %s b "


def test_refusals_do_not_speak_of_services() -> None:
    """What is refused before there is a Service says so."""
    body = Replies().http_error(505, request_id=ID).body
    assert body == f"HTTP version not supported\nrequest_id: {ID}\n".encode()


def test_unknown_statuses_have_a_message() -> None:
    """A status without a sentence of its own is named."""
    assert message_of(418) == "The upstream server responded with 418"


def test_redirects_carry_the_page_of_nginx() -> None:
    """301 and 308 differ in the spelling of their media type, as seen in Kong."""
    answer = redirect(301, b"https://h.test/t301/x?y=1")
    assert (b"Location", b"https://h.test/t301/x?y=1") in answer.headers
    assert len(answer.body) == 134
    assert len(redirect(308, b"x").body) == 136
    assert redirect(308, b"x").headers[0] == (b"Content-Type", b"text/html; charset=UTF-8")
