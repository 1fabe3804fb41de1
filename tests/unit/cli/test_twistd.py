"""The module that stands for the script ``twistd``."""

from __future__ import annotations

import subprocess
import sys


def test_importing_runs_nothing_and_chooses_no_reactor() -> None:
    """Only as a program does it run."""
    program = "import sys, twisted_kong.cli.twistd; sys.exit('twisted.internet.reactor' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
