"""What needs mean."""

from __future__ import annotations

from twisted_kong.proxy.interfaces import NOTHING, Needs


def test_nothing_is_no_work() -> None:
    """Whoever needs nothing says so of every phase."""
    needs: Needs = NOTHING
    assert not any(getattr(needs, name) for name in dir(Needs) if name.startswith("has_"))
