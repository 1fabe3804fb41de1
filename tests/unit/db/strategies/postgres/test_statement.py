"""Statements with their values."""

from __future__ import annotations

from twisted_kong.db.strategies.postgres.statement import Statement, together


def test_together() -> None:
    """Several statements are one message, with the values of all in their order."""
    message = together(Statement("a %s", (1,)), Statement("commit"), Statement("b %s %s", (2, 3)))
    assert message == Statement("a %s;\ncommit;\nb %s %s", (1, 2, 3))


def test_one_alone() -> None:
    """One statement is a message as it stands."""
    assert together(Statement("a")) == Statement("a")
