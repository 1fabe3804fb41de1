"""What needs mean."""

from __future__ import annotations

from tests.kit.proxies import Plugged
from twisted_kong.proxy.interfaces import NOTHING, has_work


def test_any_phase_is_work() -> None:
    """One phase with a plugin is enough."""
    assert not has_work(NOTHING)
    assert has_work(Plugged())
