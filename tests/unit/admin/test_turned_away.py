"""What the error log hears of clients without a good certificate."""

from __future__ import annotations

import pytest
from OpenSSL import SSL
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from tests.kit.logs import caught_warnings
from twisted_kong.admin.turned_away import INTERVAL, TurnedAway

PEER = IPv4Address("TCP", "192.0.2.7", 50000)
NONE = SSL.Error([("SSL routines", "", "peer did not return a certificate")])
FOREIGN = SSL.Error([("SSL routines", "", "certificate verify failed")])


def told(away: TurnedAway, *errors: BaseException) -> list[str]:
    """The lines that ends of connections lead to."""
    with caught_warnings() as lines:
        for error in errors:
            away.tell(PEER, Failure(error))  # type: ignore[no-untyped-call]
    return lines


@pytest.mark.parametrize(
    ("error", "reason"), [(NONE, "it showed no certificate"), (FOREIGN, "nobody who may vouch for clients")]
)
def test_who_and_why(error: SSL.Error, reason: str) -> None:
    """One line, with the address: an operator who mistook a certificate finds it there."""
    (line,) = told(TurnedAway(Clock()), error)
    assert line.startswith(f"refused a TLS handshake of 192.0.2.7: {reason}")


def test_only_certificates_are_told_of() -> None:
    """Whoever hangs up, or speaks no TLS, is of no interest."""
    other = SSL.Error([("SSL routines", "", "wrong version number")])
    assert told(TurnedAway(Clock()), ConnectionDone(), other, SSL.Error()) == []


def test_a_line_in_a_while() -> None:
    """A thousand strangers do not fill the disk; how many there were is told with the next."""
    clock = Clock()
    away = TurnedAway(clock)
    assert len(told(away, *[NONE] * 4)) == 1
    clock.advance(INTERVAL)
    (line,) = told(away, FOREIGN, NONE)
    assert line.endswith(" (3 more were refused before, unlogged)")
