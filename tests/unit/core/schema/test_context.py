from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from tests.kit.write_context import NOW, TOKEN, numbered_uuid, write_context
from twisted_kong.core.schema.context import Purpose, Scope


def test_a_context_makes_fresh_identities() -> None:
    """Each call makes another; time does not move within a write."""
    context = write_context()
    assert (context.new_uuid(), context.new_uuid()) == (numbered_uuid(1), numbered_uuid(2))
    assert (context.now, context.new_token()) == (NOW, TOKEN)


def test_a_scope_cannot_be_changed() -> None:
    """A check that notes something in it would speak to all others."""
    with pytest.raises(FrozenInstanceError):
        Scope(1.0).updating = True  # type: ignore[misc]


def test_purposes_are_distinct() -> None:
    """An update completes what it left out as a purpose of its own."""
    assert len({purpose.value for purpose in Purpose}) == 4
