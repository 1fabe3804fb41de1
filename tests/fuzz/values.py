"""Values for the fuzzer: what a definition asks for, and what no definition has thought of."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from random import Random
from typing import Any

Definition = Mapping[str, Any]

# Characters of the longest texts that a value is stretched to.
LONG = 70_000
UUID = "00000000-0000-4000-8000-000000000001"

TEXTS = (
    "",
    " ",
    "a",
    "a b",
    "ü",
    "日本",
    "\ud800",
    "\udfff\ud800",
    "\x00",
    "a\nb",
    "\r\n\r\nHTTP/1.1 200 OK",
    "\x7f",
    "\u2028",
    "..",
    "/",
    "//",
    "/a/../b",
    "~/(",
    "~/a",
    "~/(?<x>a)(?<x>b)",
    "~/(a+)+$",
    "/[",
    "*",
    "*.a",
    "a.*",
    "*.*",
    "http://",
    "http://x:y",
    "http://[::1",
    "https://a:99999/",
    "http://a/\ud800",
    "1.2.3.4",
    "1.2.3.4/33",
    "::1",
    "[::1]:80",
    "a:80",
    "a:0",
    "a:b:c",
    "http",
    "tcp",
    "GET",
    "get",
    "true",
    "null",
    "nan",
    "1e400",
    "0x10",
    "{vault://env/x}",
    "{vault://}",
    "{vault://env/x/y?z=%zz}",
    "-----BEGIN CERTIFICATE-----",
    "-----BEGIN X-----\nAA\n-----END X-----",
    "-----BEGIN PUBLIC KEY-----\nMA==\n-----END PUBLIC KEY-----",
    '{"kty":5}',
    "%",
    "%s%n",
    "%00",
    "{",
    "}",
    "'",
    '"; drop table entities; --',
    "x" * 300,
    UUID,
    "g" + UUID[1:],
)
NUMBERS = (
    0,
    1,
    -1,
    80,
    65535,
    65536,
    2**31,
    2**53 + 1,
    2**63,
    2**64,
    -(2**63),
    2**70,
    0.5,
    -0.0,
    1e-320,
    1e300,
)
LITERALS = (
    None,
    True,
    False,
    *NUMBERS,
    *TEXTS,
    [],
    {},
    [None],
    [[]],
    [{}],
    [{"a": []}],
    {"": 1},
    {"id": None},
    {"id": "x"},
    {"id": UUID},
    {"id": UUID, "name": "s1"},
    {"name": "s1"},
    {"name": ["s1"]},
    {"username": "c1"},
    {"@entity": 1},
    {"@referenced_by": "routes"},
    {"\x00": "a"},
    {"x": ["~*("]},
    {"$gt": ""},
    ["http", 5],
    ["http", "http"],
    [{"ip": 1}],
    {"kty": "RSA"},
)
WORDS = {
    "string": (
        "abc",
        "a.test",
        "/x",
        "x-y",
        "s1",
        "c1",
        "u1",
        "1.2.3.4",
        "10.0.0.0/8",
        "X-A",
        "http://a.test/p",
    ),
    "integer": (1, 2, 5, 80, 443, 1000),
    "number": (1, 0.5, 60, 80),
    "boolean": (True, False),
}


def a_value(field: Definition, rng: Random, depth: int = 0) -> Any:
    """A value that a field may like, or now and then anything."""
    if depth > 5 or rng.random() < 0.06:
        return rng.choice(LITERALS)
    if "one_of" in field and rng.random() < 0.9:
        return rng.choice(field["one_of"])
    if field.get("default") is not None and rng.random() < 0.3:
        return copy.deepcopy(field["default"])
    kind = field.get("type")
    if kind in ("array", "set"):
        return [a_value(field["elements"], rng, depth + 1) for _ in range(rng.randrange(4))]
    if kind == "map":
        count = rng.randrange(3)
        return {rng.choice(WORDS["string"]): a_value(field["values"], rng, depth + 1) for _ in range(count)}
    if kind == "record":
        return a_record(field, rng, depth + 1)
    if kind == "foreign":
        return rng.choice(({"id": UUID}, {"name": "s1"}, {"username": "c1"}, None))
    return _a_scalar(field, rng)


def a_record(definition: Definition, rng: Random, depth: int = 0) -> dict[str, Any]:
    """A record with some of the fields that its definition has, all that are required among them."""
    often = rng.choice((0.1, 0.3, 0.8))
    fields = {**definition.get("fields", {}), **definition.get("shorthand_fields", {})}
    return {
        name: a_value(field, rng, depth)
        for name, field in fields.items()
        if rng.random() < (0.9 if field.get("required") and "default" not in field else often)
    }


def _a_scalar(field: Definition, rng: Random) -> Any:
    kind = str(field.get("type"))
    if "between" in field and rng.random() < 0.8:
        low, high = field["between"]
        return rng.choice((low, high, low - 1, high + 1))
    return rng.choice(WORDS.get(kind, LITERALS))


def mutated(value: Any, rng: Random) -> Any:
    """A copy of a value in which one to three places are spoilt."""
    root: dict[str, Any] = {"": copy.deepcopy(value)}
    for _ in range(rng.choice((1, 1, 2, 3))):
        container, key = rng.choice(list(_places(root)))
        _spoil(container, key, rng)
    return root.get("", {})


def _places(node: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    waiting = [node]
    while waiting:
        each = waiting.pop()
        keys = list(each) if isinstance(each, dict) else range(len(each)) if isinstance(each, list) else ()
        for key in keys:
            found.append((each, key))
            waiting.append(each[key])
    return found or [({"": None}, "")]


def _spoil(container: Any, key: Any, rng: Random) -> None:
    old = container[key]
    how = rng.randrange(9)
    if how < 4:
        container[key] = copy.deepcopy(rng.choice(LITERALS))
    elif how == 4 and isinstance(container, dict) and key != "":
        del container[key]
    elif how == 5:
        container[key] = [old] if rng.random() < 0.5 else {"value": old}
    elif how == 6 and isinstance(old, dict):
        old[rng.choice(("x", "id", "name", "config", "@entity", "ttl", "tags", "", "a.b", "created_at"))] = (
            copy.deepcopy(rng.choice(LITERALS))
        )
    elif how == 7 and isinstance(old, list):
        old.extend(copy.deepcopy(old[:20]) * rng.choice((1, 50)))
    elif isinstance(old, str):
        container[key] = _spoilt_text(old, rng)
    else:
        container[key] = rng.choice(NUMBERS)


def _spoilt_text(text: str, rng: Random) -> str:
    how = rng.randrange(5)
    where = rng.randrange(len(text) + 1)
    if how == 0:
        return text[:where] + rng.choice(TEXTS) + text[where:]
    if how == 1:
        return text[:where]
    if how == 2:
        return text.swapcase()
    if how == 3:
        return (text or "x") * (LONG // max(1, len(text)))
    return rng.choice(TEXTS)
