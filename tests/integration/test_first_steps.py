"""The commands of the manual and of README do what these say, to the letter."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.kit.demo import running_demo
from tests.kit.ports import free_ports
from tests.kit.transcripts import replay, section

ROOT = Path(__file__).parents[2]
FIRST_STEPS = ROOT / "docs" / "how-to" / "first-steps.md"
README = ROOT / "README.md"

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed"),
]


def with_free_ports(text: str) -> str:
    """The same text with the ports that it names replaced by free ones."""
    named = ("8000", "8001", "9000")
    for port, free in zip(named, free_ports(len(named)), strict=True):
        text = re.sub(rf"\b{port}\b", str(free), text)
    return text


def environment(folder: Path) -> dict[str, str]:
    """What a terminal has after ``. .venv/bin/activate``; nothing that would configure a node."""
    programs = Path(sys.executable).parent
    return {"PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(folder), "LC_ALL": "C.UTF-8"}


def test_first_steps(tmp_path: Path) -> None:
    """Whoever follows the page sees what it shows."""
    folder = tmp_path / "empty"
    folder.mkdir()
    page = FIRST_STEPS.read_text().partition("## Something to put behind it")[2]
    replay(with_free_ports(page), folder, environment(tmp_path), at_exit="kong stop -p node; kill %1")


def test_the_tour_of_readme(tmp_path: Path) -> None:
    """The tour shows what the gateway of the demo really answers."""
    tour = section(README.read_text(), "A short tour")
    with running_demo("--proxy-port", "0", "--admin-port", "0") as (_, printed):
        for name, port in (("proxy", "8000"), ("Admin API", "8001")):
            found = re.search(rf"{name} +http://127\.0\.0\.1:(\d+)", printed)
            assert found, printed
            tour = tour.replace(port, found[1])
        replay(tour, tmp_path, environment(tmp_path))
