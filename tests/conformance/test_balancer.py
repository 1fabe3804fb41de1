"""Requests are balanced as a real Kong 3.9.1 balanced them: whatever it answered, a whole node of ours does.

Which of two Targets a request goes to is compared as shares and stickiness, not request by request: Kong
shuffles its round robin, and both of us hash what the ports of a run are part of.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conformance.known_differences import BALANCER_KNOWN
from tests.conformance.test_proxy import player
from tests.kit.http_client import Answer
from tests.kit.proxy_recordings import Player
from tests.kit.recordings import Exchange, recorded

pytestmark = pytest.mark.integration

FILE = "proxy_balancer"
EXCHANGES = 52
# The Service of the recording shows its port.
PORTS = (19050, 19051)


def port_of(answer: Answer, playing: Player) -> int | None:
    """The recorded port of the Target that answered, None if none did."""
    for port in PORTS:
        if f'"port": {playing.ours(port)},'.encode() in answer.body:
            return port
    return None


def as_if_of(port: int, answer: Answer, playing: Player) -> Answer:
    """The answer that the other Target would have given."""
    given = port_of(answer, playing)
    if given is None or given == port:
        return answer
    ours, theirs = str(playing.ours(given)).encode(), str(playing.ours(port)).encode()
    return replace(answer, body=answer.body.replace(ours, theirs))


def differences(exchange: Exchange, answer: Answer, playing: Player) -> list[str]:
    """In what an answer differs, wherever the request went."""
    picture = exchange.response.get("json")
    if exchange.request["target"] == "proxy" and isinstance(picture, dict) and "port" in picture:
        answer = as_if_of(picture["port"], answer, playing)
    return list(playing.differences(exchange, answer))


@pytest.mark.each_database
async def test_recorded_answers(tmp_path: Path) -> None:
    """Each is answered as by Kong, but for the listed differences; shares and stickiness are Kong's too."""
    exchanges = recorded(FILE)
    assert len(exchanges) == EXCHANGES
    found: dict[int, list[str]] = {}
    ports: dict[str, list[int | None]] = {}
    async with player(tmp_path, exchanges[0].date) as playing:
        for exchange in exchanges:
            answer = await playing.play(exchange)
            found[exchange.n] = differences(exchange, answer, playing)
            if exchange.request["target"] == "proxy":
                key = f"{exchange.path} {exchange.request['headers'].get('Cookie', '')}"
                ports.setdefault(key, []).append(port_of(answer, playing))
    assert Counter(ports["/bal "]) == {19050: 8, 19051: 4}
    assert set(ports["/half "]) == {19050}
    assert len(set(ports["/hash sess=abc"])) == 1
    unlisted = [f"{n}: {text}" for n, text in found.items() if text and n not in BALANCER_KNOWN]
    settled = [n for n in BALANCER_KNOWN if not found[n]]
    assert not unlisted, "\n".join([f"{len(unlisted)} unlisted differences", *unlisted])
    assert not settled, f"listed as different, but the same: {settled}"
