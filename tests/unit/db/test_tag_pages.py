"""Offsets of the pages of tags; what is on the pages is the contract's."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kit.deferreds import success_of
from twisted_kong.core.errors import InvalidOffset
from twisted_kong.db.interfaces import TagRow
from twisted_kong.db.paging import decode_offset, encode_offset
from twisted_kong.db.tag_pages import tags_page


class Rows:
    """A strategy of which only the tags are asked."""

    def __init__(self, *rows: TagRow) -> None:
        self.rows = list(rows)
        self.asked: list[Any] = []

    async def tags_after(self, size: int, after: Any, tag: str | None) -> list[TagRow]:
        self.asked.append((size, after, tag))
        return self.rows[:size]


def page(rows: Rows, size: object = 2, offset: str | None = None, tag: str | None = None) -> Any:
    """A page, at once."""
    return success_of(tags_page(rows, size, offset, tag))  # type: ignore[arg-type]


def test_offset_behind_the_last() -> None:
    """The offset names entity and ordinal of the last item; on the last page there is none."""
    rows = Rows(
        TagRow("a", "services", "1", 1), TagRow("b", "services", "1", 2), TagRow("a", "routes", "2", 1)
    )
    found = page(rows, 2)
    assert decode_offset(found.offset) == ["1", 2]
    assert found.rows[0] == {"tag": "a", "entity_name": "services", "entity_id": "1"}
    assert page(rows, 3).offset is None


def test_offset_names_the_kind_when_needed() -> None:
    """Between two entities of one id the kind is part of the offset."""
    rows = Rows(TagRow("a", "routes", "1", 1), TagRow("a", "services", "1", 1))
    assert decode_offset(page(rows, 1).offset) == ["1", 1, "routes"]


def test_what_is_asked_for() -> None:
    """One row more than wanted is asked for, behind the place that the offset names."""
    rows = Rows()
    page(rows, 5, encode_offset(["1", 2, "routes"]), "x")
    page(rows, 5, encode_offset(["1", 2]))
    assert rows.asked[0] == (6, ("1", 2, "routes"), "x")
    assert rows.asked[1][1] > ("1", 2, "zzz")


@pytest.mark.parametrize(
    "cursor", [[], ["1"], ["1", "2"], [1, 2], ["1", 2, 3], ["1", 2, "x", "y"], ["1", 2**63], ["1", True]]
)
def test_bad_offsets(cursor: list[object]) -> None:
    """A cursor of another form is none of ours."""
    with pytest.raises(InvalidOffset):
        page(Rows(), 2, encode_offset(cursor))
