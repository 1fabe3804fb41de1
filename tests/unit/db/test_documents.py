"""Entities as text."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twisted_kong.core.errors import SchemaViolation
from twisted_kong.db.documents import decode, encode

TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
)
LISTS = st.lists(SCALARS, max_size=3)
RECORDS = st.dictionaries(TEXT, SCALARS | LISTS, max_size=3)


@given(st.dictionaries(TEXT, SCALARS | LISTS | RECORDS, max_size=4))
def test_round_trip(entity: dict[str, object]) -> None:
    """What is read is what was written, whatever JSON can hold."""
    assert decode(encode(entity)) == entity


@pytest.mark.parametrize("value", [2**64, "\ud800", b"x"])
def test_what_cannot_be_stored(value: object) -> None:
    """What JSON or a store cannot hold is refused as the sender's mistake."""
    with pytest.raises(SchemaViolation, match="cannot be stored"):
        encode({"field": value})


def test_a_document_takes_little_more_than_its_text() -> None:
    """orjson's own result holds on to 4 KB, whatever is in it: an import keeps hundreds of thousands."""
    encode({"id": "1"})
    tracemalloc.start()
    try:
        kept = [encode({"id": str(number)}) for number in range(100)]
        assert tracemalloc.get_traced_memory()[0] < 300 * len(kept)
    finally:
        tracemalloc.stop()
