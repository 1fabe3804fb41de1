"""Whether what a proxy did with a hostile exchange is one of the things it may do."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.kit.http_wire import Got, Seen

Case = dict[str, Any]


@dataclass
class Played:
    """What came of playing one case."""

    received: bytes
    closed: bool
    responses: list[Got]
    requests: list[Seen]


def plain(text: str) -> bytes:
    """A base64 member of a case."""
    return base64.b64decode(text)


def verdict(case: Case, played: Played) -> str | None:
    """None if the proxy did well, else why not."""
    faults = [fault for request in played.requests for fault in request.faults]
    allowed = {target for way in case["accept"] for target in way.get("targets", ())}
    if "/smuggled" not in allowed:
        faults += ["smuggled" for request in played.requests if b"/smuggled" in request.target]
    if faults:
        return "; ".join(faults)
    reasons = [f"{way['is']}: {_WAYS[way['is']](case, way, played)}" for way in case["accept"]]
    return None if any(reason.endswith(": None") for reason in reasons) else " | ".join(reasons)


def _reject(case: Case, way: Case, played: Played) -> str | None:
    if played.requests:
        return "the Service was asked"
    first = played.responses[0] if played.responses else None
    if first is None or first.status not in way["status"] or not first.ours:
        return f"answered {first}"
    return None


def _close(case: Case, way: Case, played: Played) -> str | None:
    good = played.closed and not played.responses and not played.requests
    return None if good else "not just closed"


def _wait(case: Case, way: Case, played: Played) -> str | None:
    good = not (played.closed or played.responses or played.requests)
    return None if good else "did not wait"


def _partial(case: Case, way: Case, played: Played) -> str | None:
    good = not played.requests and all(got.ours for got in played.responses)
    return None if good else "taken as complete"


def _answer(case: Case, way: Case, played: Played) -> str | None:
    first = played.responses[0] if played.responses else None
    good = first is not None and not played.requests and (first.status or 999) < 400
    return None if good else "no answer of its own"


def _h2(case: Case, way: Case, played: Played) -> str | None:
    return "no HTTP/2"


def _forward(case: Case, way: Case, played: Played) -> str | None:
    wanted = way.get("n", 1)
    if len(played.requests) != wanted:
        return f"{len(played.requests)} requests forwarded"
    if sum(not got.ours for got in played.responses) < wanted:
        return "not every answer came back"
    targets = [request.target.decode("latin-1") for request in played.requests]
    if "targets" in way:
        spelled = [*way["targets"], *(target.encode().decode("latin-1") for target in way["targets"])]
        good = targets == way["targets"] if wanted > 1 else targets[0] in spelled
        if not good:
            return f"targets {targets}"
    if way.get("closed") and not played.closed:
        return "not closed"
    return _first_request(way, played.requests[0])


def _first_request(way: Case, request: Seen) -> str | None:
    if "method" in way and request.method.decode() != way["method"]:
        return f"method {request.method!r}"
    if "host" in way and not set(way["host"]) & {v.decode() for v in request.values(b"host")}:
        return f"host {request.values(b'host')}"
    if "body_b64" in way and request.body != plain(way["body_b64"]):
        return f"body {request.body[:50]!r}"
    if "no_bytes_b64" in way and plain(way["no_bytes_b64"]) in request.head:
        return "forbidden bytes forwarded"
    return _fields_of(way, request)


def _fields_of(way: Case, request: Seen) -> str | None:
    values = {name.encode("latin-1"): None for name in way.get("absent", ())}
    for name in values:
        if request.values(name):
            return f"{name!r} forwarded"
    for key, fits in (
        ("present", lambda value, want: value.decode("latin-1") in want),
        ("same_raw", lambda value, want: value.decode("latin-1") == want),
    ):
        for name, want in way.get(key, {}).items():
            if not any(fits(value, want) for value in request.values(name.encode())):
                return f"{name} is {request.values(name.encode())}"
    for name, part in way.get("not_has", {}).items():
        if any(part.encode() in value.lower() for value in request.values(name.encode())):
            return f"{name} has {part}"
    return _trailers(way, request)


def _trailers(way: Case, request: Seen) -> str | None:
    """No trailer may have become a header: the ones that the proxy sets itself must not show its value."""
    for name in way.get("trailers_not_merged", ()):
        values = request.values(name.encode())
        if name == "host":
            merged = any(b"evil" in value for value in values)
        elif name == "x-forwarded-for":
            merged = any(b"6.6.6.6" in value for value in values)
        else:
            merged = name not in ("content-length", "transfer-encoding") and bool(values)
        if merged:
            return f"trailer {name} merged"
    return None


def _response(case: Case, way: Case, played: Played) -> str | None:
    if not played.responses:
        return None if played.closed and way.get("incomplete_if") else "no response"
    first = played.responses[0]
    if first.status not in way["status"]:
        return f"status {first.status}"
    if "body_b64" in way and first.body != plain(way["body_b64"]):
        return f"body {first.body[:50]!r}"
    if way.get("incomplete_if") == first.status and first.complete:
        return "a truncated body looks complete"
    if way.get("single_framing") and first.framed_twice:
        return "framed twice"
    if plain(way.get("client_no_bytes_b64", "")).lower() in played.received.lower() and (
        "client_no_bytes_b64" in way
    ):
        return "forbidden bytes relayed"
    if way.get("one_response") and (len(played.responses) > 1 or b"X-Poison" in played.received):
        return "a second response relayed"
    return None


_WAYS: dict[str, Callable[[Case, Case, Played], str | None]] = {
    "reject": _reject,
    "close": _close,
    "wait": _wait,
    "partial": _partial,
    "answer": _answer,
    "h2": _h2,
    "forward": _forward,
    "response": _response,
}
