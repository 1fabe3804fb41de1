"""Faults of messages."""

from __future__ import annotations

from twisted_kong.core.http1.errors import BadMessage


def test_a_fault_says_its_status_and_reason() -> None:
    """The status is for the client, the reason for the log."""
    fault = BadMessage(414, "too long")
    assert (fault.status, fault.reason, str(fault)) == (414, "too long", "too long")
