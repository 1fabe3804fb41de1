"""Whether what a client costs comes to anything."""

from __future__ import annotations

from twisted_kong.admin.http2_use import MAX_RESETS, OVERHEAD_BYTES, OVERHEAD_PARTS, Use


def test_resets_are_held_against_answers() -> None:
    """So many beyond them are borne."""
    use = Use()
    use.resets = MAX_RESETS
    assert use.complaint is None
    use.resets += 1
    assert use.complaint == "too many requests taken back"
    use.answered = 1
    assert use.complaint is None


def test_overhead_is_held_against_content() -> None:
    """A little is borne in any case, and then a part of all."""
    use = Use()
    use.received = OVERHEAD_BYTES
    assert use.complaint is None
    use.received += OVERHEAD_PARTS
    assert use.complaint == "more overhead than content"
    use.useful = 1
    assert use.complaint is None
