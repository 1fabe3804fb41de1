"""The phases of a request, and the check that a PDK function may be called in the present one.

Phases are bits, so that the check is one ``&``: the sets of pdk.md are sums of them.
"""

from __future__ import annotations

INIT_WORKER = 1
CONFIGURE = 1 << 1
CERTIFICATE = 1 << 2
REWRITE = 1 << 3
ACCESS = 1 << 4
BALANCER = 1 << 5
RESPONSE = 1 << 6
HEADER_FILTER = 1 << 7
BODY_FILTER = 1 << 8
LOG = 1 << 9
PREREAD = 1 << 10

NAMES = {
    INIT_WORKER: "init_worker",
    CONFIGURE: "configure",
    CERTIFICATE: "certificate",
    REWRITE: "rewrite",
    ACCESS: "access",
    BALANCER: "balancer",
    RESPONSE: "response",
    HEADER_FILTER: "header_filter",
    BODY_FILTER: "body_filter",
    LOG: "log",
    PREREAD: "preread",
}
"""What a plugin calls its method for each phase."""

# The sets in which Kong allows its functions.
FROM_REWRITE = REWRITE | ACCESS | HEADER_FILTER | RESPONSE | BODY_FILTER | LOG
FROM_ACCESS = FROM_REWRITE & ~REWRITE
BODY_READABLE = REWRITE | ACCESS | RESPONSE
BEFORE_SERVICE = REWRITE | ACCESS
UNTIL_BALANCER = BEFORE_SERVICE | BALANCER
BEFORE_BODY = UNTIL_BALANCER | RESPONSE | HEADER_FILTER
FROM_RESPONSE = HEADER_FILTER | RESPONSE | BODY_FILTER | LOG
REQUEST = FROM_REWRITE | CERTIFICATE | BALANCER | PREREAD


class WrongPhase(RuntimeError):
    """A PDK function was called in a phase in which it cannot work."""


def wrong_phase(function: str, phase: int, allowed: int) -> WrongPhase:
    """The error to raise, naming the function, the phase and the phases in which it may be called."""
    names = ", ".join(name for bit, name in NAMES.items() if bit & allowed)
    return WrongPhase(
        f"function '{function}' cannot be called in {NAMES.get(phase, 'no')} phase (only in: {names})"
    )
