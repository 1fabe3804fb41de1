"""Layouts without a server; with one they are the integration tests'."""

from __future__ import annotations

import pytest

from twisted_kong.core.errors import DatabaseUnavailable
from twisted_kong.db.strategies.postgres.layout import PostgresLayout
from twisted_kong.db.strategies.postgres.settings import Settings


def test_a_server_that_is_away() -> None:
    """Each question tells so, by a DatabaseError with one line."""
    layout = PostgresLayout(Settings((("/nowhere", 1),)))
    for question in (layout.state, layout.migrate, layout.reset):
        with pytest.raises(DatabaseUnavailable) as caught:
            question()
        assert "\n" not in caught.value.message
