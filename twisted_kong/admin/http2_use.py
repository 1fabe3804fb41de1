"""What a client makes of its HTTP/2 connection: whether what it costs comes to anything."""

from __future__ import annotations

# Requests that a client may take back beyond as many as it lets be answered (rapid reset, CVE-2023-44487).
MAX_RESETS = 100
# So many bytes, and then seven eighths of all, may be anything (nginx: 1 MiB, but it is faster at it).
OVERHEAD_BYTES = 1 << 16
OVERHEAD_PARTS = 8


class Use:
    """Counts for one connection.

    ``received`` are all bytes that came; ``useful`` those of heads and bodies, and of answers taken.
    """

    __slots__ = ("answered", "received", "resets", "useful")

    def __init__(self) -> None:
        self.received = self.useful = 0
        self.answered = self.resets = 0

    @property
    def complaint(self) -> str | None:
        """Why the client must not go on so, for the log; None if it may."""
        if self.resets > MAX_RESETS + self.answered:
            return "too many requests taken back"
        if self.received > OVERHEAD_PARTS * self.useful + OVERHEAD_BYTES:
            return "more overhead than content"
        return None
