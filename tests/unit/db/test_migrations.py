"""The order of steps, and which stores are refused."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from twisted_kong.core.errors import DatabaseError
from twisted_kong.db.interfaces import MigrationState
from twisted_kong.db.migrations import Step, load_steps, state_of

STEPS = (Step("0001_first", "a"), Step("0002_second", "b"))


def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, *files: str) -> str:
    """A package with these files in it."""
    folder = tmp_path / name
    folder.mkdir()
    for each in ("__init__.py", *files):
        (folder / each).write_text(f"-- {each}")
    (folder / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, name, raising=False)
    return name


def test_steps_by_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps are loaded in the order of their numbers, and other files are left alone."""
    name = package(tmp_path, monkeypatch, "steps_in_order", "0002_b.sql", "0001_a.sql", "0003_c.cql")
    assert load_steps(name, ".sql") == (Step("0001_a", "-- 0001_a.sql"), Step("0002_b", "-- 0002_b.sql"))


@pytest.mark.parametrize(
    ("name", "files"),
    [("steps_gap", ("0001_a.sql", "0003_c.sql")), ("steps_twice", ("0001_a.sql", "0001_b.sql"))],
)
def test_a_missing_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, files: tuple[str, ...]
) -> None:
    """A gap, or a number used twice, is a mistake in the package."""
    with pytest.raises(ValueError, match="should have number 0002"):
        load_steps(package(tmp_path, monkeypatch, name, *files), ".sql")


def test_what_remains() -> None:
    """What has not run remains, in order."""
    assert state_of(STEPS, [], "x") == MigrationState((), ("0001_first", "0002_second"))
    assert state_of(STEPS, ["0001_first"], "x") == MigrationState(("0001_first",), ("0002_second",))
    assert state_of(STEPS, ["0001_first", "0002_second"], "x").pending == ()


def test_a_later_version() -> None:
    """A store that has been through a step we do not know is refused by name."""
    with pytest.raises(DatabaseError) as caught:
        state_of(STEPS, ["0001_first", "0002_second", "0003_third"], "the file x")
    assert caught.value.message == (
        "the file x was used by a later version: it has been through the step 0003_third,"
        " and this version knows none after 0002_second"
    )
