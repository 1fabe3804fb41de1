"""A document must not be more than its text."""

from __future__ import annotations

import pytest

from twisted_kong.core.declarative.limits import Budget, Limits
from twisted_kong.core.declarative.problems import DocumentError


def test_values_are_counted() -> None:
    """To the very last that is allowed."""
    budget = Budget(Limits(values=3))
    budget.spend(3)
    with pytest.raises(DocumentError, match=r"more than 3 values \(line 7\)"):
        budget.spend(1, 7)


def test_depth_is_bounded() -> None:
    """With the line where it went too far."""
    budget = Budget(Limits(depth=2))
    budget.descend(2)
    with pytest.raises(DocumentError, match=r"more than 2 levels deep \(line 4\)"):
        budget.descend(3, 4)
