"""What came of a try."""

from __future__ import annotations

from twisted_kong.core.balancer.outcomes import Failure


def test_a_failure_is_no_status() -> None:
    """So the two can be told apart, and the words are those of health checks."""
    assert not any(isinstance(failure, int) for failure in Failure)
    assert {failure.value for failure in Failure} == {"tcp_failure", "timeout"}
