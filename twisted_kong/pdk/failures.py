"""What the log says of a plugin's method that raised: one line with plugin, place and request."""

from __future__ import annotations

import sys
import traceback

from twisted_kong.pdk.gateway import Gateway
from twisted_kong.pdk.logging import one_line


def report(gateway: Gateway, plugin: str, phase: str, request_id: str | None) -> None:
    """Log the error that is being handled; its traceback only at level debug."""
    kind, error, trace = sys.exc_info()
    frames = traceback.extract_tb(trace)
    where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "?"
    gateway.log.error(
        "[kong] [{plugin}] {phase} failed: {kind}: {error} ({where}){request}",
        plugin=plugin,
        phase=phase,
        kind="?" if kind is None else kind.__name__,
        error=one_line(str(error)),
        where=where,
        request="" if request_id is None else f", request_id: {request_id}",
    )
    if gateway.log_level == "debug":
        gateway.log.debug("{trace}", trace="".join(traceback.format_exception(error)))
