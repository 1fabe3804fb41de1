"""A document taken apart: what it says of itself, and its entities one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from twisted_kong.core.declarative.problems import Path, Problem


@dataclass(slots=True, eq=False)
class Item:
    """One entity of a document.

    :param record: what is written of it, without those nested in it, and with what defaults of the document
        add; references are as they are written.
    :param written: the same without anything added, for errors.
    :param parent: the field by which it refers to the entity that it is nested in, and that entity.
    """

    kind: str
    path: Path
    record: dict[str, Any]
    written: Mapping[str, Any]
    parent: tuple[str, Item] | None = None
    # Its primary key: the one that was given, until another is found.
    key: str | None = None

    def problem(self, found: Mapping[str, Any] | str) -> Problem:
        """Something that is wrong with it."""
        return Problem(self.path, self.kind, self.written, found)


@dataclass(slots=True)
class Flat:
    """A document's entities by kind, in the order of the document.

    :param transform: False where fields that are stored in another form, such as passwords, are given in that
        form already.
    :param select_tags: the tags by which the document says which entities it is about; empty for all.
    :param mentioned: the kinds that it has a list of, be it empty.
    :param general: what is wrong with the document itself, by name.
    """

    transform: bool = True
    select_tags: tuple[str, ...] = ()
    items: dict[str, list[Item]] = field(default_factory=dict)
    mentioned: set[str] = field(default_factory=set)
    general: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def add(self, item: Item) -> None:
        """Take an entity in."""
        self.items.setdefault(item.kind, []).append(item)

    def __iter__(self) -> Iterator[Item]:
        for items in self.items.values():
            yield from items

    def __len__(self) -> int:
        return sum(len(items) for items in self.items.values())
