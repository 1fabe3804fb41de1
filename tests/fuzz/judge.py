"""Sends the fuzzer's requests and judges what comes back and what became of the world."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from twisted.python.failure import Failure

from tests.fuzz.requests import Attempt
from tests.fuzz.world import World
from tests.kit.admin_client import Response

# Seconds of processor time for which a request may hold the event loop at a time.
MOST_SECONDS = 0.1
RETRIES = 2
# What an answer may take on the world's clock, and in which steps that goes by.
PATIENCE, STEP = 60.0, 0.05
NOT_IMPLEMENTED = 501
READING = ("GET", "HEAD", "OPTIONS", "TRACE")


@dataclass
class Findings:
    """What was found: ``wrong`` must stay empty."""

    statuses: Counter[int] = field(default_factory=Counter)
    written: int = 0
    slowest: float = 0.0
    wrong: list[str] = field(default_factory=list)


class Judge:
    """Plays requests against one world."""

    def __init__(self, world: World, findings: Findings) -> None:
        self._world = world
        self._found = findings

    def play(self, attempt: Attempt) -> None:
        """Send one request and look at everything that may be wrong with its answer."""
        before = self._world.digest()
        self._world.clock.longest = 0.0
        answer = self._exchange(attempt.sent, attempt.method)
        took = self._world.clock.longest
        wrong = [*self._answered(answer), *self._kept(attempt, answer, before), *self._held(attempt, took)]
        self._found.wrong += [f"{text}: {shown(attempt, answer)}" for text in wrong]

    def _held(self, attempt: Attempt, took: float) -> list[str]:
        """Whether it held the event loop each time; once may be the machine's doing."""
        for _ in range(RETRIES):
            if took <= MOST_SECONDS:
                break
            self._world.clock.longest = 0.0
            self._exchange(attempt.sent, attempt.method)
            took = min(took, self._world.clock.longest)
        self._found.slowest = max(self._found.slowest, took)
        return [f"held the event loop for {took:.3f} s"] if took > MOST_SECONDS else []

    def _answered(self, answer: Response | None) -> list[str]:
        if answer is None:
            return ["no answer"]
        self._found.statuses[answer.status] += 1
        wrong = []
        if answer.status >= 500 and answer.status != NOT_IMPLEMENTED:
            wrong.append(f"status {answer.status}")
        if (answer.header("Content-Type") or "").startswith("application/json") and answer.body:
            try:
                answer.json  # noqa: B018 -- reads it
            except ValueError:
                wrong.append("an answer that is no JSON")
        return wrong

    def _kept(self, attempt: Attempt, answer: Response | None, before: Any) -> list[str]:
        """What is wrong with the world after a request."""
        if answer is None:
            return []
        changed = self._world.digest() != before
        if answer.status >= 400 or attempt.method in READING:
            return ["something was written by what was refused or reads"] if changed else []
        self._found.written += changed
        if b"dry_run=1" in attempt.sent.partition(b"\r\n")[0]:
            return ["something was written by what was only tried out"] if changed else []
        kind = self._world.kinds.get(attempt.template)
        if kind is None or attempt.method not in ("POST", "PUT", "PATCH"):
            return self._gone(attempt) if attempt.method == "DELETE" and kind is not None else []
        return self._readable(kind, answer)

    def _readable(self, kind: str, answer: Response) -> list[str]:
        entity = answer.json
        self._world.learn(kind, entity)
        read = self._get(self._world.own_path(kind, entity))
        if read is None or read.status != 200:
            return ["what was accepted cannot be read"]
        # what is left of a life grows less
        if {**read.json, "ttl": None} != {**entity, "ttl": None}:
            return [f"what was accepted reads {json.dumps(read.json)[:600]}"]
        return []

    def _gone(self, attempt: Attempt) -> list[str]:
        read = self._get(attempt.path)
        return [] if read is not None and read.status in (400, 404) else ["what was removed can be read"]

    def _get(self, path: str) -> Response | None:
        return self._exchange(f"GET {path} HTTP/1.1\r\nHost: localhost:8001\r\n\r\n".encode(), "GET")

    def _exchange(self, sent: bytes, method: str) -> Response | None:
        transport, protocol = self._world.node.client.connect()
        clock, waited = self._world.clock, 0.0
        clock.timed(protocol.dataReceived, sent)
        while not transport.value() and not transport.disconnecting and waited < PATIENCE:
            clock.advance(STEP)
            waited += STEP
        received = transport.value()
        protocol.connectionLost(Failure(ConnectionError("the test is done")))
        return parsed(received) if received else None


def parsed(received: bytes) -> Response:
    """The first response among the bytes received, however it ends."""
    head, _, body = received.partition(b"\r\n\r\n")
    status_line, *lines = head.decode("latin-1").split("\r\n")
    _, status, reason = [*status_line.split(" ", 2), ""][:3]
    headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    return Response(int(status), reason, headers, body)


def shown(attempt: Attempt, answer: Response | None) -> str:
    """A request and its answer on a few lines."""
    head, _, body = attempt.sent.partition(b"\r\n\r\n")
    first, *fields = head.split(b"\r\n")
    back = "" if answer is None else f"\n    -> {answer.status} {answer.body[:400]!r}"
    return f"{first[:300]!r} {fields!r:.300}\n    {body[:700]!r} ({len(body)} bytes){back}"
