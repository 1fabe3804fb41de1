"""How far an import of a document is: for the log, about every second, and for whoever asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from twisted.logger import Logger

# Seconds between two lines of the log.
INTERVAL = 1.0


class ImportProgress:
    """The import that is under way, or the last that was.

    :param now: epoch seconds.
    """

    _log = Logger()

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._state = "idle"
        self._told: dict[str, Any] = {}
        self._begun = self._logged = 0.0

    @property
    def is_running(self) -> bool:
        """Whether an import is under way."""
        return self._state == "running"

    def begin(self, mode: str, author: str | None) -> None:
        """An import begins."""
        self._state = "running"
        self._begun = self._logged = self._now()
        self._told = {"mode": mode, "author": author, "started_at": int(self._begun)}
        self._told |= {"phase": "reading", "done": 0, "total": 0}

    def tell(self, phase: str, done: int, total: int) -> None:
        """It has got so far."""
        told = self._told
        told["phase"], told["done"], told["total"] = phase, done, total
        now = self._now()
        if total and now - self._logged >= INTERVAL:
            self._logged = now
            self._log.info(
                "importing a configuration: {phase} {done}/{total}", phase=phase, done=done, total=total
            )

    def done(self, summary: Mapping[str, int]) -> None:
        """It has ended well."""
        self._state = "done"
        seconds = self._finish()
        self._told |= {"changes": dict(summary)}
        self._log.info(
            "a configuration was imported in {seconds:.1f} s:"
            " {create} created, {update} updated, {delete} deleted",
            seconds=seconds,
            **summary,
        )

    def failed(self, reason: str) -> None:
        """It was refused, or could not be done."""
        self._state = "failed"
        self._finish()
        self._told |= {"error": reason}
        self._log.warn("a configuration was not imported: {reason}", reason=reason)

    def unknown(self, reason: str) -> None:
        """The database did not say whether it has taken effect."""
        self._state = "unknown"
        self._finish()
        self._told |= {"error": reason}
        self._log.warn(
            "a configuration may or may not have been imported, as a whole: {reason}", reason=reason
        )

    def shown(self) -> dict[str, Any]:
        """All of it, as an answer shows it."""
        shown = {"state": self._state, **self._told}
        if self.is_running:
            shown["elapsed"] = round(max(0.0, self._now() - self._begun), 3)
        return shown

    def _finish(self) -> float:
        elapsed = max(0.0, self._now() - self._begun)
        self._told |= {"finished_at": int(self._now()), "elapsed": round(elapsed, 3)}
        return elapsed
