from __future__ import annotations

import dataclasses

import pytest

from twisted_kong.core.changes import Change


def test_a_change_cannot_be_altered() -> None:
    """Changes cross from the store to every reader, so nobody may alter one."""
    change = Change(1, "routes", "update", "x", ("routes:x",), "o", 0.0)  # type: ignore[arg-type]
    with pytest.raises(dataclasses.FrozenInstanceError):
        change.id = "y"  # type: ignore[misc]
