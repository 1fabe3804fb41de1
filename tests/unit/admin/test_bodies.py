"""Query strings and bodies, decoded."""

from __future__ import annotations

from time import process_time

import pytest

from twisted_kong.admin.bodies import (
    EMPTY,
    BadBody,
    Body,
    UnsupportedBody,
    check_type,
    decode_body,
    parse_json,
    parse_multipart,
    parse_pairs,
)

MULTIPART = "multipart/form-data; boundary=xx"


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "Application/JSON; charset=utf-8",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ],
)
def test_known_types_are_taken(kind: str) -> None:
    """JSON and both kinds of forms are taken, whatever parameters come with the type."""
    check_type(kind, b"x")


@pytest.mark.parametrize("kind", ["text/plain", "application/vnd.api+json", "text/yaml", ""])
def test_other_types_are_refused(kind: str) -> None:
    """Any other type, and a body without one, is refused."""
    with pytest.raises(UnsupportedBody):
        check_type(kind, b"x")


def test_no_type_is_needed_for_no_body() -> None:
    """A request without a body needs no Content-Type."""
    check_type("", b"")
    assert decode_body("", b"") == EMPTY


def test_yaml_is_taken_where_it_is_wanted() -> None:
    """YAML passes on the paths that take it."""
    check_type("text/yaml", b"a: 1", yaml=True)
    check_type("application/yaml", b"a: 1", yaml=True)
    assert decode_body("text/yaml", b"a: 1") == EMPTY


def test_json_is_taken_as_it_is() -> None:
    """A JSON body gives a record and no pairs."""
    assert decode_body("application/json", b'{"a":null,"b":[1]}') == Body({"a": None, "b": [1]})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.0", 1),
        ("1e3", 1000),
        ("0.5", 0.5),
        ("36893488147419103233", 36893488147419103233),
        ("-0.0", 0),
        ("1e300", 10**300),
    ],
)
def test_numbers_are_integers_where_they_can_be(text: str, value: float) -> None:
    """A whole number is an integer however it is written, and integers keep all their digits."""
    number = parse_json(f'{{"n":{text}}}'.encode())["n"]
    assert number == pytest.approx(value)
    assert isinstance(number, type(value))


def test_the_last_of_equal_names_counts() -> None:
    """Of several members with one name the last counts, as in Kong."""
    assert parse_json(b'{"a":1,"a":2}') == {"a": 2}


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b'{"name":',
        b'{"n":NaN}',
        b'{"n":-Infinity}',
        b'{"n":1e999}',
        b'{"s":"\\ud800"}',
        b'{"s":"\xff"}',
        b"[" * 100_000,
        b'{"n":' + b"9" * 5000 + b"}",
        b"{} x",
    ],
)
def test_what_is_no_json_is_refused(text: bytes) -> None:
    """Malformed JSON, numbers JSON does not have and texts that are none are refused with Kong's words."""
    with pytest.raises(BadBody) as refused:
        parse_json(text)
    assert (refused.value.status, refused.value.message) == (400, "Cannot parse JSON body")


@pytest.mark.parametrize("text", [b"[1]", b'"s"', b"null", b"1"])
def test_json_that_is_no_object_is_refused(text: bytes) -> None:
    """Only an object can be a record."""
    with pytest.raises(BadBody, match="expected an object"):
        parse_json(text)


def test_forms_give_pairs_in_order() -> None:
    """An urlencoded body gives decoded pairs, blank values and repeated names included."""
    body = decode_body("application/x-www-form-urlencoded", b"a%5B%5D=1&a%5B%5D=2&b=&c=x+y%C3%A9")
    assert body.pairs == [("a[]", "1"), ("a[]", "2"), ("b", ""), ("c", "x yé")]


@pytest.mark.parametrize("data", [b"key=p%E4ss", b"key=p\xe4ss", b"p%E4ss=key"])
def test_forms_in_another_encoding_are_refused(data: bytes) -> None:
    """Latin-1 taken for UTF-8 would make one and the same key of different ones, and nobody would know."""
    with pytest.raises(BadBody, match="UTF-8"):
        decode_body("application/x-www-form-urlencoded", data)


def test_query_strings_in_another_encoding_are_taken() -> None:
    """What is unknown in a query string is ignored, so it must not be refused for its encoding."""
    assert parse_pairs(b"utm=%E4&m=\xe4") == [("utm", "\ufffd"), ("m", "\ufffd")]


def test_too_many_arguments_are_refused() -> None:
    """A thousand arguments are read, one more is refused with Kong's words."""
    assert len(parse_pairs("&".join(["a=1"] * 1000))) == 1000
    with pytest.raises(BadBody, match="Too many arguments"):
        parse_pairs("&".join(["a=1"] * 1001))


def test_multipart_gives_pairs() -> None:
    """Parts become pairs; of a file the content is the value; what surrounds the parts is dropped."""
    data = (
        b'preamble\r\n--xx\r\nContent-Disposition: form-data; name="a[]"\r\n\r\n1\r\n2\r\n'
        b'--xx\r\nContent-Type: text/plain\r\ncontent-disposition: form-data; filename="f"; name=b\r\n'
        b"\r\nfile\r\n"
        b'--xx\r\nContent-Disposition: form-data; name="q\\""\r\n\r\n\r\n--xx--\r\nepilogue'
    )
    assert parse_multipart(MULTIPART, data) == [("a[]", "1\r\n2"), ("b", "file"), ('q"', "")]


@pytest.mark.parametrize(
    ("sent", "name"),
    [(rb"\"a\"", '"a"'), (rb"\\a", "\\a"), (rb"\\\"", '\\"'), (rb"a\b", "ab"), (rb"\\\\", "\\\\")],
)
def test_multipart_names_are_unescaped(sent: bytes, name: str) -> None:
    """A backslash stands before what would end the name."""
    data = b'--xx\r\nContent-Disposition: form-data; name="%b"\r\n\r\n1\r\n--xx--' % sent
    assert parse_multipart(MULTIPART, data) == [(name, "1")]


@pytest.mark.parametrize(
    ("kind", "data", "reason"),
    [
        ("multipart/form-data", b"", "no boundary"),
        (
            MULTIPART,
            b'--xx\r\nContent-Disposition: form-data; name="%b"\r\n\r\n--xx--' % (b"a" * 20_000),
            "head",
        ),
        (MULTIPART, b"", "the last boundary is missing"),
        (
            MULTIPART,
            b"--xx\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n",
            "the last boundary is missing",
        ),
        (MULTIPART, b"--xx\r\nA: b\r\n\r\n1\r\n--xx--", "a part has no name"),
        (MULTIPART, b"--xx\r\nContent-Disposition: form-data; name=a\r\n\r\n\xe4\r\n--xx--", "UTF-8"),
        (MULTIPART, b"--xx\r\nContent-Disposition: form-data; name=\xe4\r\n\r\n1\r\n--xx--", "UTF-8"),
        (MULTIPART, b"--xx\r\nContent-Disposition: form-data; name=a\r\n--xx--", "a part has no name"),
    ],
)
def test_malformed_multipart_is_refused(kind: str, data: bytes, reason: str) -> None:
    """A multipart body that is cut off or nameless is refused rather than half read."""
    with pytest.raises(BadBody, match=reason):
        parse_multipart(kind, data)


def test_a_million_boundaries_are_not_parted() -> None:
    """Whether they ever come to an end is not looked for."""
    begun = process_time()
    with pytest.raises(BadBody, match="Too many arguments"):
        parse_multipart(MULTIPART, b"--xx\r\n" * 1_000_000)
    assert process_time() - begun < 0.1


def test_too_many_parts_are_refused() -> None:
    """The limit holds for multipart as well."""
    part = b'--xx\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    assert len(parse_multipart(MULTIPART, part * 1000 + b"--xx--")) == 1000
    with pytest.raises(BadBody, match="Too many arguments"):
        parse_multipart(MULTIPART, part * 1001 + b"--xx--")


def test_json_of_very_many_values_is_refused_before_it_is_parsed() -> None:
    """A record of a million values would hold the node for seconds; commas within texts are no values."""
    most = b'{"a":[%s]}' % b",".join([b"1"] * 50_000)
    assert len(decode_body("application/json", most).record["a"]) == 50_000
    more = most.replace(b"[", b"[1,")
    with pytest.raises(BadBody, match="more than 50000 values"):
        decode_body("application/json", more)
    assert len(decode_body("application/json", more, 60_000).record["a"]) == 50_001
    text = "," * 60_000 + '\\"'
    assert decode_body("application/json", b'{"a":"' + text.encode() + b'"}').record["a"].startswith(",,")
