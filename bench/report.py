"""Turns what was measured into tables: for the terminal, as Markdown, and into docs/performance.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

# What stands for the name of the part of the page in the marks around it.
PART = "bench"


@dataclass(frozen=True, slots=True)
class Table:
    """One scenario's result: cells are text already, the first column names the server."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = field(default=())


def as_text(table: Table) -> str:
    """The table in aligned columns, numbers to the right."""
    lines = [table.columns, *table.rows]
    widths = [max(len(line[index]) for line in lines) for index in range(len(table.columns))]
    shown = [f"== {table.name}: {table.title}"]
    for line in lines:
        cells = [line[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)]
        shown.append("  ".join(cells))
    return "\n".join([*shown, *(f"   {note}" for note in table.notes)])


def as_markdown(table: Table) -> str:
    """The table under a heading of its own, notes below it."""
    lines = [f"### {table.name}: {table.title}", ""]
    lines.append("| " + " | ".join(table.columns) + " |")
    lines.append("|---|" + "---:|" * (len(table.columns) - 1))
    lines += ["| " + " | ".join(row) + " |" for row in table.rows]
    if table.notes:
        lines += ["", *(f"* {note}" for note in table.notes)]
    return "\n".join(lines)


def insert(page: str, text: str, part: str = PART) -> str:
    """``page`` with what stands between the two marks of a part replaced by ``text``.

    :raises ValueError: the page lacks the marks.
    """
    first, last = (f"<!-- {part}: {which} -->" for which in ("begin", "end"))
    before, begin, rest = page.partition(first)
    _, end, after = rest.partition(last)
    if not begin or not end:
        raise ValueError(f"the page has no lines {first} and {last}")
    return f"{before}{first}\n\n{text.strip()}\n\n{last}{after}"


def write_page(path: Path, head: Sequence[str], tables: Sequence[Table], part: str = PART) -> None:
    """Put the tables into a part of the page at ``path``, opened by ``head`` (date, machine, settings)."""
    text = "\n\n".join(["\n".join(head), *(as_markdown(table) for table in tables)])
    path.write_text(insert(path.read_text(), text, part))
