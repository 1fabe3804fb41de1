"""Hostile HTTP over real sockets: what may be forwarded, what must be refused, what may come back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.kit.http_player import Lab

pytestmark = pytest.mark.integration

DATA = Path(__file__).parents[1] / "conformance" / "data" / "http_cases.json"
CASES: list[dict[str, Any]] = json.loads(DATA.read_text())["cases"]
# Their point is a deadline of minutes; tests/unit/proxy/test_downstream.py has them under a clock.
GROUPS = sorted({case["group"] for case in CASES} - {"slow"})


@pytest.mark.parametrize("group", GROUPS)
async def test_every_exchange_ends_well(group: str) -> None:
    """Whatever is sent, the gateway does one of the things that the rules allow, and serves the next."""
    from twisted.internet import reactor

    cases = [case for case in CASES if case["group"] == group]
    lab = Lab(reactor, {case["id"]: case["resp"] for case in cases if "resp" in case})
    try:
        wrong = {case["id"]: why for case in cases if (why := await lab.play(case)) is not None}
    finally:
        await lab.stop()
    assert wrong == {}
