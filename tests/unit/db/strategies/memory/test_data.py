"""What the strategy in memory keeps: found by its indexes, and put back when a commit is refused."""

from __future__ import annotations

from tests.kit.deferreds import success_of
from twisted_kong.db.documents import decode
from twisted_kong.db.interfaces import Stored
from twisted_kong.db.strategies.memory.data import MemoryData, MemoryRows
from twisted_kong.db.tables import Reference, Table, Unique

NAME = Unique(("name",))
TABLE = Table("things", ("id",), (NAME,), (Reference("owner", "owners"),), (), lambda new, old: ())


def row(name: str, owner: str, *tags: str) -> Stored:
    """A row as it is stored."""
    document = f'{{"id":"1","name":"{name}","owner":{{"id":"{owner}"}},"tags":{list(tags)}}}'.replace(
        "'", '"'
    )
    return Stored(decode(document.encode()), document.encode())


def found(data: MemoryData, name: str, owner: str) -> tuple[str | None, list[str]]:
    """Who holds a name, and who refers to an owner."""
    rows = MemoryRows(data)
    return (
        success_of(rows.holder(TABLE, NAME, NAME.value_of({"name": name}) or "")),
        success_of(rows.referring(TABLE, "owner", owner)),
    )


def test_a_row_is_found_by_what_it_says() -> None:
    """A row is found by unique value and by parent, and no longer by what an older one said."""
    data = MemoryData()
    rows = MemoryRows(data)
    success_of(rows.put(TABLE, "1", row("a", "x", "red"), None))
    assert found(data, "a", "x") == ("1", ["1"])
    success_of(rows.put(TABLE, "1", row("b", "y"), row("a", "x", "red")))
    assert found(data, "a", "x") == (None, [])
    assert found(data, "b", "y") == ("1", ["1"])
    assert data.table("things").tags == {}


def test_undoing_goes_backwards() -> None:
    """All operations are undone, the last first, with what finds the rows."""
    data = MemoryData()
    success_of(MemoryRows(data).put(TABLE, "1", row("a", "x", "red"), None))
    rows = MemoryRows(data)
    success_of(rows.put(TABLE, "1", row("b", "y"), row("a", "x", "red")))
    success_of(rows.remove(TABLE, "1", row("b", "y")))
    assert success_of(rows.get(TABLE, "1")) is None
    rows.undo()
    assert found(data, "a", "x") == ("1", ["1"])
    assert found(data, "b", "y") == (None, [])
    assert data.table("things").tags == {"1": ("red",)}
    assert data.table("things").keys == ["1"]
