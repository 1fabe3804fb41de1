"""What a write is given from outside: the time, fresh identities, and what the write is."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass


class Purpose(enum.Enum):
    """What a record is being filled for."""

    INSERT = "insert"
    UPSERT = "upsert"
    UPDATE = "update"
    # what an update left incomplete: defaults only, nothing made anew
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True)
class WriteContext:
    """The world as one write sees it.

    :param now: epoch seconds, for ``created_at``, ``updated_at`` and the end of a certificate
    :param new_uuid: makes primary keys
    :param new_token: makes keys and secrets, 32 random characters
    :param workspace: the id of the workspace that is written to
    :param transforms: False where passwords and the like are given in the form in which they are stored
    """

    now: float
    new_uuid: Callable[[], str]
    new_token: Callable[[], str]
    workspace: str
    transforms: bool = True


@dataclass(frozen=True, slots=True)
class Scope:
    """What a check may look at beside the record: the time, and whether an existing entity is changed."""

    now: float
    updating: bool = False
