"""Recorded exchanges of a real Kong 3.9.1, Admin API and proxy, played against a whole node of ours.

The node lives at the recorded time.  Ports are those of this run; ids are its own, so both answers are
compared with the n-th different id in them called ``<n>``: the same ids must be at the same places.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from tests.kit.bundled import RUNNING
from tests.kit.echo import Echo
from tests.kit.http_client import Answer
from tests.kit.recorded_time import RecordedTime
from tests.kit.recordings import Exchange, compared
from tests.kit.running import RunningNode
from twisted_kong.admin.browsers import GUARDS

_ID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b[0-9a-f]{32}\b")
# The running numbers at the end of correlation ids: they count what went before.
_COUNTS = re.compile(r"#\d+|-\d+-\d+-\d+-\d{10}\.\d{3}")
_LATENCY = re.compile(r"X-Kong-(Upstream|Proxy|Response|Admin)-Latency")
_SECONDS_LEFT = ("RateLimit-Reset", "Retry-After")
_SLACK = 3
# Of the process, not of its behaviour; and what is made up, or hashed with an id that is.
_VARYING = frozenset({"hostname", "worker_pid", "password", "secret"})
# Additions of ours to the answers to writes, and what goes without saying in HTTP/1.1.
_ADMIN_ONLY = (
    ("X-Kong-Position", None),
    ("Warning", None),
    ("ETag", None),
    ("Connection", "keep-alive"),
    *GUARDS,
)


class NotRunning:
    """The rule by which exchanges are left out: what a plugin would have to do that does not run yet.

    That is: a request to a Route that has such a plugin.  In these recordings a Route's path is its name.
    """

    def __init__(self, exchanges: Iterable[Exchange]) -> None:
        self._routes = {
            each.path.split("/")[2]
            for each in exchanges
            if each.path.endswith("/plugins") and _plugin(each) not in (None, *RUNNING)
        }

    def concerns(self, exchange: Exchange) -> bool:
        """Whether an exchange is about one of them."""
        first = exchange.path.partition("?")[0].strip("/").split("/")[0]
        return exchange.request["target"] == "proxy" and first in self._routes


def _plugin(exchange: Exchange) -> str | None:
    body = exchange.request["body"]
    return body.get("name") if isinstance(body, dict) else None


class Player:
    """Plays one file.

    :param ports: the recorded ports and those that stand for them in this run.
    """

    def __init__(self, node: RunningNode, clock: RecordedTime, echo: Echo, ports: Mapping[int, int]) -> None:
        self._node = node
        self._clock = clock
        self._echo = echo
        self._to_ours = {str(theirs): str(ours) for theirs, ours in ports.items()}
        self._to_theirs = {ours: theirs for theirs, ours in self._to_ours.items()}
        self._ids: dict[str, str] = {}
        # Seconds by which the node's clock, which runs, has been ahead of the recorded time at most.
        self._late = 0.0

    def ours(self, port: int) -> int:
        """The port of this run that stands for a recorded one."""
        return int(self._to_ours[str(port)])

    async def play(self, exchange: Exchange) -> Answer:
        """Send the recorded request, with our ports and ids, at the recorded time."""
        self._clock.set(max(exchange.date, self._clock.seconds()))
        text = _replaced(json.dumps(exchange.request), {**self._to_ours, **self._ids})
        request = json.loads(text)
        if exchange.response["status"] == 501:
            self._echo.page = exchange.response["body"].encode()
        client = self._node.admin if request["target"] == "admin" else self._node.proxy
        answer = await client.request(
            request["method"],
            request["path"],
            headers=[(name, each) for name, value in request["headers"].items() for each in _listed(value)],
            body=_body(request),
        )
        self._late = max(self._late, self._clock.seconds() - exchange.date)
        if request["target"] == "admin":
            self._learn(exchange.response.get("json"), answer)
        return answer

    def differences(self, exchange: Exchange, answer: Answer) -> list[str]:
        """In what our answer differs from the recorded one."""
        recorded = exchange.response
        body = recorded.get("body")
        if body is None:
            body = json.dumps(recorded["json"]) if recorded.get("json") is not None else ""
        theirs = _picture(exchange, recorded["status"], recorded["reason"], recorded["headers"], body)
        ours = _picture(
            exchange, answer.status, answer.reason, answer.headers, answer.body.decode(), self._to_theirs
        )
        for name in _SECONDS_LEFT:
            if _near(ours["headers"].get(name), theirs["headers"].get(name)):
                ours["headers"][name] = theirs["headers"][name]
        return list(compared("", ours, theirs, _VARYING, self._late))

    def _learn(self, recorded: Any, answer: Answer) -> None:
        """Later requests name what Kong made; note what we made instead."""
        if isinstance(recorded, dict) and "id" in recorded and answer.status in (200, 201):
            self._ids[recorded["id"]] = answer.json["id"]


def _body(request: Mapping[str, Any]) -> bytes | None:
    kind, body = request.get("body_kind"), request["body"]
    if kind is None:
        return None
    if kind == "form":
        return urlencode([tuple(pair) for pair in body]).encode()
    return (json.dumps(body) if kind == "json" else body).encode()


def _listed(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]


def _replaced(text: str, table: Mapping[str, str]) -> str:
    if not table:
        return text
    return re.sub(
        rf"(?<![\w.])(?:{'|'.join(map(re.escape, table))})(?![\w.])", lambda found: table[found[0]], text
    )


def _picture(
    exchange: Exchange,
    status: int,
    reason: str,
    headers: Iterable[tuple[str, str]],
    body: str,
    ports: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """An answer without what may vary, as a value to be compared."""
    fields = _grouped(headers)
    if exchange.request["target"] == "admin":
        for name, value in _ADMIN_ONLY:
            if value is None or fields.get(name) == [value]:
                fields.pop(name, None)
    if exchange.method != "HEAD" and "Content-Length" in fields:
        # The client has compared it with the body; in length, bodies differ by what varies in them.
        fields["Content-Length"] = ["counted"]
    if "Connection" in fields:
        fields["Connection"].sort()
    for name in fields:
        if name == "Date" or _LATENCY.fullmatch(name):
            fields[name] = ["varies"] * len(fields[name])
    picture = {"status": f"{status} {reason}", "headers": fields, "body": _read(body)}
    text = _COUNTS.sub("#", json.dumps(picture, sort_keys=True))
    text = _replaced(text, ports or {})
    seen: dict[str, str] = {}
    named: dict[str, Any] = json.loads(
        _ID.sub(lambda found: seen.setdefault(found[0], f"<{len(seen) + 1}>"), text)
    )
    return named


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return fields


def _read(body: str) -> Any:
    """The body as JSON where it is JSON; the headers in the picture of an echo in no order."""
    try:
        value = json.loads(body)
    except ValueError:
        return body
    if isinstance(value, dict) and "uri" in value and isinstance(value.get("headers"), list):
        value["headers"] = _grouped(value["headers"])
    return value


def _near(ours: list[str] | None, theirs: list[str] | None) -> bool:
    if ours is None or theirs is None or len(ours) != 1 or len(theirs) != 1:
        return False
    return ours[0].isdigit() and abs(int(ours[0]) - int(theirs[0])) <= _SLACK
