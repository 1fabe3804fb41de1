"""How a document is to be applied, where nobody says."""

from __future__ import annotations

from twisted_kong.db.declarative.options import Options, tell_nobody


def test_defaults() -> None:
    """The careful choice: nothing is removed."""
    assert Options() == Options("upsert", (), None, False)
    assert tell_nobody("reading", 0, 1) is None
