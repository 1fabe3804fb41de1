"""A write's context that makes the same ids, tokens and times in every run."""

from __future__ import annotations

from itertools import count

from twisted_kong.core.schema.context import WriteContext

NOW = 1_700_000_000.25
TOKEN = "t" * 32
WORKSPACE = "0dc6f45b-8f8d-40d2-a504-473544ee190b"


def numbered_uuid(number: int) -> str:
    """A UUID that shows which it is."""
    return f"00000000-0000-4000-8000-{number:012d}"


def write_context(now: float = NOW) -> WriteContext:
    """A context whose uuids count from one."""
    numbers = count(1)
    return WriteContext(
        now=now,
        new_uuid=lambda: numbered_uuid(next(numbers)),
        new_token=lambda: TOKEN,
        workspace=WORKSPACE,
    )
