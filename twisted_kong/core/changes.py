"""What the log of changes holds and what a reader of it is handed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol

from typing_extensions import override

# An entity is a JSON-like record with every schema field present (None where unset) and foreign keys as
# {"id": ...}.  It is shared between caches and requests: whoever receives one must not change it.
Entity = dict[str, Any]

Operation = Literal["create", "update", "delete"]


class Position(Protocol):
    """How far a reader has got in the log of changes.

    Opaque outside the strategy that made it: only compared, printed and handed back.  ``str()`` gives
    the text sent as ``X-Kong-Position``; the strategy's ``parse_position`` reads it again.
    """

    def __ge__(self, other: Any) -> bool: ...

    @override
    def __str__(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Change:
    """One committed write of one entity, recorded in the same transaction as the write.

    ``keys`` are the cache keys that the write makes stale: of the entity as it is and as it was.
    ``origin`` tells which running process wrote it (an id made at start-up, not the node id), ``author``
    who asked for it, ``at`` the writer's clock in epoch seconds: for the audit trail only, never for order.
    """

    position: Position
    entity: str
    operation: Operation
    id: str
    keys: tuple[str, ...]
    origin: str
    at: float
    author: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeBatch:
    """The changes after a position, in commit order.

    ``position`` is where the reader stands once it has applied them all.  ``continuous`` is false when the
    strategy cannot show that nothing lies between the reader's position and the first change (fallen out of
    retention, restored database): doubt means stale, so the reader must drop everything it cached.
    ``more`` tells that the limit cut the batch.
    """

    changes: tuple[Change, ...]
    position: Position
    continuous: bool
    more: bool
