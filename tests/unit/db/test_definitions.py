"""What a store remembers of kinds, and what a new version of one makes of old rows."""

from __future__ import annotations

from typing import Any

import pytest

from twisted_kong.core.errors import SchemaViolation
from twisted_kong.db.definitions import NewerNode, changed, completed, layout_of, require_newest
from twisted_kong.db.documents import decode, encode
from twisted_kong.db.interfaces import DEAD_AFTER, Member, Stored
from twisted_kong.db.tables import Reference, Table, Unique

NAME, CODE = Unique(("name",)), Unique(("code",))


def table(*uniques: Unique, references: tuple[Reference, ...] = (), **rest: Any) -> Table:
    """A version of the kind ``things``."""
    return Table("things", ("id",), uniques, references, (), lambda new, old: (), **rest)


def test_layouts() -> None:
    """The rules of a kind are told from those of another version, and of nothing else."""
    assert layout_of(table(NAME)) != layout_of(table(CODE))
    assert layout_of(table(NAME)) != layout_of(table(NAME, references=(Reference("p", "ps"),)))
    assert layout_of(table(NAME)) != layout_of(table(NAME, version="2"))
    assert layout_of(table(NAME, CODE)) == layout_of(table(CODE, NAME))


def test_changed_kinds() -> None:
    """A kind has changed that is new or was written by another definition; kinds not loaded do not count."""
    known = {"things": layout_of(table(NAME)), "others": "x"}
    assert changed([table(NAME)], known) == []
    assert [each.name for each in changed([table(CODE)], known)] == ["things"]
    assert [each.name for each in changed([table(NAME)], {})] == ["things"]


def test_completed() -> None:
    """A row gets what its kind's present definition adds, document and all, and keeps its end."""
    row = Stored({"id": "1"}, encode({"id": "1"}), 5.0)
    new = completed(table(complete=lambda entity: {**entity, "added": 1}), row)
    assert (new.entity, decode(new.document), new.expires) == ({"id": "1", "added": 1}, new.entity, 5.0)


def test_row_that_does_not_fit() -> None:
    """A row that the present definition finds fault with stays as it is."""

    def complain(entity: Any) -> Any:
        raise SchemaViolation("no")

    row = Stored({"id": "1"}, encode({"id": "1"}))
    assert completed(table(complete=complain), row) is row


def member(version: str, age: float = 0.0) -> Member:
    """A node of some version, seen so many seconds ago."""
    return Member("instance", "id", "gw-2", version, 0.0, None, age)


def test_older_version_beside_a_newer_node_is_refused() -> None:
    """One line names the node, the kinds and what to do."""
    known = {"things": layout_of(table(NAME, CODE))}
    with pytest.raises(NewerNode) as caught:
        require_newest([table(NAME)], known, [member("1.9"), member("1.10")], "1.9")
    assert caught.value.message == (
        "version 1.9 cannot join while gw-2 runs 1.10: it would bring back an older definition of things;"
        " start version 1.10 here, or stop every newer node first"
    )


def test_who_may_write_definitions() -> None:
    """The newest living version, whoever lived before; and anybody, where nothing is brought back."""
    known = {"things": layout_of(table(NAME, CODE))}
    stale = [table(NAME)]
    require_newest(stale, known, [member("1.9"), member("1.8")], "1.9")
    require_newest(stale, known, [member("2.0", age=DEAD_AFTER)], "1.9")
    require_newest(stale, {}, [member("2.0")], "1.9")
    require_newest([], known, [member("2.0")], "1.9")
    require_newest(stale, known, [member("2.0")], None)
