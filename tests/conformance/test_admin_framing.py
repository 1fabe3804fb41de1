"""Hostile HTTP sent to the Admin API: what must be refused is, and nothing brings its connections down."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.unit.admin.test_http1 import PATIENCE, Wire
from twisted_kong.admin.http1 import LINGER_SECONDS

DATA = Path(__file__).parent / "data" / "http_cases.json"
CASES: list[dict[str, Any]] = json.loads(DATA.read_text())["cases"]
STATUS = re.compile(rb"^HTTP/1\.1 ([0-9]{3}) ", re.MULTILINE)


def played(case: dict[str, Any]) -> tuple[Wire, list[int]]:
    """A connection on which a case was sent, until it is over, and the statuses of all answers."""
    wire = Wire()
    received = b""
    for piece in case["send"]:
        data = base64.b64decode(piece.get("b64", "")) * piece.get("repeat", 1)
        if not wire.gone:
            received += wire.send(data)
    for _ in range(3):
        received += wire.wait(0)
    received += wire.wait(PATIENCE)
    received += wire.wait(LINGER_SECONDS)
    return wire, [int(status) for status in STATUS.findall(received)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["id"]))
def test_every_exchange_ends(case: dict[str, Any]) -> None:
    """Each case is answered in order or refused; a client that then does nothing is left."""
    wire, statuses = played(case)
    assert wire.gone
    assert all(status < 500 or status in (501, 505) for status in statuses)


REFUSED = [case for case in CASES if all(way["is"] in ("reject", "close") for way in case["accept"])]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: str(case["id"]))
def test_what_must_be_refused_is(case: dict[str, Any]) -> None:
    """With a status that the case allows, or without one where the connection may just end."""
    _, statuses = played(case)
    allowed = {status for way in case["accept"] for status in way.get("status", ())}
    assert (statuses[-1] in allowed) if statuses else any(way["is"] == "close" for way in case["accept"])
