"""Requests for the fuzzer: a write to some endpoint, as a client would send it or as none should."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any
from urllib.parse import quote, urlencode

from tests.fuzz.values import TEXTS, UUID, a_record, a_value, mutated
from tests.fuzz.world import World
from tests.kit.recordings import DATA, recorded
from twisted_kong.admin.calls import METHODS_WITH_BODY

DEEP = 100_000
# How much more often entities are written than anything else is done.
OFTEN = 6
BOUNDARY = "xxBOUNDARYxx"
ODD_SEGMENTS = (
    UUID,
    UUID.upper(),
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "a",
    "%00",
    "%2F",
    "%2e%2e",
    "..",
    ".",
    "%",
    "%zz",
    "%C3%28",
    "%ED%A0%80",
    "%F0%9F%92%A9",
    "{services}",
    "*",
    ":",
    "a;b=c",
    "a+b",
    "a%20b",
    "x" * 2_000,
    "%25" * 200,
    "10.0.0.1%3A80",
    "a.test",
)
ODD_NAMES = (
    "a[999999999]",
    "a[99999]",
    "a[0]",
    "a[-1]",
    "a[1][2][3]",
    "a[]",
    "[]",
    "[",
    "]",
    "a[",
    "a]",
    "a[b",
    "a[b]c",
    ".a",
    "a.",
    "a..b",
    ".".join("abcdefghijklmnopqrstuvwxyz" * 4),
    "a" + "[1]" * 3_000,
    "a" + "[]" * 200,
    "config.",
    "config.minute",
    "config[minute]",
    "tags",
    "tags[]",
    "tags[1]",
    "tags[2]",
    "tags.1",
    "service",
    "service.id",
    "service.name",
    "service[id]",
    "consumer.username",
    "name",
    "name[]",
    "name.x",
    "id",
    "ttl",
    "url",
    "hosts[]",
    "paths[1]",
    "headers.x[]",
    "headers[x][1]",
    "protocols",
    "__proto__",
    "",
    "\x00",
    "\ud800",
    "é",
)
QUERIES = (
    "size=1",
    "size=0",
    "size=1001",
    "size=1.5",
    "size=-1",
    "size=nan",
    "size=" + "9" * 5_000,
    "size=1&size=2",
    "size[]=1",
    "offset=",
    "offset=x",
    "offset=WyJ4Il0",
    "offset=bnVsbA",
    "offset=W10",
    "offset=W251bGxd",
    "offset=WzFlOTk5XQ",
    "offset=" + "W1" * 4_000,
    "tags=",
    "tags=a,b/c",
    "tags=,",
    "tags=/",
    "tags=t1,t2",
    "tags=t1/t2",
    "tags=%00",
    "tags=%ff",
    "tags=" + ",".join("abcdefgh"),
    "tags[]=a",
    "sort_desc=1",
    "sort_desc=x",
    "custom_id=i1",
    "custom_id=",
    "custom_id[]=1",
    "balancer_health=1",
    "unit=k&scale=-1",
    "scale=" + "9" * 400,
    "entity=services&id=x",
    "position=x&timeout=0",
    "timeout=nan",
    "timeout=1e400",
    "wait=cluster&timeout=0",
    "wait=x",
    "dry_run=1",
    "dry_run=x",
    "&&&===",
    "%",
    "%00=%00",
    "a=" + "b" * 8_000,
    "&".join(["a=1"] * 1_001),
)
TYPES = (
    "application/json",
    "application/json; charset=utf-8",
    "application/json; charset=utf-16",
    "application/json;charset=x",
    "application/jsonx",
    "APPLICATION/JSON",
    "text/plain",
    "application/xml",
    "application/yaml",
    "text/yaml",
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=latin-1",
    "multipart/form-data",
    f"multipart/form-data; boundary={BOUNDARY}",
    'multipart/form-data; boundary=""',
    'multipart/form-data; boundary="a b"',
    "multipart/form-data; boundary=" + "x" * 500,
    "application/merge-patch+json",
    "*/*",
    "",
    " ",
    ";",
    "\xff",
)
JSON_TEXTS = (
    b"",
    b" ",
    b"null",
    b"true",
    b"1",
    b'"x"',
    b"[]",
    b"[{}]",
    b"{",
    b"}",
    b"{}{}",
    b'{"name":"a"',
    b'{"name":}',
    b"{'name':'a'}",
    b'{"name":"a","name":"b"}',
    b'{"name":NaN}',
    b'{"port":Infinity}',
    b'{"port":-Infinity}',
    b'{"port":1e999}',
    b'{"port":-1e999}',
    b'{"port":1E+30}',
    b'{"port":1e-999}',
    b'{"port":0080}',
    b'{"port":+80}',
    b'{"port":80.}',
    b'{"port":0x50}',
    b'{"port":' + b"9" * 4_000 + b"}",
    b'{"port":' + b"9" * 50_000 + b"}",
    b'{"port":1e' + b"9" * 5_000 + b"}",
    b'{"name":"\\ud800"}',
    b'{"name":"\\udc00\\ud800"}',
    b'{"\\ud800":1}',
    b'{"name":"\\ud83d\\ude00"}',
    b'{"name":"\xff\xfe"}',
    b'{"name":"\xed\xa0\x80"}',
    b'{"name":"a\x00b"}',
    b'{"name":"a\\u0000b"}',
    b'{"name":"a\nb"}',
    b'\xef\xbb\xbf{"name":"a"}',
    '{"name":"a"}'.encode("utf-16"),
    '{"name":"a"}'.encode("utf-32"),
    b"\x00" * 100,
    bytes(range(256)),
    b"[" * DEEP,
    b'{"a":' * DEEP,
    b"[" * DEEP + b"]" * DEEP,
    b'{"tags":' + b"[" * DEEP + b"]" * DEEP + b"}",
    b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    b'{"config":' + b'{"a":' * 900 + b"1" + b"}" * 901,
    b'{"tags":' + b"[" * 400 + b"]" * 400 + b"}",
    b'{"name":"' + b"x" * 2_000_000 + b'"}',
    b'{"tags":["' + b"x" * 200_000 + b'"]}',
    b'{"' + b"x" * 500_000 + b'":1}',
    b'{"tags":[' + b",".join(b'"t%d"' % each for each in range(2_000)) + b"]}",
    b'{"tags":[' + b",".join([b"1"] * 2_000) + b"]}",
    b"{" + b",".join(b'"f%d":1' % each for each in range(2_000)) + b"}",
)

# What the endpoints take that are about more than one entity.
SERVICE = {"name": "many", "host": "many.test"}
WHOLE = {"_format_version": "3.0", "services": [{**SERVICE, "routes": [{"paths": ["/many"]}]}]}
OPERATIONS = [
    {"method": "POST", "path": "/services", "body": SERVICE},
    {"method": "PUT", "path": "/routes/many", "body": {"paths": ["/many"], "service": {"name": "many"}}},
    {"method": "PATCH", "path": "/services/many", "body": {"port": 81}},
    {"method": "DELETE", "path": "/routes/many"},
]
SEEDS: dict[str, list[dict[str, Any]]] = {
    "/batch": [{"operations": OPERATIONS}, {"operations": OPERATIONS[:1] * 1_001}],
    "/config": [WHOLE, {"config": json.dumps(WHOLE)}, {**WHOLE, "_transform": False}],
    "/diff": [WHOLE, {"config": json.dumps(WHOLE)}],
}


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request: ``template`` is the endpoint's path in the table."""

    method: str
    template: str
    path: str
    sent: bytes


class Attempts:
    """Makes requests to a world's endpoints, as chance has it."""

    def __init__(self, world: World, rng: Random) -> None:
        self._world = world
        self._rng = rng
        self._writes = [
            (method, path)
            for path, handlers in sorted(world.table.items())
            for method in sorted(handlers)
            for _ in range(OFTEN if path in {*world.kinds, *SEEDS} and method in METHODS_WITH_BODY else 1)
        ]

    def next(self) -> Attempt:
        """One more."""
        rng = self._rng
        method, template = rng.choice(self._writes)
        if rng.random() < 0.01:
            method = rng.choice(("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "FOO", "TRACE"))
        path = self._path(template)
        if rng.random() < (0.05 if method in METHODS_WITH_BODY else 0.5):
            path += "?" + rng.choice(QUERIES)
        headers: list[tuple[str, str]] = [("Host", "localhost:8001")]
        body = b""
        if method in METHODS_WITH_BODY:
            kind, body = self._body(method, template)
            headers += [] if kind is None else [("Content-Type", kind)]
            body, more = self._wrapped(body)
            headers += more
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
        head = f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode("latin-1", "replace")
        return Attempt(method, template, path.partition("?")[0], head + body)

    def _path(self, template: str) -> str:
        """A path of a template: mostly one that leads to entities that are there, the one below the other."""
        rng, found = self._rng, list[str]()
        child: tuple[str, dict[str, Any]] | None = None
        for segment in reversed(template.split("/")):
            if not segment.startswith("{"):
                found.append(segment if rng.random() < 0.997 else rng.choice(ODD_SEGMENTS))
                continue
            kind = segment.strip("{}")
            entity = self._parent(kind, child) if child is not None else None
            known = self._world.entities.get(kind, [])
            if entity is None and known:
                entity = rng.choice(known)
            if entity is None or rng.random() < 0.08:
                found.append(rng.choice(ODD_SEGMENTS))
            else:
                child = (kind, entity)
                found.append(quote(rng.choice(self._world.names(kind, entity)), safe="", errors="replace"))
        return "/".join(reversed(found))

    def _parent(self, kind: str, child: tuple[str, dict[str, Any]]) -> dict[str, Any] | None:
        foreign = self._world.node.schemas[child[0]].foreign
        ids = {
            child[1][field]["id"]
            for field, each in foreign.items()
            if each.reference == kind and child[1].get(field) is not None
        }
        known = self._world.entities.get(kind, [])
        return next((each for each in known if each["id"] in ids), None)

    def _wrapped(self, body: bytes) -> tuple[bytes, list[tuple[str, str]]]:
        """The body as it goes over the wire, with the headers that tell how."""
        rng, chance = self._rng, self._rng.random()
        if chance < 0.02:
            packed = gzip.compress(body, 1, mtime=0)
            return packed, [("Content-Encoding", "gzip"), ("Content-Length", str(len(packed)))]
        if chance < 0.04 and body:
            size = rng.choice((1, 7, 4_096)) if len(body) < 5_000 else 65_536
            pieces = [body[at : at + size] for at in range(0, len(body), size)]
            chunks = b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in pieces)
            return chunks + b"0\r\n\r\n", [("Transfer-Encoding", "chunked")]
        return body, [("Content-Length", str(len(body)))]

    def _body(self, method: str, template: str) -> tuple[str | None, bytes]:
        rng, chance = self._rng, self._rng.random()
        if chance < 0.12:
            return "application/json", rng.choice(JSON_TEXTS)
        record = self._record(template)
        if chance < 0.55:
            kind, body = "application/json", self._json(record)
        elif chance < 0.8:
            kind, body = "application/x-www-form-urlencoded", self._form(record)
        else:
            kind, body = f"multipart/form-data; boundary={BOUNDARY}", self._multipart(record)
        if rng.random() < 0.04:
            return rng.choice((None, *TYPES)), body
        return kind, body

    def _record(self, template: str) -> dict[str, Any]:
        """A record that the endpoint may take; six of ten are spoilt."""
        rng = self._rng
        seeds = SEEDS.get(template) or seeds_of(tuple(sorted(self._world.table))).get(template, ())
        if seeds and rng.random() < 0.5:
            record: Any = rng.choice(seeds)
        else:
            record = self._by_schema(template)
        record = mutated(record, rng) if rng.random() < 0.6 else record
        return record if isinstance(record, dict) else {"name": record}

    def _by_schema(self, template: str) -> dict[str, Any]:
        rng, schemas = self._rng, self._world.node.schemas
        kind = self._world.kinds.get(template)
        if kind is None:
            words = template.strip("/").split("/")
            kind = next((each for each in words if each in schemas), rng.choice(sorted(schemas)))
        record = a_record(schemas[kind].definition, rng)
        if kind == "plugins":
            record["name"] = rng.choice(sorted(schemas.plugins))
            record["config"] = a_value(dict(schemas.plugin(record["name"]).config), rng)
            record["protocols"] = ["http", "https"]
        if rng.random() < 0.8:
            for name in ("id", "created_at", "updated_at"):
                record.pop(name, None)
        return record

    def _json(self, record: dict[str, Any]) -> bytes:
        rng = self._rng
        text = json.dumps(record, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")
        if rng.random() < 0.06:
            where = rng.randrange(len(text))
            return (
                text[:where] + rng.choice((b"", b"\xff", b"\x00", b",", b"}", b"[" * 50)) + text[where + 1 :]
            )
        if rng.random() < 0.03:
            return text[:-1] + b"," + text[1:]
        return text

    def _form(self, record: dict[str, Any]) -> bytes:
        rng = self._rng
        pairs = self._pairs(record)
        text = urlencode([(_bytes(name), _bytes(value)) for name, value in pairs]).encode()
        if rng.random() < 0.05:
            return text + rng.choice((b"&%", b"&%zz=%", b"&\xff=\xff", b"&=&=&", b"&a" * 500, b";b=c"))
        return text

    def _multipart(self, record: dict[str, Any]) -> bytes:
        rng = self._rng
        lines = b""
        for name, value in self._pairs(record):
            more = b'; filename="a.txt"\r\nContent-Type: text/plain' if rng.random() < 0.1 else b""
            quoted = _bytes(name).replace(b'"', b"%22").replace(b"\r", b"").replace(b"\n", b"")
            head = b'Content-Disposition: form-data; name="%b"%b' % (quoted, more)
            lines += b"--%b\r\n%b\r\n\r\n%b\r\n" % (BOUNDARY.encode(), head, _bytes(value))
        lines += b"--%b--\r\n" % BOUNDARY.encode()
        if rng.random() < 0.25:
            lines = self._broken(lines)
        return lines

    def _broken(self, lines: bytes) -> bytes:
        where = self._rng.randrange(len(lines))
        broken = (
            lines[:where],
            lines[where:],
            lines.replace(b"\r\n", b"\n"),
            lines.replace(b'name="', b"name="),
            lines.replace(b"form-data", b"attachment"),
            lines.replace(b"Content-Disposition", b"X-" + b"y" * 3_000),
            lines.replace(b"\r\n\r\n", b"\r\n"),
            lines.replace(b"--\r\n", b""),
            lines[:-4] + lines,
            b"--" + BOUNDARY.encode() + b"\r\n",
            b'"\\' * 20_000 + lines,
            lines.replace(b'name="', b'name="' + b'\\"' * 5_000),
        )
        return self._rng.choice(broken)

    def _pairs(self, record: dict[str, Any]) -> list[tuple[str, str]]:
        rng = self._rng
        pairs = list(flattened("", record, rng))[:300]
        if rng.random() < 0.3:
            pairs += [(rng.choice(ODD_NAMES), rng.choice(TEXTS)) for _ in range(rng.choice((1, 3, 12)))]
        if rng.random() < 0.02:
            pairs += [(f"tags[{number}]", "x") for number in range(rng.choice((999, 1_001)))]
        if rng.random() < 0.1:
            rng.shuffle(pairs)
        return pairs


def flattened(name: str, value: Any, rng: Random) -> Sequence[tuple[str, str]]:
    """A value as the pairs of a form, lists in one of the three ways in which they can be written."""
    found: list[tuple[str, str]] = []
    if isinstance(value, dict) and value:
        for key, member in value.items():
            below = key if name == "" else f"{name}[{key}]" if rng.random() < 0.2 else f"{name}.{key}"
            found += flattened(below, member, rng)
    elif isinstance(value, list) and value:
        way = rng.randrange(3)
        for number, member in enumerate(value, 1):
            found += flattened((f"{name}[]", f"{name}[{number}]", name)[way], member, rng)
    else:
        found.append((name, _text(value)))
    return found


def _text(value: Any) -> str:
    if value is None or value in ([], {}):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


@cache
def seeds_of(paths: tuple[str, ...]) -> dict[str, list[dict[str, Any]]]:
    """The records that clients of a real Kong sent, by the path of the table that they were sent to."""
    seeds: dict[str, list[dict[str, Any]]] = {}
    for file in sorted(DATA.glob("*.jsonl")):
        for exchange in recorded(file.stem):
            body = exchange.request["body"]
            if exchange.method in METHODS_WITH_BODY and exchange.request.get("target") == "admin":
                template = _template(exchange.path.partition("?")[0], paths)
                if template is not None and isinstance(body, dict):
                    seeds.setdefault(template, []).append(body)
    return seeds


def _template(path: str, paths: tuple[str, ...]) -> str | None:
    parts = path.split("/")
    for template in paths:
        words = template.split("/")
        if len(words) == len(parts) and all(
            word.startswith("{") or word == part for word, part in zip(words, parts, strict=True)
        ):
            return template
    return None
