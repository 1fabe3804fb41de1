"""Whatever is sent to the Admin API, it is answered, soon, and what is refused changes nothing."""

from __future__ import annotations

import pytest

from tests.fuzz.campaign import ROUND, campaign

ROUNDS = 8


@pytest.mark.parametrize("number", range(ROUNDS))
def test_odd_bodies(number: int) -> None:
    """None is answered 5xx or holds the event loop; what is refused leaves no trace, the rest can be read."""
    found = campaign(ROUND, seed=1, first=number)
    assert found.wrong == []
    assert found.written > 10
