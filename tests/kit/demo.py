"""Runs ``scripts/demo.py`` as a user would who has the environment already."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAM = [sys.executable, str(Path(__file__).parents[2] / "scripts" / "demo.py")]
SECONDS = 60


@contextmanager
def running_demo(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Yield the demo, waiting for Ctrl-C, with what it has printed until then; end it in the end."""
    child = subprocess.Popen(
        [*PROGRAM, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert child.stdout is not None
    try:
        printed = ""
        for line in child.stdout:
            printed += line
            if line.startswith("Ctrl-C"):
                break
        yield child, printed
    finally:
        child.terminate()
        child.communicate(timeout=SECONDS)
