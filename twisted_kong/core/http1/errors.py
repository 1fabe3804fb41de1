"""What is wrong with a message, as the status it deserves."""

from __future__ import annotations


class BadMessage(Exception):
    """A message that breaks the rules; the connection it came on can no longer be trusted.

    ``status`` is what a request with this fault is answered (494 as in nginx: the head is too large, shown as
    400); a Service's answer with any fault is a 502.  ``reason`` is for the error log.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
