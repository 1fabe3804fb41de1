"""Tables are shown rightly and land where the page wants them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.report import Table, as_markdown, as_text, insert, write_page

TABLE = Table("plain", "one Route", ("server", "µs"), (("nginx", "18.0"), ("go", "9.5")), ("a note",))


def test_text_columns_are_aligned() -> None:
    """Names to the left, numbers to the right."""
    assert as_text(TABLE).splitlines() == [
        "== plain: one Route",
        "server    µs",
        "nginx   18.0",
        "go       9.5",
        "   a note",
    ]


def test_markdown_has_a_heading_a_table_and_the_notes() -> None:
    """Numbers are aligned to the right there, too."""
    assert as_markdown(TABLE).splitlines() == [
        "### plain: one Route",
        "",
        "| server | µs |",
        "|---|---:|",
        "| nginx | 18.0 |",
        "| go | 9.5 |",
        "",
        "* a note",
    ]


def test_only_the_marked_part_of_a_page_changes() -> None:
    """What people wrote around the results stays."""
    begin, end = "<!-- b: begin -->", "<!-- b: end -->"
    page = f"before\n{begin}\nold\n{end}\nafter\n"
    assert insert(page, "new\n", "b") == f"before\n{begin}\n\nnew\n\n{end}\nafter\n"


def test_a_page_without_marks_is_refused() -> None:
    """Results are never appended blindly."""
    with pytest.raises(ValueError, match="has no lines"):
        insert("nothing here", "new")


@pytest.mark.parametrize("part", ["bench", "cluster"])
def test_the_projects_page_can_take_results(tmp_path: Path, part: str) -> None:
    """docs/performance.md has the marks, so ``--write`` works on it."""
    copy = tmp_path / "performance.md"
    copy.write_text((Path(__file__).parents[2] / "docs" / "performance.md").read_text())
    write_page(copy, ["2026-01-01"], [TABLE], part)
    assert "2026-01-01\n\n### plain: one Route" in copy.read_text()
