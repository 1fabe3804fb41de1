"""The secrets that this process has looked up, so that what it logs can do without them.

Nothing of ours logs one.  But an error of a library that a plugin uses may quote what it was given.
"""

from __future__ import annotations

import re
from typing import Final

from twisted_kong.core.conf.secret import MASK

# Shorter texts are no secrets, and turn up in any line.
LEAST: Final = 6


class KnownSecrets:
    """Grows by every secret that is looked up; there are not more of them than the environment holds."""

    def __init__(self) -> None:
        self._texts: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def learn(self, secret: str) -> None:
        """Remember a secret; one of several lines by each of them, as a key in PEM may be quoted in parts."""
        texts = {line for line in secret.splitlines() if len(line) >= LEAST and not line.startswith("-----")}
        if texts <= self._texts:
            return
        self._texts |= texts
        # the longest first: of one that contains another nothing shall be left
        longest = sorted(self._texts, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest)))

    def hide(self, text: str) -> str:
        """A text with every secret masked."""
        return text if self._pattern is None else self._pattern.sub(MASK, text)
