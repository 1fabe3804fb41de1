"""Recorded exchanges of a real Kong 3.9.1, played against an Admin API of ours.

Ids, tokens and times are given to our node before each exchange as the recorded answer shows them, so that
entities come out in the same order and even offsets are the same: what is left to compare is compared
exactly.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from tests.kit.admin_client import Response
from tests.kit.admin_node import AdminNode

DATA = Path(__file__).parents[1] / "conformance" / "data"

# Compared besides status, reason phrase and body; the others vary or belong to the transport.
HEADERS = (
    "Content-Type",
    "Allow",
    "Access-Control-Allow-Origin",
    "Access-Control-Allow-Credentials",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Headers",
    "Server",
)

# Ids of entities that were made along with another one, which only a later answer shows: by file and number
# of the exchange that made them.
MADE_ALONG = {("certificates", 37): "7ba2e208-d3c9-455e-a4c6-cf9e0607b90c"}

# Seconds by which a recorded time may differ from the Date header by which our clock is set.
SLACK = 1.5
TIMES = ("created_at", "updated_at", "ttl")
# Fields whose values a node makes up, in the order in which it does for one entity.
MADE = ("key", "client_id", "client_secret", "secret")
# Secrets that are hashed with a salt, which a node makes up.
SALTED = "$pbkdf2-"
# Lists in no order.
SETS = ("enabled_plugins",)

# Members of the answers of /schemas that say nothing of behaviour: descriptions are prose of each project's
# own; Kong adds ``len_min`` to the text fields that it has met so far, which depends on earlier requests.
SCHEMA_PROSE = frozenset({"description", "len_min"})
VARYING = frozenset({"node_id"})
# Tells what a process measures of itself; the members and the form of the numbers are compared.
STATUS = "/status"
_SIZE = re.compile(r"^[0-9]+\.[0-9]{2} (?=[KMG]iB$)")


@dataclass(frozen=True, eq=False)
class Exchange:
    """One recorded request and its answer.

    ``along`` are the ids of SNIs made along with their Certificate, which only later answers show.
    """

    file: str
    n: int
    request: Mapping[str, Any]
    response: Mapping[str, Any]
    along: tuple[str, ...] = ()

    @property
    def method(self) -> str:
        """The request's method."""
        return str(self.request["method"])

    @property
    def path(self) -> str:
        """The request's path and query."""
        return str(self.request["path"])

    @property
    def date(self) -> float:
        """When it was answered, in epoch seconds; the milliseconds of what was created, if it shows any."""
        answered = self.header("Date")
        body = self.response.get("json")
        updated = body.get("updated_at") if isinstance(body, dict) else None
        if isinstance(updated, float):
            return updated
        return parsedate_to_datetime(answered).timestamp() if answered else 0.0

    def header(self, name: str) -> str | None:
        """A header of the answer."""
        return next((value for key, value in self.response["headers"] if key == name), None)

    def __str__(self) -> str:
        return f"{self.file}-{self.n:03d} {self.method} {self.path}"


def recorded(file: str) -> list[Exchange]:
    """The exchanges of one file, in order."""
    lines = (DATA / f"{file}.jsonl").read_text().splitlines()
    values = [json.loads(line) for line in lines]
    return [
        Exchange(file, value["n"], value["request"], value["response"], _along(value, values[place + 1 :]))
        for place, value in enumerate(values)
    ]


def _along(value: Mapping[str, Any], later: list[dict[str, Any]]) -> tuple[str, ...]:
    """The ids of the SNIs that a request names, as far as later answers show them."""
    body = value["request"]["body"]
    names = body.get("snis") if isinstance(body, dict) else None
    if not isinstance(names, list) or value["response"]["status"] not in (200, 201):
        return ()
    shown = [row for each in later for row in _rows(each["response"].get("json")) if "certificate" in row]
    ids = {row["name"]: row["id"] for row in reversed(shown) if "name" in row}
    return tuple(ids[name] for name in names if name in ids)


def _rows(answer: Any) -> list[dict[str, Any]]:
    """The entities in an answer."""
    rows = answer.get("data", [answer]) if isinstance(answer, dict) else []
    return [row for row in rows if isinstance(row, dict)]


def play(node: AdminNode, exchange: Exchange) -> Response:
    """Send the recorded request to a node that is given the recorded ids, tokens and time."""
    prepare(node, exchange)
    return node.client.request(exchange.method, exchange.path, **content_of(exchange))


async def play_later(node: AdminNode, exchange: Exchange, reactor: Any) -> Response:
    """The same with a node that takes its time, which does not count: its clock is set anew each time."""
    prepare(node, exchange)
    node.clock.set(exchange.date)
    return await node.client.later(reactor, exchange.method, exchange.path, **content_of(exchange))


def prepare(node: AdminNode, exchange: Exchange) -> None:
    """Give a node the recorded ids, tokens and time."""
    node.clock.advance(max(0.0, exchange.date - node.clock.seconds()))
    node.ids.uuids.clear()
    node.ids.tokens.clear()
    body = exchange.response.get("json")
    if isinstance(body, dict) and "id" in body and exchange.response["status"] in (200, 201):
        known = body.get("id") in exchange.path or exchange.method == "PATCH"
        node.ids.uuids.extend([] if known or not isinstance(body.get("id"), str) else [body["id"]])
        node.ids.uuids.extend(exchange.along)
        node.ids.tokens.extend(_made(exchange.request["body"], body))
    if (exchange.file, exchange.n) in MADE_ALONG:
        node.ids.uuids.append(MADE_ALONG[exchange.file, exchange.n])


def _made(request: Any, shown: Mapping[str, Any]) -> Iterator[str]:
    """The tokens in an answer that its request did not bring, in the order in which they are made."""
    given = dict(request) if isinstance(request, list) else request or {}
    config = shown.get("config")
    for name, value in ((name, shown.get(name)) for name in MADE):
        if isinstance(value, str) and (not isinstance(given, dict) or name not in given):
            yield value
    if isinstance(config, dict) and shown.get("name") == "session":
        yield config["secret"]


def content_of(exchange: Exchange) -> dict[str, Any]:
    """Headers and body, as the clients take them."""
    request = exchange.request
    kind = request.get("body_kind")
    content = request["body"]
    if kind == "raw":
        content = content.encode()
    headers = {name: value for name, value in request["headers"].items() if _own(kind, name)}
    return {"headers": headers, **({kind: content} if kind is not None else {})}


def differences(exchange: Exchange, answer: Response) -> list[str]:
    """In what our answer differs from the recorded one."""
    expected = exchange.response
    found = []
    if (answer.status, answer.reason) != (expected["status"], expected["reason"]):
        found.append(f"status {answer.status} {answer.reason}, not {expected['status']} {expected['reason']}")
    for name in HEADERS:
        if answer.header(name) != exchange.header(name):
            found.append(f"{name}: {answer.header(name)}, not {exchange.header(name)}")
    if exchange.path == STATUS and isinstance(expected.get("json"), dict):
        found.extend(compared("", _unmeasured(_json(answer)), _unmeasured(expected["json"]), VARYING))
    elif expected.get("json") is not None:
        skipped = VARYING | (SCHEMA_PROSE if exchange.path.startswith("/schemas/") else frozenset())
        found.extend(compared("", _json(answer), expected["json"], skipped))
    elif answer.body.decode() != expected.get("body", ""):
        found.append(f"body {answer.body!r}, not {expected.get('body', '')!r}")
    return found


def _unmeasured(status: Any) -> Any:
    """A status without what each process measures of itself: counts, process ids, the sizes of its stores."""
    if isinstance(status, dict):
        return {name: _unmeasured(member) for name, member in status.items()}
    if isinstance(status, list):
        return [_unmeasured(member) for member in status]
    if isinstance(status, str):
        return _SIZE.sub("n ", status)
    return "n" if isinstance(status, int) and not isinstance(status, bool) else status


def _own(kind: str | None, name: str) -> bool:
    """Whether a recorded header is sent as it is: the boundary of multipart is the client's own."""
    return not (kind == "multipart" and name == "Content-Type")


def _json(answer: Response) -> Any:
    try:
        return answer.json
    except ValueError:
        return answer.body.decode()


def compared(where: str, ours: Any, theirs: Any, skipped: frozenset[str], late: float = 0.0) -> Iterator[str]:
    """What differs in two JSON values, by path; members named in ``skipped`` may.

    :param late: seconds by which our clock is known to have been ahead of the recorded time.
    """
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted({*ours, *theirs}.difference(skipped)):
            there = f"{where}.{key}"
            if key not in ours or key not in theirs:
                yield f"{there} {'is missing' if key in theirs else 'is too much'}"
            elif key in SETS:
                yield from compared(there, sorted(ours[key]), sorted(theirs[key]), skipped)
            elif not (key in TIMES and _same_time(ours[key], theirs[key], late)):
                yield from compared(there, ours[key], theirs[key], skipped, late)
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for index, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from compared(f"{where}[{index}]", one, other, skipped, late)
    elif isinstance(ours, str) and isinstance(theirs, str) and _salted(ours, theirs):
        return
    elif ours != theirs or isinstance(ours, bool) != isinstance(theirs, bool):
        yield f"{where} is {_short(ours)}, not {_short(theirs)}"


def _salted(ours: str, theirs: str) -> bool:
    """Whether both are hashes with salts of their own, made in the same way."""
    same = [(len(part), part if place < 3 else "") for place, part in enumerate(theirs.split("$"))]
    return theirs.startswith(SALTED) and same == [
        (len(part), part if place < 3 else "") for place, part in enumerate(ours.split("$"))
    ]


def _same_time(ours: Any, theirs: Any, late: float) -> bool:
    numbers = isinstance(ours, int | float) and isinstance(theirs, int | float)
    near = numbers and -SLACK <= ours - theirs <= SLACK + late
    return near and isinstance(ours, int) == isinstance(theirs, int)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) < 300 else text[:300] + "…"
