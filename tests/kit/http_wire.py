"""Requests and responses read back from the wire, strictly and without any code of the gateway.

A judge that shared the gateway's parser would share its mistakes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_NAME = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_REQUEST_LINE = re.compile(rb"([A-Za-z0-9!#$%&'*+.^_`|~-]+) ([^\x00-\x20\x7f]+) HTTP/1\.[01]")
Fields = list[tuple[bytes, bytes]]


@dataclass
class Seen:
    """One request as a strict server understood it; ``faults`` says what such a server must not be sent."""

    method: bytes = b""
    target: bytes = b""
    head: bytes = b""
    fields: Fields = field(default_factory=list)
    body: bytes = b""
    faults: list[str] = field(default_factory=list)

    def values(self, name: bytes) -> list[bytes]:
        """The values of a field."""
        return [value for known, value in self.fields if known.lower() == name]


def read_fields(lines: list[bytes], faults: list[str]) -> Fields:
    """Header lines as (name, value)."""
    fields = []
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not _NAME.fullmatch(name) or re.search(rb"[\x00\r\n]", value):
            faults.append(f"header line {line[:50]!r}")
        fields.append((name, value.strip(b" \t")))
    return fields


def read_request(data: bytes) -> tuple[Seen, bytes] | None:
    """The first request and what follows it; None while it is incomplete."""
    head, end, rest = data.partition(b"\r\n\r\n")
    if not end:
        return None
    line, *lines = head.split(b"\r\n")
    seen = Seen(head=head)
    match = _REQUEST_LINE.fullmatch(line)
    if match is None:
        seen.faults.append(f"request line {line[:60]!r}")
    else:
        seen.method, seen.target = match.groups()
    seen.fields = read_fields(lines, seen.faults)
    lengths, codings = seen.values(b"content-length"), seen.values(b"transfer-encoding")
    if len(lengths) + len(codings) > 1:
        seen.faults.append(f"framed twice: {lengths} {codings}")
    if len(seen.values(b"host")) != 1:
        seen.faults.append("not exactly one Host")
    if codings:
        if codings != [b"chunked"]:
            seen.faults.append(f"coding {codings}")
        body = read_chunks(rest)
    elif lengths and re.fullmatch(rb"[0-9]{1,15}", lengths[0]):
        size = int(lengths[0])
        body = (rest[:size], rest[size:]) if len(rest) >= size else None
    else:
        if lengths:
            seen.faults.append(f"length {lengths}")
        body = b"", rest
    if body is None:
        return None
    seen.body, rest = body
    return seen, rest


def read_chunks(data: bytes) -> tuple[bytes, bytes] | None:
    """The content of a chunked body and what follows it; None while it is incomplete."""
    content = b""
    while True:
        size, end, data = data.partition(b"\r\n")
        if not end:
            return None
        number = int(size.partition(b";")[0], 16)
        if not number:
            while True:
                line, end, data = data.partition(b"\r\n")
                if not end:
                    return None
                if not line:
                    return content, data
        if len(data) < number + 2:
            return None
        content += data[:number]
        data = data[number + 2 :]


@dataclass
class Got:
    """One final response as a client understood it."""

    status: int | None
    ours: bool = False
    complete: bool = False
    framed_twice: bool = False
    body: bytes = b""


def read_responses(data: bytes, closed: bool, is_head: bool) -> list[Got]:
    """The final responses in what a client received; ``is_head`` concerns the first."""
    found: list[Got] = []
    while data:
        head, end, rest = data.partition(b"\r\n\r\n")
        match = re.match(rb"HTTP/1\.[01] ([0-9]{3})", head)
        if not end or match is None:
            return [*found, Got(None)]
        status = int(match[1])
        if 100 <= status < 200 and status != 101:
            data = rest
            continue
        fields = {name.lower(): value for name, value in read_fields(head.split(b"\r\n")[1:], [])}
        got = Got(status, ours=b"x-upstream" not in fields)
        got.framed_twice = b"content-length" in fields and b"transfer-encoding" in fields
        data = _read_body(got, fields, rest, closed, is_head and not found)
        found.append(got)
    return found


def _read_body(got: Got, fields: dict[bytes, bytes], rest: bytes, closed: bool, is_head: bool) -> bytes:
    if got.status in (101, 204, 304) or is_head:
        got.complete = True
        return rest
    if b"transfer-encoding" in fields:
        chunks = read_chunks(rest)
        if chunks is None:
            return b""
        got.complete = True
        got.body, rest = chunks
        return rest
    if b"content-length" in fields:
        size = int(fields[b"content-length"])
        got.body = rest[:size]
        got.complete = len(got.body) == size
        return rest[size:]
    got.body = rest
    got.complete = closed
    return b""
