"""What the Admin API answers."""

from __future__ import annotations

import json

import pytest

from twisted_kong.admin.answers import Answer, as_json, encode, message, nothing, page, reason


def test_message_is_a_json_object() -> None:
    """A message is JSON with Kong's content type."""
    answer = message(404, "Not found")
    assert (answer.status, answer.body) == (404, b'{"message":"Not found"}')
    assert answer.content_type == "application/json; charset=utf-8"


def test_nothing_has_neither_body_nor_type() -> None:
    """204 comes without a body and says nothing of its type."""
    assert nothing() == Answer(204, b"", None, ())


def test_headers_are_added_to_those_there_are() -> None:
    """An answer can be given further headers and keeps the rest."""
    answer = as_json(200, {}).with_headers(("A", "1")).with_headers(("B", "2"))
    assert answer.headers == (("A", "1"), ("B", "2"))
    assert answer.body == b"{}"


def test_page_is_nginx_own() -> None:
    """An error without a body is given nginx's page, line breaks included."""
    assert page(415).body == (
        b"<html>\r\n<head><title>415 Unsupported Media Type</title></head>\r\n<body>\r\n"
        b"<center><h1>415 Unsupported Media Type</h1></center>\r\n</body>\r\n</html>\r\n"
    )
    assert page(415).content_type == "text/html; charset=UTF-8"


@pytest.mark.parametrize(
    ("status", "text"), [(405, "Not Allowed"), (413, "Request Entity Too Large"), (400, "Bad Request")]
)
def test_reasons_are_nginx_own(status: int, text: str) -> None:
    """Reason phrases are those of nginx where it has its own."""
    assert reason(status) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"n": 5.0}, b'{"n":5}'),
        ({"n": [1.0, 0.5]}, b'{"n":[1,0.5]}'),
        (2.0, b"2"),
        ({"t": 1795484674.498}, b'{"t":1795484674.498}'),
        ({"v": "3.0", "w": "1.0,"}, b'{"v":"3.0","w":"1.0,"}'),
        ((1, 2), b"[1,2]"),
        ({"s": "é"}, '{"s":"é"}'.encode()),
    ],
)
def test_whole_numbers_have_no_fraction(value: object, text: bytes) -> None:
    """Whole numbers are written without a fraction, texts are left alone."""
    assert encode(value) == text


def test_integers_keep_all_their_digits() -> None:
    """An integer beyond 64 bits is written out in full."""
    assert json.loads(encode({"n": 2**80, "m": 1.0})) == {"n": 2**80, "m": 1}
