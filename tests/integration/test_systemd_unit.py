"""The systemd unit in docs/systemd."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNIT = Path(__file__).parents[2] / "docs" / "systemd" / "kong.service"

# systemd's exposure level, 0 (closed) to 10 (open), times ten.
MOST_EXPOSURE = 20

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"),
]


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit, with a program that every machine has in place of those that may be installed later."""
    text = UNIT.read_text()
    for program in ("/opt/kong/bin/twistd", "/bin/kill"):
        text = text.replace(program, "/bin/true")
    path = tmp_path / "kong.service"
    path.write_text(text)
    return path


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run systemd-analyze."""
    return subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, check=False, timeout=60
    )


def test_systemd_understands_every_line(unit: Path) -> None:
    """verify finds nothing to complain about."""
    done = analyze("verify", str(unit))
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_unit_is_hardened(unit: Path) -> None:
    """systemd's own rating stays at OK, and no setting that it weighs is lost unnoticed."""
    done = analyze("security", "--offline=yes", f"--threshold={MOST_EXPOSURE}", str(unit))
    if "unrecognized option" in done.stderr:
        pytest.skip("this systemd-analyze cannot rate a unit offline")
    assert done.returncode == 0, done.stdout[-300:]


def test_unit_uses_what_the_node_offers() -> None:
    """Readiness, watchdog, graceful stop and reload are those that node/lifecycle.py knows."""
    settings = dict(re.findall(r"^(\w+)=(.*)$", UNIT.read_text(), flags=re.MULTILINE))
    assert settings["Type"] == "notify"
    assert settings["KillSignal"] == "SIGQUIT"
    assert settings["ExecReload"] == "/bin/kill -HUP $MAINPID"
    assert "WatchdogSec" in settings
    assert "--nodaemon" in settings["ExecStart"]
