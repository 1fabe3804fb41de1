"""Bodies become tables and tables become bodies."""

from __future__ import annotations

import pytest

from twisted_kong.pdk.bodies import (
    BodyError,
    boundary_of,
    encode_body,
    encode_json,
    media_type,
    multipart_without,
    parse_body,
)

KIND = "multipart/form-data; boundary=XX"
PARTS = (
    b'--XX\r\nContent-Disposition: form-data; name="key"\r\n\r\nk1\r\n'
    b'--XX\r\nContent-Disposition: form-data; filename="f"; name="file"\r\nContent-Type: x/y\r\n'
    b"\r\nline\r\n\r\nmore\r\n"
    b"--XX--\r\n"
)


def test_multipart() -> None:
    """Fields by name with their contents, headers left out."""
    assert parse_body(PARTS, KIND) == {"key": "k1", "file": "line\r\n\r\nmore"}


def test_a_part_is_removed_and_the_rest_stays() -> None:
    """The parts of other fields stay byte for byte."""
    rest = multipart_without(PARTS, b"XX", "key")
    assert parse_body(rest, KIND) == {"file": "line\r\n\r\nmore"}
    assert rest in PARTS


@pytest.mark.parametrize("body", [b"", b"--XX", b"--XX\r\n\r\n", b"garbage", b"--XX\r\nX: y\r\n\r\nz\r\n"])
def test_broken_multipart_has_no_fields(body: bytes) -> None:
    """What is no form is read as an empty one."""
    assert parse_body(body, KIND) == {}


def test_json() -> None:
    """JSON of any kind; numbers that JSON does not have, and endless nesting, are refused."""
    assert parse_body(b'{"a":[1,null]}', "application/json; charset=utf-8") == {"a": [1, None]}
    for bad in (b"{", b"NaN", b"\xff", b"[" * 100_000):
        with pytest.raises(BodyError, match="invalid json body"):
            parse_body(bad, "application/json")


def test_unknown_types_are_refused() -> None:
    """Neither read nor written."""
    with pytest.raises(BodyError, match="text/plain"):
        parse_body(b"a", "text/plain")
    with pytest.raises(BodyError):
        encode_body({}, "text/plain", "")
    with pytest.raises(BodyError, match="boundary"):
        parse_body(b"", "multipart/form-data")


def test_writing() -> None:
    """A table as form, JSON or multipart is read back as it was."""
    table = {"a": "1", "b": "x y"}
    assert encode_body(table, "application/x-www-form-urlencoded", "")[0] == b"a=1&b=x%20y"
    assert encode_body(table, "application/json", "")[0] == b'{"a":"1","b":"x y"}'
    for given in ("", 'multipart/form-data; boundary="q q"', KIND):
        body, kind = encode_body(table, "multipart/form-data", given)
        assert parse_body(body, kind) == table
    assert boundary_of('x; boundary="q q"') == b"q q"


def test_json_is_compact_and_strict() -> None:
    """No spaces, text as UTF-8, nothing that JSON cannot hold."""
    assert encode_json({"a": "\u00e9", "b": [1, True]}) == '{"a":"\u00e9","b":[1,true]}'.encode()
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode_json({"a": float("nan")})


def test_media_type() -> None:
    """Parameters and case do not belong to it."""
    assert media_type("Text/HTML ; charset=x") == "text/html"
